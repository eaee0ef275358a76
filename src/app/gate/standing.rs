//! The current state of a release, in addition to its decision: approvals expire, policies are
//! replaced, the champion and the reference change, and a newer release of the same artifact
//! supersedes an older one.

use crate::app::{
    Service,
    core::error::{AppError, Kind},
    registry::policy_cache::Active,
};
use crate::{
    model::{
        Against, ApprovalCount, Baseline, Inputs, ModelId, Outcome, Record, ReleaseId, SEMANTICS,
        Timestamp,
    },
    policy::{self, Frozen, Policy},
    store::{ExpectedBaseline, StoredRelease},
};
use std::sync::Arc;

/// Why a release can no longer be approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The stable code, in kebab case.
    pub code: &'static str,
    /// What has changed.
    pub changed: String,
    /// What has changed, and what to do.
    pub message: String,
}

impl Obstacle {
    /// Something that the release was evaluated with has moved; evaluating it again helps.
    fn moved(code: &'static str, changed: String) -> Self {
        Self { code, message: format!("{changed}; {AGAIN}"), changed }
    }

    /// Whether the release can be evaluated again, and then be approved.
    pub fn is_curable(&self) -> bool {
        self.code != SUPERSEDED
    }
}

impl From<Obstacle> for AppError {
    fn from(obstacle: Obstacle) -> Self {
        Self::new(Kind::Conflict, obstacle.code, obstacle.message)
    }
}

/// The current state of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether it accepts votes: it is waiting for approvals, or its allow rests on approvals of
    /// which too many have expired.
    pub open: bool,
    /// The newer release of the same artifact to the same environment, which decides instead of
    /// this one.
    pub superseded_by: Option<ReleaseId>,
    /// Why it cannot be approved although it is waiting.
    pub obstacle: Option<Obstacle>,
    /// Since when the approvals of an allow are too few, because some of them have expired.
    pub ended: Option<Timestamp>,
    /// How far each requirement is met now; the same as in the decision if no approval expires.
    pub approvals: Vec<ApprovalCount>,
}

/// What a release would be evaluated by today.
pub(in crate::app) struct Today {
    /// The `policies_at` that belongs to the policies.
    pub(in crate::app) policies_at: u64,
    /// The current champion and reference.
    pub(in crate::app) baselines: Vec<ExpectedBaseline>,
    /// What has changed, if anything.
    pub(in crate::app) obstacle: Option<Obstacle>,
}

impl Service {
    /// The current state of a release whose latest decision is `record`.
    ///
    /// # Errors
    /// When a policy is missing, or the database fails.
    pub(in crate::app) async fn standing(
        &self,
        stored: &StoredRelease,
        record: &Record,
    ) -> Result<Standing, AppError> {
        let newer = self.superseded_by(stored).await?;
        self.standing_beside(stored, record, newer).await
    }

    /// The same for a release that is the newest of its artifact and environment.
    ///
    /// # Errors
    /// As [`Service::standing`].
    pub(in crate::app) async fn standing_of_newest(
        &self,
        stored: &StoredRelease,
        record: &Record,
    ) -> Result<Standing, AppError> {
        self.standing_beside(stored, record, None).await
    }

    async fn standing_beside(
        &self,
        stored: &StoredRelease,
        record: &Record,
        superseded_by: Option<ReleaseId>,
    ) -> Result<Standing, AppError> {
        let ended = self.ended(record).await?;
        let verdict = &record.verdict;
        let open = verdict.verdict == Outcome::Pending || ended.is_some();
        if !open {
            return Ok(Standing {
                superseded_by,
                approvals: verdict.approvals.clone(),
                ..Standing::default()
            });
        }
        let policies = self.policies_of(stored).await?;
        let active = self.policy_cache.current(stored.release.model.namespace()).await?;
        let obstacle = match &superseded_by {
            Some(newer) => Some(superseded(stored, newer)),
            None => self.today(stored, &policies, &active).await?.obstacle,
        };
        let approvals = self.counts_now(record, &stored.release.model).await?;
        Ok(Standing { open, superseded_by, obstacle, ended, approvals })
    }

    /// How far each requirement of a decision is met now: approvals that have expired are no longer
    /// valid. The record has every vote, because each vote makes a decision.
    pub(in crate::app) async fn counts_now(
        &self,
        record: &Record,
        model: &ModelId,
    ) -> Result<Vec<ApprovalCount>, AppError> {
        let policies = self.policies_named(model.namespace(), &record.inputs.policies).await?;
        Ok(frozen(record, policies).count(&record.approvals, self.env.now()))
    }

    /// The newest release of the same artifact to the same environment, if it is not this one.
    async fn superseded_by(&self, stored: &StoredRelease) -> Result<Option<ReleaseId>, AppError> {
        let release = &stored.release;
        let (model, environment) = (&release.model, &release.environment);
        let newest = self.newest_row(model, &release.artifact, environment).await?;
        Ok(newest.map(|newest| newest.release.id).filter(|id| *id != release.id))
    }

    /// Refuses a release that is not the newest of its artifact and environment.
    ///
    /// # Errors
    /// When there is a newer one, or the database fails.
    pub(in crate::app) async fn require_newest(
        &self,
        stored: &StoredRelease,
    ) -> Result<(), AppError> {
        match self.superseded_by(stored).await? {
            Some(newer) => Err(superseded(stored, &newer).into()),
            None => Ok(()),
        }
    }

