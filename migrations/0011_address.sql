-- The address that the service was last started with. Commands that begin a log name it by this address, unless they
-- are given another.
CREATE TABLE address (
    id BIGINT NOT NULL PRIMARY KEY,
    public_url TEXT NOT NULL
);
