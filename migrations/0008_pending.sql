-- The queue asks for what waits, oldest first; most releases do not.
CREATE INDEX releases_by_verdict ON releases (namespace, verdict, entry_idx);
