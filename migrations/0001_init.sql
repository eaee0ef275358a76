-- One dialect for SQLite and PostgreSQL: TEXT, BIGINT and BYTEA only. Times are microseconds since 1970 in UTC,
-- digests `sha256:<hex>`, lists and maps canonical JSON.

-- The log of a namespace and its signed head. `writes` is touched first in every batch, which takes the one write
-- lock that both engines know; `size` is compared and swapped at its end. `at_us` is the time of the newest leaf:
-- times never run backwards along a log, so that a period is a range of indexes.
CREATE TABLE logs (
    namespace TEXT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    edge BYTEA NOT NULL,
    checkpoint TEXT NOT NULL,
    policies_at BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    writes BIGINT NOT NULL
);

-- One leaf an entry. `body` is what the leaf hash covers and the public log serves; it holds hashes only. `fact` is
-- the document behind the hash, for entries that have no row of their own.
CREATE TABLE entries (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    idx BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    body BYTEA NOT NULL,
    leaf_hash BYTEA NOT NULL,
    fact BYTEA,
    PRIMARY KEY (namespace, idx)
);

-- Hashes of the full tiles below: level 1 and up, one row for each 256 hashes of the level below.
CREATE TABLE tile_hashes (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    level BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (namespace, level, idx)
);

CREATE TABLE evidence (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    digest TEXT NOT NULL,
    format TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    accepted_at_us BIGINT NOT NULL,
    entry_idx BIGINT NOT NULL,
    PRIMARY KEY (namespace, digest)
);

CREATE TABLE policies (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    source TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at_us BIGINT NOT NULL,
    entry_idx BIGINT NOT NULL,
    PRIMARY KEY (namespace, name, version)
);
CREATE INDEX policies_by_digest ON policies (namespace, digest);

CREATE TABLE releases (
    id TEXT NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    model TEXT NOT NULL,
    version TEXT,
    artifact TEXT NOT NULL,
    environment TEXT NOT NULL,
    submitter_id TEXT NOT NULL,
    submitter_name TEXT NOT NULL,
    comment TEXT NOT NULL,
    inputs TEXT NOT NULL,
    inputs_digest TEXT NOT NULL,
    requested_at_us BIGINT NOT NULL,
    entry_idx BIGINT NOT NULL,
    decisions BIGINT NOT NULL,
    verdict TEXT NOT NULL
);
CREATE INDEX releases_by_time ON releases (namespace, entry_idx);
CREATE INDEX releases_by_artifact ON releases (namespace, model, environment, artifact);

CREATE TABLE decisions (
    id TEXT NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    release_id TEXT NOT NULL REFERENCES releases (id),
    seq BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    decided_at_us BIGINT NOT NULL,
    kid TEXT NOT NULL,
    record BYTEA NOT NULL,
    record_signature BYTEA NOT NULL,
    record_idx BIGINT NOT NULL,
    vsa BYTEA,
    vsa_signature BYTEA,
    vsa_idx BIGINT,
    UNIQUE (release_id, seq)
);
CREATE INDEX decisions_by_record ON decisions (namespace, record_idx);

CREATE TABLE approvals (
    id TEXT NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    release_id TEXT NOT NULL REFERENCES releases (id),
    by_id TEXT NOT NULL,
    document TEXT NOT NULL,
    vote TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    entry_idx BIGINT NOT NULL
);
CREATE INDEX approvals_by_release ON approvals (release_id, entry_idx);
CREATE INDEX approvals_by_entry ON approvals (namespace, entry_idx);

-- What was already processed: an Idempotency-Key or the id of a webhook delivery.
CREATE TABLE deliveries (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    source TEXT NOT NULL,
    delivery_key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (namespace, source, delivery_key)
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);

-- Bearer tokens, known by the digest of their text. `user_id` names the person who answers for it, if any.
CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    user_id TEXT REFERENCES users (id),
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    revoked_at_us BIGINT
);

-- Secrets that webhook senders sign with; HMAC needs them in clear.
CREATE TABLE hook_secrets (
    id TEXT NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL,
    source TEXT NOT NULL,
    secret BYTEA NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT
);
CREATE INDEX hook_secrets_by_source ON hook_secrets (namespace, source);

CREATE TABLE sessions (
    digest TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    csrf TEXT NOT NULL,
    expires_at_us BIGINT NOT NULL
);
