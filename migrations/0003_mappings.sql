-- How to read a team's own files. A name has versions, as policies have; what was read with one stays readable.
CREATE TABLE mappings (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    source TEXT NOT NULL,
    published_by TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    entry_idx BIGINT NOT NULL,
    PRIMARY KEY (namespace, name, version)
);
CREATE INDEX mappings_by_digest ON mappings (namespace, digest);
