//! What is so of a release now, beside what was decided: approvals expire, policies are replaced, the champion and the
//! reference move, and a newer release of the same artifact takes the place of an older one.

use super::{
    Service,
    error::{AppError, Kind},
    policy_cache::Active,
};
use crate::{
    model::{
        Against, Approval, ApprovalCount, Baseline, Digest, Inputs, ModelId, Outcome, Record, ReleaseId, SEMANTICS,
        Timestamp,
    },
    policy::{self, Case, Policy},
    store::{ExpectedBaseline, StoredRelease},
};
use std::sync::Arc;

/// Why a release can no longer be approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Stable, kebab-case.
    pub code: &'static str,
    /// What has changed, and what to do.
    pub message: String,
}

impl From<Obstacle> for AppError {
    fn from(obstacle: Obstacle) -> Self {
        Self::new(Kind::Conflict, obstacle.code, obstacle.message)
    }
}

/// What is so of a release now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether it takes votes: it waits for approvals, or was allowed on approvals that have ended.
    pub open: bool,
    /// The newer release of the same artifact to the same environment: that one decides.
    pub superseded_by: Option<ReleaseId>,
    /// Why it cannot be approved although it waits.
    pub obstacle: Option<Obstacle>,
    /// Since when the approvals of an allow are too few, as some of them have expired.
    pub ended: Option<Timestamp>,
    /// How far each requirement is met now; as it was decided where nothing expires.
    pub approvals: Vec<ApprovalCount>,
}

/// What a release would be judged by today.
pub(super) struct Today {
    /// The `policies_at` that the policies are those of.
    pub(super) policies_at: u64,
    /// The champion and the reference, as they are.
    pub(super) baselines: Vec<ExpectedBaseline>,
    /// What is no longer as it was.
    pub(super) obstacle: Option<Obstacle>,
}

impl Service {
    /// What is so now of a release that was decided by `record`, its latest.
    ///
    /// # Errors
    /// When a policy is gone, or the database fails.
    pub(super) async fn standing(&self, stored: &StoredRelease, record: &Record) -> Result<Standing, AppError> {
        let newer = self.superseded_by(stored).await?;
        self.standing_beside(stored, record, newer).await
    }

