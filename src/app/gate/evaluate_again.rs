//! A waiting release is evaluated again when what it was evaluated with has moved: its policies, the
//! champion, the reference or the engine. It gets other inputs, and approvals of the earlier ones do
//! not count for them.

use crate::app::{
    Service,
    core::error::{AppError, Kind},
    gate::documents::Documents,
    gate::recompute::{self, Memo},
    gate::standing::Obstacle,
    gate::submission::Submission,
    gate::submit::Asked,
};
use crate::{
    identity::{Actor, Scope},
    model::{Decision, Outcome, ReleaseId, Trigger},
    policy::{self, Policy},
    store::{Conflict, StoredRelease},
};
use std::sync::Arc;

/// How often it is tried again because something moved during the evaluation.
const TRIES: u32 = 10;

impl Service {
    /// Evaluates a waiting release with the policies, champion and reference of today. If nothing
    /// has moved, its decision stays as it is.
    ///
    /// # Errors
    /// When the actor can neither submit nor approve; when the release does not exist, is not
    /// waiting, or was superseded; or when the database fails. Then nothing was stored.
    pub async fn evaluate_again(
        &self,
        actor: &Actor,
        id: &ReleaseId,
    ) -> Result<Decision, AppError> {
        actor.require(Scope::Submit).or_else(|_| actor.require(Scope::Approve))?;
        self.evaluate_for(actor, id, Trigger::Person).await
    }

    async fn evaluate_for(
        &self,
        actor: &Actor,
        id: &ReleaseId,
        trigger: Trigger,
    ) -> Result<Decision, AppError> {
        self.may_sign(&actor.namespace).await?;
        let mut memo = Memo::default();
        for taken in 0..TRIES {
            let stored = self.find(actor, id).await?;
            self.require_open(&stored).await?;
            self.require_newest(&stored).await?;
            if let Some(decision) = self.again(actor, (&stored, trigger), &mut memo, taken).await? {
                return Ok(decision);
            }
        }
        let message = "what this release is evaluated with keeps changing; try again";
        Err(AppError::new(Kind::Conflict, "inputs-changing", message))
    }

    /// One attempt; `None` if something moved meanwhile.
    async fn again(
        &self,
        actor: &Actor,
        (stored, trigger): (&StoredRelease, Trigger),
        memo: &mut Memo,
        taken: u32,
    ) -> Result<Option<Decision>, AppError> {
        let release = &stored.release;
        let active = self.policy_cache.current(&actor.namespace).await?;
        let applies = |p: &&Arc<Policy>| policy::applies(p, &release.model, &release.environment);
        let policies: Vec<Arc<Policy>> = active.policies.iter().filter(applies).cloned().collect();
        let latest = self.latest(stored).await?;
        let votes = self.votes_of(stored, Some(&latest)).await?;
        let votes: Vec<_> = votes.into_iter().map(|(approval, _)| approval).collect();
        let read = self.reread(&actor.namespace, &stored.inputs.evidence).await?;
        let (submission, sent) = (submission(stored, &read), Documents::stored(&read));
        let predictions = self.predictions(actor, &submission.predictions).await?;
        if !submission.predictions.is_empty() {
            // This may take long. It is done before the baseline lock is taken, and after that only
            // for what has changed.
            let compared = self.compared(&release.model, &release.environment, &policies).await?;
            let materials = (&sent, policies.as_slice(), &compared);
            self.with_computed(actor, &submission, &predictions, materials, memo).await?;
        }
        let _turn = self.turn(&release.model, &release.environment, &policies).await;
        let compared = self.compared(&release.model, &release.environment, &policies).await?;
        // A release that became the champion by its own allow is compared with the one before it.
        let compared = self.compared_before(&compared, stored).await?.unwrap_or(compared);
        let asked = Asked {
            actor,
            submission: &submission,
            predictions: &predictions,
            sent: &sent,
            release: &release.id,
            trigger,
            again: Some((stored, &votes)),
        };
        let judged = self.judge_with(&asked, (&policies, active.at), &compared, memo).await?;
        let (change, answer) = judged;
        if answer.record.inputs_digest == stored.inputs_digest {
            return Ok(Some(latest));
        }
        match self.writer.write(change).await? {
            Ok(receipt) => {
                let missing = || AppError::broken("a decision without its leaf");
                let record = receipt.record.ok_or_else(missing)?;
                self.tally.count(answer.record.verdict.verdict);
                tracing::info!(
                    namespace = %actor.namespace, release = %release.id, by = %actor.who.id,
                    verdict = %answer.record.verdict.verdict, "release evaluated again"
                );
                Ok(Some(answer.stored(release.id.clone(), record, receipt.vsa)))
            }
            Err(Conflict::AttemptsTaken) => {
                let attempts = &answer.record.inputs.attempts;
                self.reread_attempts(&release.model, &release.artifact, attempts, taken).await?;
                Ok(None)
            }
            Err(_) => Ok(None),
        }
    }

    /// The refusal of an approval whose release was evaluated with inputs that have moved since. The
    /// release is evaluated again, so that the reviewer sees what changed before they approve.
    pub(in crate::app) async fn evaluated_again(
        &self,
        actor: &Actor,
        stored: &StoredRelease,
        obstacle: Obstacle,
    ) -> Result<AppError, AppError> {
        let decision = self.evaluate_for(actor, &stored.release.id, Trigger::Policy).await?;
        let now = match decision.record.verdict.verdict {
            Outcome::Pending => "it was evaluated again; read it, and vote on what you see then",
            Outcome::Allow => "it was evaluated again, and is allowed now",
            Outcome::Deny => "it was evaluated again, and is denied now",
            Outcome::Revoked => "it is revoked now",
        };
        let message = format!("{}; {now}", obstacle.changed);
        Ok(AppError::new(Kind::Conflict, obstacle.code, message))
    }
}

/// The request that a release was made from, as far as it is needed to evaluate it.
fn submission(stored: &StoredRelease, read: &[crate::model::Submitted]) -> Submission {
    let release = &stored.release;
    let computed = read.iter().find(|document| document.evidence.computed.is_some());
    let dataset = computed.and_then(|document| document.evidence.dataset.as_ref());
    Submission {
        model: release.model.clone(),
        version: release.version.clone(),
        artifact: release.artifact,
        environment: release.environment.clone(),
        comment: release.comment.clone(),
        context: stored.inputs.context.clone(),
        evidence: Vec::new(),
        predictions: recompute::sources(read),
        dataset: dataset.and_then(|dataset| dataset.name.clone()),
        again: true,
        delivery: None,
    }
}
