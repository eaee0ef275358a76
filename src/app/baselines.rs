//! What an artifact is compared with: the champion and the reference, looked up where a rule reads them.

use super::{Service, error::AppError};
use crate::{
    model::{Against, Baseline, Environment, Inputs, ModelId, Namespace, Submitted},
    policy::{self, Policy},
    store::{ExpectedBaseline, StoredRelease},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OwnedMutexGuard;

/// One artifact to compare with.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) baseline: Baseline,
    pub(super) evidence: Arc<Vec<Submitted>>,
}

/// Everything that is compared with; nothing where no rule reads it or there is none yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Compared {
    pub(super) champion: Option<Side>,
    pub(super) reference: Option<Side>,
    /// What the batch checks.
    pub(super) baselines: Vec<ExpectedBaseline>,
}

impl Compared {
    /// The evidence of one side.
    pub(super) fn evidence(&self, against: Against) -> Arc<Vec<Submitted>> {
        let side = match against {
            Against::Champion => &self.champion,
            Against::Reference => &self.reference,
        };
        side.as_ref().map(|side| side.evidence.clone()).unwrap_or_default()
    }
}

type Place = (ModelId, Environment);

/// Who is judging against the champion of a model in an environment: each allow moves it for all others, so they go one
/// by one instead of refusing each other.
#[derive(Default)]
pub(super) struct BaselineLocks(Mutex<HashMap<Place, Arc<tokio::sync::Mutex<()>>>>);

impl BaselineLocks {
    async fn take(&self, model: &ModelId, environment: &Environment) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever waits holds a clone, so one that only we hold is nobody's.
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            locks.entry((model.clone(), environment.clone())).or_default().clone()
        };
        lock.lock_owned().await
    }
}

impl Service {
    /// Waits until nobody else judges against what these policies compare with, where they compare at all.
    pub(super) async fn turn(
        &self,
        model: &ModelId,
        environment: &Environment,
        policies: &[Arc<Policy>],
    ) -> Option<OwnedMutexGuard<()>> {
        if policy::needs::baselines(policies.iter().map(AsRef::as_ref)).is_empty() {
            return None;
        }
        Some(self.baseline_locks.take(model, environment).await)
    }

    /// What these policies compare with, as it stands now.
    ///
    /// # Errors
    /// When evidence of it is gone, or the database fails.
    pub(super) async fn compared(
        &self,
        model: &ModelId,
        environment: &Environment,
        policies: &[Arc<Policy>],
    ) -> Result<Compared, AppError> {
        let mut compared = Compared::default();
        for against in policy::needs::baselines(policies.iter().map(AsRef::as_ref)) {
            let standing = self.store.standing(against, model.namespace(), model, environment).await?;
            let at = standing.as_ref().map_or(0, |s| s.at);
            compared.baselines.push(ExpectedBaseline {
                against,
                model: model.clone(),
                environment: environment.clone(),
                at,
            });
            let Some(standing) = standing else { continue };
            let baseline = Baseline { artifact: Some(standing.artifact), evidence: standing.evidence };
            compared.set(against, self.side(model.namespace(), baseline).await?);
        }
        Ok(compared)
    }

    /// The same, but that the champion is the one that `release` was compared with, where it is the champion now by its
    /// own allow; `None` where it is not, or no rule compares with the champion.
    ///
    /// # Errors
    /// As [`Service::compared`].
    pub(super) async fn compared_before(
        &self,
        compared: &Compared,
        release: &StoredRelease,
    ) -> Result<Option<Compared>, AppError> {
        let own = |s: &ExpectedBaseline| {
            s.against == Against::Champion && s.at > 0 && release.allowed_at.map(|idx| idx + 1) == Some(s.at)
        };
        if !compared.baselines.iter().any(own) {
            return Ok(None);
        }
        let before = release.inputs.champion.clone();
        let champion = match before {
            Some(baseline) => Some(self.side(release.release.model.namespace(), baseline).await?),
            None => None,
        };
        Ok(Some(Compared { champion, ..compared.clone() }))
    }

    /// What frozen inputs were compared with.
    ///
    /// # Errors
    /// As [`Service::compared`].
    pub(super) async fn compared_again(&self, namespace: &Namespace, inputs: &Inputs) -> Result<Compared, AppError> {
        let mut compared = Compared::default();
        for (against, baseline) in [(Against::Champion, &inputs.champion), (Against::Reference, &inputs.reference)] {
            if let Some(baseline) = baseline {
                compared.set(against, self.side(namespace, baseline.clone()).await?);
            }
        }
        Ok(compared)
    }

    async fn side(&self, namespace: &Namespace, baseline: Baseline) -> Result<Side, AppError> {
        let evidence = Arc::new(self.reread(namespace, &baseline.evidence).await?);
        Ok(Side { baseline, evidence })
    }
}

impl Compared {
    fn set(&mut self, against: Against, side: Side) {
        match against {
            Against::Champion => self.champion = Some(side),
            Against::Reference => self.reference = Some(side),
        }
    }

    /// What the inputs say of it: the champion, and the reference.
    pub(super) fn baselines(&self) -> (Option<Baseline>, Option<Baseline>) {
        let of = |side: &Option<Side>| side.as_ref().map(|side| side.baseline.clone());
        (of(&self.champion), of(&self.reference))
    }
}
