-- Tries are counted for each model, too: artifacts of one model say nothing of how fresh a data set is to another, least
-- of all where no data set is named. An artifact that has a number keeps it, for every model that it was released for,
-- and a series goes on from its highest number, so that nothing becomes easier to pass than it was. Numbers whose
-- release was never stored belong to no model that is known (''), and so are spent for each.
CREATE TABLE tries (
    namespace TEXT NOT NULL REFERENCES logs (namespace),
    policy TEXT NOT NULL,
    model TEXT NOT NULL,
    dataset TEXT NOT NULL,
    artifact TEXT NOT NULL,
    tries BIGINT NOT NULL,
    PRIMARY KEY (namespace, policy, model, dataset, artifact),
    UNIQUE (namespace, policy, model, dataset, tries)
);
INSERT INTO tries (namespace, policy, model, dataset, artifact, tries)
    SELECT DISTINCT l.namespace, l.policy, r.model, l.dataset, l.artifact, l.tries
    FROM looks l JOIN releases r ON r.namespace = l.namespace AND r.artifact = l.artifact;
INSERT INTO tries (namespace, policy, model, dataset, artifact, tries)
    SELECT l.namespace, l.policy, '', l.dataset, l.artifact, l.tries FROM looks l WHERE NOT EXISTS (
        SELECT 1 FROM releases r WHERE r.namespace = l.namespace AND r.artifact = l.artifact
    );
DROP TABLE looks;
CREATE INDEX tries_by_artifact ON tries (namespace, artifact);

-- Which release of an artifact to an environment is the newest: it decides, and nothing older can be approved.
DROP INDEX releases_by_artifact;
CREATE INDEX releases_by_artifact ON releases (namespace, model, environment, artifact, entry_idx);
