//! Reads the rows of one release, each proved before it is used.

use crate::app::{
    Service,
    core::blocking,
    core::error::AppError,
    core::prover::{read_decision, unproved},
};
use crate::{
    model::{
        Approval, Decision, DecisionId, Digest, Environment, ModelId, Namespace, Release, ReleaseId,
    },
    store::{StoredDecision, StoredRelease},
};

impl Service {
    /// A release of a namespace, if it has one of that id.
    pub(in crate::app) async fn release_row(
        &self,
        namespace: &Namespace,
        id: &ReleaseId,
    ) -> Result<Option<StoredRelease>, AppError> {
        let found = self.store.release(namespace, id).await?;
        self.release_proved(found).await
    }

    /// The newest release of an artifact to an environment, if it was ever requested.
    pub(in crate::app) async fn newest_row(
        &self,
        model: &ModelId,
        artifact: &Digest,
        environment: &Environment,
    ) -> Result<Option<StoredRelease>, AppError> {
        let found = self.store.newest(model.namespace(), model, artifact, environment).await?;
        let found = self.release_proved(found).await?;
        // The row of the release that superseded this one was changed or removed.
        if let Some(at) = found.as_ref().and_then(|stored| stored.superseded_at) {
            return Err(unproved("the newest release of an artifact", at));
        }
        Ok(found)
    }

    async fn release_proved(
        &self,
        found: Option<StoredRelease>,
    ) -> Result<Option<StoredRelease>, AppError> {
        if let Some(stored) = &found {
            let StoredRelease { release, inputs, inputs_digest, requested_digest, .. } = stored;
            self.prover.release(release, requested_digest, (inputs, inputs_digest)).await?;
        }
        Ok(found)
    }

    /// A decision, if the namespace has one of that id.
    pub(in crate::app) async fn decision_row(
        &self,
        namespace: &Namespace,
        id: &DecisionId,
    ) -> Result<Option<StoredDecision>, AppError> {
        let found = self.store.decision(namespace, id).await?;
        let Some(found) = found else { return Ok(None) };
        self.prover.decision(namespace, &found).await?;
        let missing = || unproved(&format!("the release of decision {id}"), found.record_index);
        let release = self.release_row(namespace, &found.release).await?.ok_or_else(missing)?;
        belongs(&release.release, &read_decision(found.clone()).await?)?;
        Ok(Some(found))
    }

    /// The latest decision on a release: its state.
    pub(in crate::app) async fn latest(
        &self,
        stored: &StoredRelease,
    ) -> Result<Decision, AppError> {
        let (namespace, release) = (stored.release.model.namespace(), &stored.release);
        let missing =
            || unproved(&format!("the decisions on release {}", release.id), release.log_index);
        let latest = self.store.latest_decision(namespace, &release.id).await?;
        let latest = latest.ok_or_else(missing)?;
        // Another one may have been added since the release was read, but none can have gone.
        if latest.seq + 1 < stored.decisions {
            return Err(missing());
        }
        self.prover.decision(namespace, &latest).await?;
        // Another one may have come since the release was read, with other inputs.
        let current = latest.seq + 1 == stored.decisions;
        let decision = read_decision(latest).await?;
        belongs(release, &decision)?;
        if current && decision.record.inputs_digest != stored.inputs_digest {
            return Err(missing());
        }
        Ok(decision)
    }

    /// Every decision on a release, oldest first.
    pub(in crate::app) async fn decisions_of(
        &self,
        stored: &StoredRelease,
    ) -> Result<Vec<Decision>, AppError> {
        let (namespace, release) = (stored.release.model.namespace(), &stored.release);
        let rows = self.store.decisions(namespace, &release.id).await?;
        self.prove_decisions(stored, rows).await
    }