    /// Since when the approvals that an allow rests on are too few.
    ///
    /// # Errors
    /// When a policy is missing, or the database fails.
    pub(in crate::app) async fn ended(
        &self,
        record: &Record,
    ) -> Result<Option<Timestamp>, AppError> {
        let verdict = &record.verdict;
        if verdict.verdict != Outcome::Allow || verdict.approvals.is_empty() {
            return Ok(None);
        }
        let until = match (verdict.until(), &record.inputs.model) {
            (None, Some(model)) if verdict.people().is_empty() => {
                // An earlier engine did not record when the approvals end.
                let policies =
                    self.policies_named(model.namespace(), &record.inputs.policies).await?;
                frozen(record, policies).approvals_end(&record.approvals, record.decided_at)
            }
            (until, _) => until,
        };
        Ok(until.filter(|until| *until <= self.env.now()))
    }

    /// What a release would be evaluated by today, and what has changed since it was evaluated.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::app) async fn today(
        &self,
        stored: &StoredRelease,
        policies: &[Arc<Policy>],
        active: &Active,
    ) -> Result<Today, AppError> {
        let release = &stored.release;
        let applies = |p: &&Arc<Policy>| policy::applies(p, &release.model, &release.environment);
        let applying: Vec<&Arc<Policy>> = active.policies.iter().filter(applies).collect();
        let mut obstacle = engine(&stored.inputs).or_else(|| changed(policies, &applying));
        let mut baselines = Vec::new();
        for against in policy::needs::baselines(policies.iter().map(AsRef::as_ref)) {
            let (model, environment) = (&release.model, &release.environment);
            let (at, now) = self.baseline(against, model, environment).await?;
            baselines.push(ExpectedBaseline {
                against,
                model: release.model.clone(),
                environment: release.environment.clone(),
                at,
            });
            let before = match against {
                Against::Champion => &stored.inputs.champion,
                Against::Reference => &stored.inputs.reference,
            };
            // A release that became the champion by its own allow is still compared with the
            // champion before it.
            let own = against == Against::Champion
                && at > 0
                && stored.allowed_at.map(|idx| idx + 1) == Some(at);
            if !own && *before != now {
                obstacle = obstacle.or_else(|| Some(moved(against, now.as_ref())));
            }
        }
        Ok(Today { policies_at: active.at, baselines, obstacle })
    }
}

/// What a record was decided with, as far as its approvals depend on it.
fn frozen(record: &Record, policies: Vec<Arc<Policy>>) -> Frozen {
    Frozen::without_documents(record.inputs.clone(), record.inputs_digest, policies)
}

const SUPERSEDED: &str = "superseded";
const AGAIN: &str = "it must be evaluated again before it can be approved";

fn superseded(stored: &StoredRelease, newer: &ReleaseId) -> Obstacle {
    let environment = &stored.release.environment;
    let message = format!(
        "a newer release of this artifact to {environment} decides now: {newer}; vote on that one, this one no longer \
         accepts votes"
    );
    Obstacle { code: SUPERSEDED, changed: message.clone(), message }
}

fn engine(inputs: &Inputs) -> Option<Obstacle> {
    let changed =
        "this release was evaluated by an earlier version of modelgate, with other semantics";
    let differs = inputs.engine != SEMANTICS;
    differs.then(|| Obstacle::moved("engine-changed", changed.to_owned()))
}

fn changed(before: &[Arc<Policy>], now: &[&Arc<Policy>]) -> Option<Obstacle> {
    let named = |list: &mut dyn Iterator<Item = &Arc<Policy>>| -> Vec<String> {
        let mut names: Vec<String> = list.map(|p| format!("`{}`", p.name)).collect();
        names.sort();
        names.dedup();
        names
    };
    let replaced = named(
        &mut before.iter().filter(|b| now.iter().any(|n| n.name == b.name && n.digest != b.digest)),
    );
    let gone = named(&mut before.iter().filter(|b| !now.iter().any(|n| n.name == b.name)));
    let new = named(&mut now.iter().copied().filter(|n| !before.iter().any(|b| b.name == n.name)));
    let mut said = Vec::new();
    for (names, one, many) in [
        (replaced, "was replaced by a newer version", "were replaced by newer versions"),
        (new, "applies now too", "apply now too"),
        (gone, "no longer applies", "no longer apply"),
    ] {
        match names.as_slice() {
            [] => {}
            [name] => said.push(format!("the policy {name} {one}")),
            _ => said.push(format!("the policies {} {many}", names.join(", "))),
        }
    }
    if said.is_empty() {
        return None;
    }
    let changed = format!("since this release was evaluated, {}", said.join(", and "));
    Some(Obstacle::moved("policies-changed", changed))
}

fn moved(against: Against, now: Option<&Baseline>) -> Obstacle {
    let code = match against {
        Against::Champion => "champion-moved",
        Against::Reference => "reference-moved",
    };
    let artifact =
        now.and_then(|b| b.artifact).map_or_else(|| "none".to_owned(), |a| a.to_string());
    let changed = format!(
        "since this release was evaluated, the {against} has changed: it is now {artifact}"
    );
    Obstacle::moved(code, changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_of_an_earlier_engine_must_be_submitted_again() {
        assert!(engine(&Inputs::default()).is_none());
        let earlier = engine(&Inputs { engine: SEMANTICS - 1, ..Inputs::default() }).unwrap();
        assert_eq!(earlier.code, "engine-changed");
    }
}