    /// The same of the newest release of an artifact to an environment.
    ///
    /// # Errors
    /// As [`Service::standing`].
    pub(super) async fn standing_of_newest(
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
            return Ok(Standing { superseded_by, approvals: verdict.approvals.clone(), ..Standing::default() });
        }
        let policies = self.policies_of(stored).await?;
        let active = self.policy_cache.current(&self.store, stored.release.model.namespace()).await?;
        let obstacle = match &superseded_by {
            Some(newer) => Some(superseded(stored, newer)),
            None => self.today(stored, &policies, &active).await?.obstacle,
        };
        let approvals = self.counts_now(record, &stored.release.model).await?;
        Ok(Standing { open, superseded_by, obstacle, ended, approvals })
    }

    /// How far each requirement of a decision is met now: approvals that have expired no longer count. Every vote was at
    /// hand when the latest decision was made, as each makes one.
    pub(super) async fn counts_now(&self, record: &Record, model: &ModelId) -> Result<Vec<ApprovalCount>, AppError> {
        let policies = self.policies_named(model.namespace(), &record.inputs.policies).await?;
        let (inputs, digest) = (&record.inputs, record.inputs_digest);
        Ok(policy::approvals(&case(inputs, digest, &policies, &record.approvals, self.env.now())))
    }

    /// The newest release of the same artifact to the same environment, where it is another one.
    async fn superseded_by(&self, stored: &StoredRelease) -> Result<Option<ReleaseId>, AppError> {
        let release = &stored.release;
        let (model, environment) = (&release.model, &release.environment);
        let newest = self.store.newest(model.namespace(), model, &release.artifact, environment).await?;
        Ok(newest.map(|newest| newest.release.id).filter(|id| *id != release.id))
    }

    /// Refuses a release that is not the newest of its artifact there.
    ///
    /// # Errors
    /// When there is a newer one, or the database fails.
    pub(super) async fn require_newest(&self, stored: &StoredRelease) -> Result<(), AppError> {
        match self.superseded_by(stored).await? {
            Some(newer) => Err(superseded(stored, &newer).into()),
            None => Ok(()),
        }
    }

    /// Since when the approvals that an allow rests on are too few.
    ///
    /// # Errors
    /// When a policy is gone, or the database fails.
    pub(super) async fn ended(&self, record: &Record) -> Result<Option<Timestamp>, AppError> {
        let verdict = &record.verdict;
        if verdict.verdict != Outcome::Allow || verdict.approvals.is_empty() {
            return Ok(None);
        }
        let until = match (verdict.until(), &record.inputs.model) {
            (None, Some(model)) if verdict.people().is_empty() => {
                // An earlier engine did not record it.
                let policies = self.policies_named(model.namespace(), &record.inputs.policies).await?;
                let (inputs, digest) = (&record.inputs, record.inputs_digest);
                policy::approvals_end(&case(inputs, digest, &policies, &record.approvals, record.decided_at))
            }
            (until, _) => until,
        };
        Ok(until.filter(|until| *until <= self.env.now()))
    }

    /// What a release would be judged by today, and what of it is not what it was judged by.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn today(
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
            let now = self.store.standing(against, model.namespace(), model, environment).await?;
            let at = now.as_ref().map_or(0, |now| now.at);
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
            // What became the champion by its own allow is still held against the one before.
            let own = against == Against::Champion && at > 0 && stored.allowed_at.map(|idx| idx + 1) == Some(at);
            let now = now.map(|now| Baseline { artifact: Some(now.artifact), evidence: now.evidence });
            if !own && *before != now {
                obstacle = obstacle.or_else(|| Some(moved(against, now.as_ref())));
            }
        }
        Ok(Today { policies_at: active.at, baselines, obstacle })
    }
}

/// The case of approvals alone, at some moment.
fn case<'a>(
    inputs: &'a Inputs,
    inputs_digest: Digest,
    policies: &'a [Arc<Policy>],
    approvals: &'a [Approval],
    now: Timestamp,
) -> Case<'a> {
    Case { inputs, inputs_digest, policies, evidence: &[], champion: &[], reference: &[], approvals, now }
}

const AGAIN: &str = "submit the artifact again, so that it is judged as things are";

fn superseded(stored: &StoredRelease, newer: &ReleaseId) -> Obstacle {
    let environment = &stored.release.environment;
    let message = format!(
        "a newer release of this artifact to {environment} decides now: {newer}; look at that one, this one can no longer \
         be voted on"
    );
    Obstacle { code: "superseded", message }
}

fn engine(inputs: &Inputs) -> Option<Obstacle> {
    let message =
        format!("this release was judged by an earlier version of modelgate, whose rules were others; {AGAIN}");
    (inputs.engine != SEMANTICS).then_some(Obstacle { code: "engine-changed", message })
}

fn changed(before: &[Arc<Policy>], now: &[&Arc<Policy>]) -> Option<Obstacle> {
    let named = |list: &mut dyn Iterator<Item = &Arc<Policy>>| -> Vec<String> {
        let mut names: Vec<String> = list.map(|p| format!("`{}`", p.name)).collect();
        names.sort();
        names.dedup();
        names
    };
    let replaced = named(&mut before.iter().filter(|b| now.iter().any(|n| n.name == b.name && n.digest != b.digest)));
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
    let message = format!("since this release was judged, {}; {AGAIN}", said.join(", and "));
    Some(Obstacle { code: "policies-changed", message })
}

fn moved(against: Against, now: Option<&Baseline>) -> Obstacle {
    let code = match against {
        Against::Champion => "champion-moved",
        Against::Reference => "reference-moved",
    };
    let artifact = now.and_then(|b| b.artifact).map_or_else(|| "none".to_owned(), |a| a.to_string());
    let message = format!("since this release was judged, the {against} has become another: {artifact}; {AGAIN}");
    Obstacle { code, message }
}
