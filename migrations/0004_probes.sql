-- One row that is written to find out whether the database takes writes. `filler` is as large as the write that failed
-- before, and empty otherwise.
CREATE TABLE probes (
    id BIGINT NOT NULL PRIMARY KEY,
    writes BIGINT NOT NULL,
    filler BYTEA NOT NULL
);
