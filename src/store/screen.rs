//! The screening of a batch: each delivery is accepted once, and a change only if what it was worked
//! out from is unchanged.

use super::{
    Conflict, StoreError, accounts, attempts,
    baselines::Stands,
    batch::Batch,
    change::{Change, Expectation, Write},
    head::Head,
    published::{self, Publication},
    select::select_in,
};
use crate::model::{Digest, Environment, ModelId, Namespace, Release};
use sqlx::{AnyConnection, Row as _};
use std::collections::{HashMap, HashSet};

/// The changes that must not be stored, and why.
pub(super) async fn screen(
    connection: &mut AnyConnection,
    head: &Head,
    batch: &Batch<'_>,
) -> Result<Vec<(usize, Conflict)>, StoreError> {
    let mut refused = Vec::new();
    let mut screen = Screen {
        processed: processed(connection, batch).await?,
        policies_at: Some(head.policies_at()),
        stands: Stands::default(),
        keys: HashSet::new(),
        requested: HashSet::new(),
    };
    let fresh = |(_, change): &(usize, &Change)| screen.duplicate(change).is_none();
    let counted: Vec<(usize, &Change)> = batch.each().filter(fresh).collect();
    let taken = attempts::keep(connection, batch.namespace, &counted).await?;
    for (member, change) in batch.each() {
        let conflict = match screen.duplicate(change) {
            None if taken.contains(&member) => Some(Conflict::AttemptsTaken),
            None => screen.conflict(connection, change).await?,
            duplicate => duplicate,
        };
        match conflict {
            Some(conflict) => refused.push((member, conflict)),
            None => screen.accept(change),
        }
    }
    Ok(refused)
}

/// What the accepted changes of a batch lead to. Their rows are inserted after the whole batch is
/// screened.
struct Screen<'a> {
    processed: Processed,
    /// `None` once a change of the batch publishes a policy.
    policies_at: Option<u64>,
    stands: Stands,
    keys: HashSet<(&'static str, String)>,
    requested: HashSet<Place<'a>>,
}

impl<'a> Screen<'a> {
    fn duplicate(&self, change: &Change) -> Option<Conflict> {
        let delivery = change.delivery.as_ref()?;
        let (request, subject) =
            self.processed.get(&(delivery.source.clone(), delivery.key.clone()))?;
        Some(Conflict::Duplicate { request: *request, subject: subject.clone() })
    }

    async fn conflict(
        &mut self,
        connection: &mut AnyConnection,
        change: &Change,
    ) -> Result<Option<Conflict>, StoreError> {
        for expected in &change.expects {
            if let Some(conflict) = self.missed(connection, change, expected).await? {
                return Ok(Some(conflict));
            }
        }
        for write in &change.writes {
            if let Some(conflict) = self.clash(connection, &change.namespace, write).await? {
                return Ok(Some(conflict));
            }
        }
        // The last test, because it advances the release.
        let advanced = advance(connection, change).await?;
        Ok((!advanced).then_some(Conflict::ReleaseChanged))
    }

    async fn missed(
        &mut self,
        connection: &mut AnyConnection,
        change: &Change,
        expected: &Expectation,
    ) -> Result<Option<Conflict>, StoreError> {
        let (holds, conflict) = match expected {
            Expectation::PoliciesAt(at) => {
                (self.policies_at == Some(*at), Conflict::PoliciesChanged)
            }
            Expectation::Baseline(baseline) => (
                self.stands.hold(connection, &change.namespace, baseline).await?,
                Conflict::BaselineMoved,
            ),
            Expectation::Newest(newest) => {
                let place = (&newest.model, &newest.environment, newest.artifact);
                let holds = !self.requested.contains(&place)
                    && is_newest(connection, &change.namespace, newest.at).await?;
                (holds, Conflict::ReleaseChanged)
            }
            Expectation::User(id, at) => {
                let again = self.keys.contains(&("user", id.clone()));
                let holds = !again && accounts::user_is_at(connection, id, *at).await?;
                (holds, Conflict::AccountChanged)
            }
        };
        Ok((!holds).then_some(conflict))
    }

    /// Whether a write repeats what is stored, or replaces another state than it expects.
    async fn clash(
        &mut self,
        connection: &mut AnyConnection,
        namespace: &Namespace,
        write: &Write,
    ) -> Result<Option<Conflict>, StoreError> {
        if let Some(account) = accounts::Account::of(write) {
            let again = account.keys().iter().any(|key| self.keys.contains(key));
            let moved = again || !account.holds(connection).await?;
            return Ok(moved.then_some(Conflict::AccountChanged));
        }
        let Some(key) = key(write) else { return Ok(None) };
        let known =
            self.keys.contains(&key) || stored(connection, namespace, write, &key.1).await?;
        Ok(known.then_some(Conflict::Known))
    }

    fn accept(&mut self, change: &'a Change) {
        for write in &change.writes {
            if matches!(write, Write::Policy(_)) {
                self.policies_at = None;
            }
            self.keys.extend(key(write));
            self.keys.extend(accounts::Account::of(write).iter().flat_map(accounts::Account::keys));
        }
        self.stands.note(change);
        self.requested.extend(change.release().map(|new| place(&new.release)));
        if let Some(d) = &change.delivery {
            self.processed
                .insert((d.source.clone(), d.key.clone()), (d.request, d.subject.clone()));
        }
    }
}

