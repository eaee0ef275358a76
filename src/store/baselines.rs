//! The baselines that an artifact is compared with: the current champion and reference, and whether
//! they have changed.

use super::{
    Store, StoreError,
    rows::{ExpectedBaseline, Work},
};
use crate::model::{
    Against, Digest, Environment, EvidenceRef, Inputs, ModelId, Namespace, Outcome, ReleaseId,
};
use sqlx::{AnyConnection, Row as _};
use std::collections::{HashMap, HashSet};

/// The champion or the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The release that it was allowed by, or that the reference was proposed with.
    pub release: ReleaseId,
    /// The artifact.
    pub artifact: Digest,
    /// The evidence that it was allowed on.
    pub evidence: Vec<EvidenceRef>,
    /// One more than the log index of the entry that made it the baseline.
    pub at: u64,
}

/// The artifact of the latest allow that was not revoked. `verdict` is the latest verdict of a
/// release. An allow whose approvals have expired is no permission any more, but the artifact that
/// it permitted stays the one that others are compared with; this includes the time while it waits
/// to be approved again (`pending`).
macro_rules! champion {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM releases r WHERE r.namespace = $1 AND r.model = $2 AND r.environment = $3 ",
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
            " FROM reference_pins p JOIN releases r ON r.id = p.release_id WHERE p.namespace = $1 AND p.model = $2 ",
            "AND p.environment = $3 ORDER BY p.entry_idx DESC LIMIT 1"
        )
    };
}

impl Store {
    /// The champion or the reference of a model in an environment, if it has one.
    ///
    /// # Errors
    /// When the database fails or the row is impossible.
    pub async fn standing(
        &self,
        against: Against,
        namespace: &Namespace,
        model: &ModelId,
        environment: &Environment,
    ) -> Result<Option<Standing>, StoreError> {
        let sql = match against {
            Against::Champion => champion!("r.allowed_idx, r.artifact, r.inputs, r.id"),
            Against::Reference => reference!("p.entry_idx, p.artifact, r.inputs, r.id"),
        };
        let query = sqlx::query(sql)
            .bind(namespace.as_str())
            .bind(model.to_string())
            .bind(environment.to_string());
        let Some(row) = query.fetch_optional(&self.reader).await? else { return Ok(None) };
        let inputs: Inputs = serde_json::from_str(&row.try_get::<String, _>(2)?)
            .map_err(StoreError::inconsistent)?;
        Ok(Some(Standing {
            release: row.try_get::<String, _>(3)?.parse().map_err(StoreError::inconsistent)?,
            artifact: row.try_get::<String, _>(1)?.parse().map_err(StoreError::inconsistent)?,
            evidence: inputs.evidence,
            at: row.try_get::<i64, _>(0)?.cast_unsigned() + 1,
        }))
    }
}

/// The current baselines while a batch is screened. Costs nothing if no work was compared with a
/// baseline.
#[derive(Default)]
pub(super) struct Stands {
    now: HashMap<(Against, ModelId, Environment), u64>,
    moved: HashSet<(ModelId, Environment)>,
}

impl Stands {
    /// Whether every baseline that `work` was compared with is unchanged.
    pub(super) async fn hold(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
    ) -> Result<bool, StoreError> {
        for expected in &work.baselines {
            let place = (expected.model.clone(), expected.environment.clone());
            if expected.against == Against::Champion && self.moved.contains(&place) {
                return Ok(false);
            }
            let key = (expected.against, place.0, place.1);
            let now = if let Some(now) = self.now.get(&key) {
                *now
            } else {
                let now = at(connection, &work.namespace, expected).await?;
                self.now.insert(key, now);
                now
            };
            if now != expected.at {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Notes the baselines that an accepted work changes, because its rows are inserted only after
    /// the whole batch is screened.
    pub(super) fn note(&mut self, work: &Work) {
        // A release that was allowed may be denied when people vote on it again.
        let moves = |outcome| match outcome {
            Outcome::Allow | Outcome::Revoked => true,
            Outcome::Deny => work.release.is_none(),
            Outcome::Pending => false,
        };
        if let Some(decision) = work.decision.as_ref().filter(|d| moves(d.verdict)) {
            self.moved.insert((decision.model.clone(), decision.environment.clone()));
        }
        if let Some(super::NewRow::Pin(pin)) = work.fact.as_ref().map(|fact| &fact.row) {
            let proposal = &pin.proposal;
            let key = (Against::Reference, proposal.model.clone(), proposal.environment.clone());
            // No entry has this index, so a later work that was compared with the old reference is
            // refused.
            self.now.insert(key, u64::MAX);
        }
    }
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
