//! The baselines that an artifact is compared with: the current champion and reference, and whether
//! they have changed.

use super::{
    Store, StoreError,
    change::{Change, ExpectedBaseline, NewDecision, Write},
    insert::Insert,
    placed::Row,
};
use crate::model::{Against, Digest, Environment, Inputs, ModelId, Namespace, Outcome, ReleaseId};
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The champion or the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The release that it was allowed by, or that the reference was proposed with.
    pub release: ReleaseId,
    /// The artifact.
    pub artifact: Digest,
    /// The inputs that it was allowed on.
    pub inputs: Inputs,
    /// One more than the log index of the entry that made it the baseline.
    pub at: u64,
}

/// The champion of every model and environment, beside the rows of releases: two places that must
/// agree, so that an edit of one row cannot bring another champion.
const CHAMPIONS: Insert = Insert {
    table: "champions",
    columns: &["namespace", "model", "environment", "release_id", "allowed_idx"],
    tail: "ON CONFLICT (namespace, model, environment) DO UPDATE SET release_id = excluded.release_id, \
           allowed_idx = excluded.allowed_idx",
};

/// The artifact of the latest allow that was not revoked. `verdict` is the latest verdict of a
/// release. An allow whose approvals have expired is no permission any more, but the artifact that
/// it permitted stays the one that others are compared with; this includes the time while it waits
/// to be approved again (`pending`).
macro_rules! champion {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM releases r LEFT JOIN decisions d ON d.namespace = r.namespace AND d.record_idx = r.allowed_idx ",
            "LEFT JOIN inputs i ON i.namespace = r.namespace AND i.digest = d.inputs_digest WHERE r.namespace = $1 AND r.model = $2 AND r.environment = $3 ",
            "AND r.verdict IN ('allow', 'pending') AND r.allowed_idx IS NOT NULL ORDER BY r.allowed_idx DESC LIMIT 1"
        )
    };
}

/// The artifact of the latest approved proposal.
macro_rules! reference {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM reference_pins p JOIN reference_proposals r ON r.id = p.proposal_id ",
            "WHERE r.namespace = $1 AND r.model = $2 AND r.environment = $3 ORDER BY p.entry_idx DESC LIMIT 1"
        )
    };
}

impl Store {
    /// The champion of a model in an environment as the rows of releases have it.
    ///
    /// # Errors
    /// When the database fails or the row is impossible.
    pub async fn standing(
        &self,
        namespace: &Namespace,
        model: &ModelId,
        environment: &Environment,
    ) -> Result<Option<Standing>, StoreError> {
        let sql = champion!("r.allowed_idx, r.artifact, i.document, r.id");
        let query = sqlx::query(sql)
            .bind(namespace.as_str())
            .bind(model.to_string())
            .bind(environment.to_string());
        let Some(row) = query.fetch_optional(&self.reader).await? else { return Ok(None) };
        let document: Option<String> = row.try_get(2)?;
        let gone = || StoreError::inconsistent(format!("the champion of {model} has no decision"));
        let inputs: Inputs =
            serde_json::from_str(&document.ok_or_else(gone)?).map_err(StoreError::inconsistent)?;
        Ok(Some(Standing {
            release: row.try_get::<String, _>(3)?.parse().map_err(StoreError::inconsistent)?,
            artifact: row.try_get::<String, _>(1)?.parse().map_err(StoreError::inconsistent)?,
            inputs,
            at: row.try_get::<i64, _>(0)?.cast_unsigned() + 1,
        }))
    }

    /// The champion of a model in an environment as the table of champions has it: its release, and
    /// one more than the log index of the allow.
    ///
    /// # Errors
    /// When the database fails or the row is impossible.
    pub async fn champion(
        &self,
        namespace: &Namespace,
        model: &ModelId,
        environment: &Environment,
    ) -> Result<Option<(ReleaseId, u64)>, StoreError> {
        let sql = "SELECT release_id, allowed_idx FROM champions \
                   WHERE namespace = $1 AND model = $2 AND environment = $3";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(model.to_string());
        let row = query.bind(environment.to_string()).fetch_optional(&self.reader).await?;
        row.map(|row| {
            let release: String = row.try_get(0)?;
            let at = row.try_get::<i64, _>(1)?.cast_unsigned() + 1;
            Ok((release.parse().map_err(StoreError::inconsistent)?, at))
        })
        .transpose()
    }
}

/// The current baselines while a batch is screened. Costs nothing if no change was compared with a
/// baseline.
#[derive(Default)]
pub(super) struct Stands {
    now: HashMap<(Against, ModelId, Environment), u64>,
    moved: HashSet<(ModelId, Environment)>,
}

