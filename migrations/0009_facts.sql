-- Changes of people, tokens and secrets are facts of the log: a row names the entry that states it. A row without one
-- is from before, and is taken over once.
ALTER TABLE users ADD COLUMN entry_idx BIGINT;
ALTER TABLE tokens ADD COLUMN entry_idx BIGINT;
ALTER TABLE hook_secrets ADD COLUMN entry_idx BIGINT;

-- What is in force is the newest of its subject: found without reading the log.
CREATE INDEX entries_in_force ON entries (namespace, kind, subject, idx) WHERE kind IN (
    'user-changed', 'token-changed', 'hook-secret-changed', 'policy-published', 'mapping-published',
    'dataset-registered', 'reference-approved'
);

-- Sessions are signed by the service. Sessions from before have no signature and end.
DELETE FROM sessions;
ALTER TABLE sessions ADD COLUMN signature BYTEA;

ALTER TABLE policies RENAME COLUMN published_at_us TO at_us;

-- The entry of the next release of the same artifact to the same environment. The newest release has none, so that a
-- newer one cannot be hidden by an edit of its own row.
ALTER TABLE releases ADD COLUMN superseded_idx BIGINT;
UPDATE releases SET superseded_idx = (
    SELECT MIN(n.entry_idx) FROM releases n WHERE n.namespace = releases.namespace AND n.model = releases.model
    AND n.environment = releases.environment AND n.artifact = releases.artifact AND n.entry_idx > releases.entry_idx
);
DROP INDEX releases_by_artifact;
CREATE INDEX releases_by_artifact ON releases (namespace, artifact, model, environment, entry_idx);

-- The champion of every model and environment, which must be the one that the releases say.
CREATE TABLE champions (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    model TEXT NOT NULL,
    environment TEXT NOT NULL,
    release_id TEXT NOT NULL REFERENCES releases (id),
    allowed_idx BIGINT NOT NULL,
    PRIMARY KEY (namespace, model, environment)
);
INSERT INTO champions (namespace, model, environment, release_id, allowed_idx)
    SELECT r.namespace, r.model, r.environment, r.id, r.allowed_idx FROM releases r
    WHERE r.verdict IN ('allow', 'pending') AND r.allowed_idx IS NOT NULL AND r.allowed_idx = (
        SELECT MAX(n.allowed_idx) FROM releases n WHERE n.namespace = r.namespace AND n.model = r.model
        AND n.environment = r.environment AND n.verdict IN ('allow', 'pending')
    );
