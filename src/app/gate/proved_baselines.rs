//! Reads the champion and the reference, each proved before anything is compared with it.

use crate::app::{Service, core::error::AppError, core::prover::unproved};
use crate::{
    model::{Against, Baseline, Environment, ModelId, Outcome, ReleaseId},
    store::Standing,
};

impl Service {
    /// The champion or the reference of a model in an environment, and one more than the log index
    /// of the entry that made it the baseline; 0 if the model has none there.
    pub(in crate::app) async fn baseline(
        &self,
        against: Against,
        model: &ModelId,
        environment: &Environment,
    ) -> Result<(u64, Option<Baseline>), AppError> {
        let found = match against {
            Against::Champion => self.champion(model, environment).await?,
            Against::Reference => self.reference(model, environment).await?,
        };
        let Some(found) = found else { return Ok((0, None)) };
        Ok((
            found.at,
            Some(Baseline { artifact: Some(found.artifact), evidence: found.inputs.evidence }),
        ))
    }

    async fn champion(
        &self,
        model: &ModelId,
        environment: &Environment,
    ) -> Result<Option<Standing>, AppError> {
        let namespace = model.namespace();
        let mut crowned = self.store.champion(namespace, model, environment).await?;
        let found = self.store.standing(namespace, model, environment).await?;
        let same = |crowned: &Option<(ReleaseId, u64)>| {
            *crowned == found.as_ref().map(|found| (found.release.clone(), found.at))
        };
        if !same(&crowned) {
            // Another allow may have come in between the two reads.
            crowned = self.store.champion(namespace, model, environment).await?;
        }
        let at = crowned.as_ref().map_or(0, |(_, at)| at.saturating_sub(1));
        if !same(&crowned) {
            return Err(unproved("the champion", at));
        }
        let Some(found) = found else { return Ok(None) };
        let decided = self.prover.decided(namespace, at).await?;
        let release = self.release_row(namespace, &found.release).await?;
        let same = release.is_some_and(|stored| {
            decided.is_of(&stored.release) && decided.artifact == Some(found.artifact)
        });
        let allow = decided.verdict == Outcome::Allow
            && found.inputs.digest().is_ok_and(|digest| digest == decided.inputs_digest);
        if same && allow { Ok(Some(found)) } else { Err(unproved("the champion", at)) }
    }

    async fn reference(
        &self,
        model: &ModelId,
        environment: &Environment,
    ) -> Result<Option<Standing>, AppError> {
        let Some(found) = self.pinned_row(model, environment).await? else { return Ok(None) };
        let Some(pin) = &found.pin else { return Ok(None) };
        let proposal = &found.proposal;
        let missing = || unproved("the release of the reference", pin.log_index);
        let release = self.release_row(model.namespace(), &proposal.release).await?;
        let stored = release
            .filter(|stored| {
                stored.release.artifact == proposal.artifact
                    && stored.release.model == *model
                    && stored.release.environment == *environment
            })
            .ok_or_else(missing)?;
        Ok(Some(Standing {
            release: proposal.release.clone(),
            artifact: proposal.artifact,
            inputs: stored.inputs,
            at: pin.log_index + 1,
        }))
    }
}