impl Stands {
    /// Whether a baseline that a change was worked out from is unchanged.
    pub(super) async fn hold(
        &mut self,
        connection: &mut AnyConnection,
        namespace: &Namespace,
        expected: &ExpectedBaseline,
    ) -> Result<bool, StoreError> {
        let place = (expected.model.clone(), expected.environment.clone());
        if expected.against == Against::Champion && self.moved.contains(&place) {
            return Ok(false);
        }
        let key = (expected.against, place.0, place.1);
        let now = if let Some(now) = self.now.get(&key) {
            *now
        } else {
            let now = at(connection, namespace, expected).await?;
            self.now.insert(key, now);
            now
        };
        Ok(now == expected.at)
    }

    /// Notes the baselines that an accepted change moves, because its rows are inserted only after
    /// the whole batch is screened.
    pub(super) fn note(&mut self, change: &Change) {
        for write in &change.writes {
            match write {
                Write::Decision(decision) if moves(change, decision.verdict) => {
                    self.moved.insert((decision.model.clone(), decision.environment.clone()));
                }
                Write::Pin(pin) => {
                    let (model, environment) = (&pin.proposal.model, &pin.proposal.environment);
                    let key = (Against::Reference, model.clone(), environment.clone());
                    // No entry has this index, so a later change that was compared with the old
                    // reference is refused.
                    self.now.insert(key, u64::MAX);
                }
                _ => {}
            }
        }
    }
}

/// Whether a decision moves the champion. A release that was allowed may be denied when people vote
/// on it again.
fn moves(change: &Change, verdict: Outcome) -> bool {
    match verdict {
        Outcome::Allow | Outcome::Revoked => true,
        Outcome::Deny => change.release().is_none(),
        Outcome::Pending => false,
    }
}

/// Notes what decisions change: the allow of a release that was waiting, and the champion.
pub(super) async fn note_decisions(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    rows: &[Row<'_, NewDecision>],
) -> Result<(), StoreError> {
    let mut places = BTreeMap::new();
    for row in rows {
        let (decision, allowed) = (row.new, row.allowed());
        if let Some(idx) = allowed.filter(|_| row.change.release().is_none()) {
            let sql = "UPDATE releases SET allowed_idx = $1 WHERE id = $2 AND namespace = $3";
            let query = sqlx::query(sql).bind(idx).bind(decision.release.to_string());
            query.bind(namespace.as_str()).execute(&mut *connection).await?;
        }
        if moves(row.change, decision.verdict) {
            let place = (decision.model.to_string(), decision.environment.to_string());
            places.insert(place, allowed.map(|idx| (decision.release.to_string(), idx)));
        }
    }
    let mut crowned = Vec::with_capacity(places.len());
    for (place, allowed) in places {
        let allowed = match allowed {
            None => next_champion(connection, namespace, &place).await?,
            allowed => allowed,
        };
        crowned.extend(allowed.map(|allowed| (place, allowed)));
    }
    CHAMPIONS
        .run(connection, &crowned, |query, ((model, environment), (release, idx))| {
            let query = query.bind(namespace.as_str().to_owned()).bind(model.clone());
            query.bind(environment.clone()).bind(release.clone()).bind(*idx)
        })
        .await?;
    Ok(())
}

/// The champion after one was denied or revoked. The row is removed if no release is allowed there.
async fn next_champion(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    (model, environment): &(String, String),
) -> Result<Option<(String, i64)>, StoreError> {
    let bind = |sql: &'static str| {
        sqlx::query(sql).bind(namespace.as_str()).bind(model.clone()).bind(environment.clone())
    };
    let found = bind(champion!("r.id, r.allowed_idx")).fetch_optional(&mut *connection).await?;
    if let Some(row) = found {
        return Ok(Some((row.try_get(0)?, row.try_get(1)?)));
    }
    let gone = "DELETE FROM champions WHERE namespace = $1 AND model = $2 AND environment = $3";
    bind(gone).execute(connection).await?;
    Ok(None)
}

async fn at(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    expected: &ExpectedBaseline,
) -> Result<u64, StoreError> {
    let sql = match expected.against {
        Against::Champion => champion!("r.allowed_idx"),
        Against::Reference => reference!("p.entry_idx"),
    };
    let query = sqlx::query(sql).bind(namespace.as_str()).bind(expected.model.to_string());
    let row = query.bind(expected.environment.to_string()).fetch_optional(connection).await?;
    Ok(row
        .map(|row| row.try_get::<i64, _>(0))
        .transpose()?
        .map_or(0, |idx| idx.cast_unsigned() + 1))
}