/// A model, an environment, and an artifact that was requested for it.
type Place<'w> = (&'w ModelId, &'w Environment, Digest);

fn place(release: &Release) -> Place<'_> {
    (&release.model, &release.environment, release.artifact)
}

/// The key that no two rows share, of what is stored once.
fn key(write: &Write) -> Option<(&'static str, String)> {
    match write {
        Write::Upload(new) => Some(("upload", new.digest.to_string())),
        Write::Dataset(new) => Some(("dataset", new.name.clone())),
        Write::Proposal(new) => Some(("proposal", new.proposal.id.clone())),
        Write::Pin(new) => Some(("pin", new.proposal.id.clone())),
        Write::Mapping(new) => Some(("mapping", new.name.clone())),
        _ => None,
    }
}

/// Whether a row that is stored once is stored already; of a mapping, whether it is the newest
/// version of its name.
async fn stored(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    write: &Write,
    key: &str,
) -> Result<bool, StoreError> {
    let sql = match write {
        Write::Upload(_) => "SELECT COUNT(*) FROM uploads WHERE namespace = $1 AND digest = $2",
        Write::Dataset(_) => "SELECT COUNT(*) FROM datasets WHERE namespace = $1 AND name = $2",
        Write::Proposal(_) => {
            "SELECT COUNT(*) FROM reference_proposals WHERE namespace = $1 AND id = $2"
        }
        Write::Pin(_) => {
            "SELECT COUNT(*) FROM reference_pins WHERE namespace = $1 AND proposal_id = $2"
        }
        Write::Mapping(new) => {
            let newest =
                published::newest(connection, Publication::Mapping, namespace, key).await?;
            return Ok(newest.is_some_and(|(_, digest)| digest == new.digest.to_string()));
        }
        _ => return Ok(false),
    };
    let query = sqlx::query(sql).bind(namespace.as_str()).bind(key.to_owned());
    Ok(query.fetch_one(connection).await?.try_get::<i64, _>(0)? > 0)
}

/// Whether no newer release of its artifact supersedes the release that was requested at `at`.
async fn is_newest(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    at: u64,
) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) FROM releases WHERE namespace = $1 AND entry_idx = $2 \
               AND superseded_idx IS NULL";
    let query = sqlx::query(sql).bind(namespace.as_str()).bind(at.cast_signed());
    Ok(query.fetch_one(connection).await?.try_get::<i64, _>(0)? == 1)
}

/// Advances an existing release by one decision; false if another writer did so first.
async fn advance(connection: &mut AnyConnection, change: &Change) -> Result<bool, StoreError> {
    let Some(decision) = change.decision().filter(|_| change.release().is_none()) else {
        return Ok(true);
    };
    let sql = "UPDATE releases SET decisions = $1, verdict = $2 WHERE id = $3 AND namespace = $4 AND decisions = $5";
    let moved = sqlx::query(sql)
        .bind(decision.seq.cast_signed() + 1)
        .bind(decision.verdict.as_str())
        .bind(decision.release.as_str())
        .bind(change.namespace.as_str())
        .bind(decision.seq.cast_signed())
        .execute(connection)
        .await?;
    Ok(moved.rows_affected() == 1)
}

type Processed = HashMap<(String, String), (Digest, String)>;

/// The deliveries of the batch that were processed before.
async fn processed(
    connection: &mut AnyConnection,
    batch: &Batch<'_>,
) -> Result<Processed, StoreError> {
    let keys: Vec<String> = batch
        .each()
        .filter_map(|(_, change)| Some(change.delivery.as_ref()?.key.clone()))
        .collect();
    let select = "SELECT source, delivery_key, request_digest, subject FROM deliveries \
                  WHERE namespace = $1 AND delivery_key IN ";
    let mut found = Processed::new();
    for row in select_in(connection, select, batch.namespace, &keys).await? {
        let request: String = row.try_get(2)?;
        let request = request.parse().map_err(StoreError::inconsistent)?;
        found.insert((row.try_get(0)?, row.try_get(1)?), (request, row.try_get(3)?));
    }
    Ok(found)
}

/// For each document that is new to the namespace, the first change that contains it.
pub(super) async fn new_evidence(
    connection: &mut AnyConnection,
    batch: &Batch<'_>,
) -> Result<HashMap<Digest, usize>, StoreError> {
    let mut new = HashMap::new();
    for (member, change) in batch.each() {
        for write in &change.writes {
            if let Write::Evidence(evidence) = write {
                new.entry(evidence.digest).or_insert(member);
            }
        }
    }
    let digests: Vec<String> = new.keys().map(Digest::to_string).collect();
    let select = "SELECT digest FROM evidence WHERE namespace = $1 AND digest IN ";
    for row in select_in(connection, select, batch.namespace, &digests).await? {
        let digest: String = row.try_get(0)?;
        new.remove(&digest.parse().map_err(StoreError::inconsistent)?);
    }
    Ok(new)
}
