-- Who a log is, from its first entry on: the name that its heads are signed under, and the address that its statements
-- name their verifier by. Empty for logs that began before this was written down, until it is derived from them once.
ALTER TABLE logs ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE logs ADD COLUMN public_url TEXT NOT NULL DEFAULT '';
