-- Inputs belong to decisions: a release that is evaluated again has other inputs than before. Each is stored once.
CREATE TABLE inputs (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    digest TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (namespace, digest)
);
INSERT INTO inputs (namespace, digest, document)
    SELECT namespace, inputs_digest, MIN(inputs) FROM releases GROUP BY namespace, inputs_digest;
ALTER TABLE decisions ADD COLUMN inputs_digest TEXT NOT NULL DEFAULT '';
UPDATE decisions SET inputs_digest = (SELECT r.inputs_digest FROM releases r WHERE r.id = decisions.release_id);
-- `releases.inputs_digest` stays: the inputs of the request, which its entry in the log states.
ALTER TABLE releases DROP COLUMN inputs;
