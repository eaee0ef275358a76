//! The baselines that an artifact is compared with, champion and reference, read only if a rule
//! compares with them.

use crate::app::{Service, core::error::AppError};
use crate::{
    model::{Against, Baseline, Digest, Environment, Inputs, ModelId, Namespace, Submitted},
    policy::{self, Frozen, Policy, Side},
    store::{ExpectedBaseline, StoredRelease},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OwnedMutexGuard;

/// Both baselines. `None` if no rule compares with it, or the model has none yet.
#[derive(Debug, Clone, Default)]
pub(in crate::app) struct Compared {
    pub(in crate::app) champion: Option<Side>,
    pub(in crate::app) reference: Option<Side>,
    /// The baselines that the batch expects unchanged.
    pub(in crate::app) baselines: Vec<ExpectedBaseline>,
}

type Place = (ModelId, Environment);

/// Locks, one for each model and environment, that are held while a release is evaluated against
/// its champion. Each allow moves the champion for all others, so they take turns instead of
/// refusing each other.
#[derive(Default)]
pub(in crate::app) struct BaselineLocks(Mutex<HashMap<Place, Arc<tokio::sync::Mutex<()>>>>);

impl BaselineLocks {
    async fn take(&self, model: &ModelId, environment: &Environment) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Every waiting task holds a clone, so a lock that only this map holds is unused.
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            locks.entry((model.clone(), environment.clone())).or_default().clone()
        };
        lock.lock_owned().await
    }
}

impl Service {
    /// Waits until no other task evaluates against the same baselines. `None` if these policies
    /// compare with no baseline.
    pub(in crate::app) async fn turn(
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

    /// The current baselines that these policies compare with.
    ///
    /// # Errors
    /// When a document of their evidence is missing, or the database fails.
    pub(in crate::app) async fn compared(
        &self,
        model: &ModelId,
        environment: &Environment,
        policies: &[Arc<Policy>],
    ) -> Result<Compared, AppError> {
        let mut compared = Compared::default();
        for against in policy::needs::baselines(policies.iter().map(AsRef::as_ref)) {
            let (at, baseline) = self.baseline(against, model, environment).await?;
            compared.baselines.push(ExpectedBaseline {
                against,
                model: model.clone(),
                environment: environment.clone(),
                at,
            });
            let Some(baseline) = baseline else { continue };
            compared.set(against, self.side(model.namespace(), baseline).await?);
        }
        Ok(compared)
    }

    /// The same with the champion that `release` was compared with, if `release` is the champion
    /// now by its own allow. `None` if it is not, or if no rule compares with the champion.
    ///
    /// # Errors
    /// As [`Service::compared`].
    pub(in crate::app) async fn compared_before(
        &self,
        compared: &Compared,
        release: &StoredRelease,
    ) -> Result<Option<Compared>, AppError> {
        let own = |s: &ExpectedBaseline| {
            s.against == Against::Champion
                && s.at > 0
                && release.allowed_at.map(|idx| idx + 1) == Some(s.at)
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

    /// Inputs that were frozen before, with the policies and documents that they name.
    ///
    /// # Errors
    /// When one of them is missing or can no longer be read, or the database fails.
    pub(in crate::app) async fn thaw(
        &self,
        namespace: &Namespace,
        inputs: Inputs,
        inputs_digest: Digest,
    ) -> Result<Frozen, AppError> {
        let policies = self.policies_named(namespace, &inputs.policies).await?;
        let evidence = self.reread(namespace, &inputs.evidence).await?;
        let champion = self.evidence_of(namespace, inputs.champion.as_ref()).await?;
        let reference = self.evidence_of(namespace, inputs.reference.as_ref()).await?;
        let evidence = Arc::new(evidence);
        Ok(Frozen { inputs, inputs_digest, policies, evidence, champion, reference })
    }

    async fn evidence_of(
        &self,
        namespace: &Namespace,
        baseline: Option<&Baseline>,
    ) -> Result<Arc<Vec<Submitted>>, AppError> {
        match baseline {
            Some(baseline) => Ok(Arc::new(self.reread(namespace, &baseline.evidence).await?)),
            None => Ok(Arc::default()),
        }
    }

    async fn side(&self, namespace: &Namespace, baseline: Baseline) -> Result<Side, AppError> {
        let evidence = Arc::new(self.reread(namespace, &baseline.evidence).await?);
        Ok(Side { artifact: baseline.artifact, evidence })
    }
}

impl Compared {
    fn set(&mut self, against: Against, side: Side) {
        match against {
            Against::Champion => self.champion = Some(side),
            Against::Reference => self.reference = Some(side),
        }
    }
}