    /// Proves the decisions of a release, which must be complete, and reads them.
    pub(in crate::app) async fn prove_decisions(
        &self,
        stored: &StoredRelease,
        rows: Vec<StoredDecision>,
    ) -> Result<Vec<Decision>, AppError> {
        let (namespace, release) = (stored.release.model.namespace(), &stored.release);
        let complete = rows.len() as u64 >= stored.decisions
            && rows.iter().zip(0..).all(|(row, seq)| row.seq == seq);
        if !complete {
            let what = format!("the decisions on release {}", release.id);
            return Err(unproved(&what, release.log_index));
        }
        for row in &rows {
            self.prover.decision(namespace, row).await?;
        }
        let decisions = read_all(rows).await?;
        decisions.iter().try_for_each(|decision| belongs(release, decision))?;
        // The order of the log, which a row's number only repeats.
        if let Some([_, late]) =
            decisions.array_windows().find(|[a, b]| a.record_index >= b.record_index)
        {
            return Err(unproved(&format!("decision {}", late.id), late.record_index));
        }
        let requested = decisions.first().map(|first| first.record.inputs_digest);
        let latest = usize::try_from(stored.decisions.saturating_sub(1)).unwrap_or(usize::MAX);
        let latest = decisions.get(latest).map(|latest| latest.record.inputs_digest);
        if requested != Some(stored.requested_digest) || latest != Some(stored.inputs_digest) {
            let what = format!("the inputs of release {}", release.id);
            return Err(unproved(&what, release.log_index));
        }
        Ok(decisions)
    }

    /// Every vote on a release with its log index, oldest first. All that its decision `latest`
    /// was made with must still be there: a rejection that was deleted must not become an allow.
    pub(in crate::app) async fn votes_of(
        &self,
        stored: &StoredRelease,
        latest: Option<&Decision>,
    ) -> Result<Vec<(Approval, u64)>, AppError> {
        let (namespace, release) = (stored.release.model.namespace(), &stored.release);
        let votes = self.store.approvals(namespace, &release.id).await?;
        self.prove_votes(stored, &votes, latest).await?;
        Ok(votes)
    }

    /// Proves the votes on a release.
    pub(in crate::app) async fn prove_votes(
        &self,
        stored: &StoredRelease,
        votes: &[(Approval, u64)],
        latest: Option<&Decision>,
    ) -> Result<(), AppError> {
        let (namespace, release) = (stored.release.model.namespace(), &stored.release);
        for (approval, index) in votes {
            self.prover.approval(namespace, approval, *index).await?;
            if approval.release.as_ref().is_some_and(|of| *of != release.id) {
                return Err(unproved("an approval of another release", *index));
            }
        }
        let signed = latest.iter().flat_map(|decision| &decision.record.approvals);
        let missing = signed.filter(|vote| !votes.iter().any(|(row, _)| row == *vote)).count();
        if missing > 0 {
            return Err(unproved(
                &format!("the votes on release {}", release.id),
                release.log_index,
            ));
        }
        Ok(())
    }
}

/// Refuses a decision that is not one of the release: it is on the same artifact, after the request,
/// and the latest one has the inputs of the release.
pub(super) fn belongs(release: &Release, decision: &Decision) -> Result<(), AppError> {
    let inputs = &decision.record.inputs;
    let same = decision.release == release.id
        && decision.record_index > release.log_index
        && inputs.model.as_ref() == Some(&release.model)
        && inputs.artifact == Some(release.artifact)
        && inputs.environment.as_ref() == Some(&release.environment)
        && inputs.submitter.as_ref() == Some(&release.submitter.id);
    if same {
        return Ok(());
    }
    Err(unproved(&format!("decision {}", decision.id), decision.record_index))
}

async fn read_all(stored: Vec<StoredDecision>) -> Result<Vec<Decision>, AppError> {
    let size = stored.iter().map(|row| row.record.size()).sum();
    let read = move || stored.iter().map(StoredDecision::decision).collect::<Result<Vec<_>, _>>();
    Ok(blocking::run_if_large(size, read).await??)
}
