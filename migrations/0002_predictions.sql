-- Raw predictions, the data sets they are judged on, what artifacts are compared with, and how often a data set was
-- tried.

-- Files of rows that were uploaded. The bytes are in the folder of blobs, under their digest; a namespace may use those
-- that it has a row for.
CREATE TABLE uploads (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    uploaded_by TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    entry_idx BIGINT NOT NULL,
    PRIMARY KEY (namespace, digest)
);

-- Registered data sets: labels and groups of an upload, joined on an id. A name never changes what it stands for.
CREATE TABLE datasets (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    id_column TEXT NOT NULL,
    label_column TEXT,
    group_columns TEXT NOT NULL,
    registered_by TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    entry_idx BIGINT NOT NULL,
    PRIMARY KEY (namespace, name)
);

-- The record of the allow that a release ended with: what makes its artifact the champion.
ALTER TABLE releases ADD COLUMN allowed_idx BIGINT;
UPDATE releases SET allowed_idx = (
    SELECT MAX(d.record_idx) FROM decisions d WHERE d.release_id = releases.id AND d.verdict = 'allow'
);
CREATE INDEX releases_by_allow ON releases (namespace, model, environment, allowed_idx);

-- Proposals to pin what was released there as the reference, and the approvals that did it. The latest pin is in force.
CREATE TABLE reference_proposals (
    id TEXT NOT NULL PRIMARY KEY,
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    model TEXT NOT NULL,
    environment TEXT NOT NULL,
    artifact TEXT NOT NULL,
    release_id TEXT NOT NULL REFERENCES releases (id),
    comment TEXT NOT NULL,
    proposed_by_id TEXT NOT NULL,
    proposed_by_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    entry_idx BIGINT NOT NULL
);
CREATE INDEX reference_proposals_by_model ON reference_proposals (namespace, model, environment, entry_idx);

CREATE TABLE reference_pins (
    proposal_id TEXT NOT NULL PRIMARY KEY REFERENCES reference_proposals (id),
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    model TEXT NOT NULL,
    environment TEXT NOT NULL,
    artifact TEXT NOT NULL,
    release_id TEXT NOT NULL REFERENCES releases (id),
    comment TEXT NOT NULL,
    approved_by_id TEXT NOT NULL,
    approved_by_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    entry_idx BIGINT NOT NULL
);
CREATE INDEX reference_pins_by_model ON reference_pins (namespace, model, environment, entry_idx);

-- The number of an artifact among those that were held against a data set under a policy. Numbers may have gaps.
CREATE TABLE looks (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    policy TEXT NOT NULL,
    dataset TEXT NOT NULL,
    artifact TEXT NOT NULL,
    tries BIGINT NOT NULL,
    PRIMARY KEY (namespace, policy, dataset, artifact),
    UNIQUE (namespace, policy, dataset, tries)
);
CREATE INDEX looks_by_artifact ON looks (namespace, artifact);
