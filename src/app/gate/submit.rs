//! Submission of a release: evidence and request in one call.

use crate::app::{
    Service,
    core::error::{AppError, Kind},
    core::notary::fact_entry,
    core::prover::unproved,
    gate::approve::newest,
    gate::baselines::Compared,
    gate::decide::{Question, UnplacedDecision},
    gate::documents::Documents,
    gate::recompute::{Memo, Predictions},
    gate::submission::Submission,
};
use crate::{
    identity::{Actor, Scope},
    ledger::facts::ReleaseRequested,
    model::{
        Approval, Decision, Digest, Environment, ModelId, ObserveOnly, Record, Release, ReleaseId,
        Timestamp, Trigger, Verdict,
    },
    policy::{self, Dossier, Policy, Request},
    store::{
        Change, Conflict, Expectation, NewAttempts, NewEvidence, NewRelease, Receipt,
        StoredRelease, Write,
    },
};
use std::sync::Arc;

/// How often a submission is evaluated again because its policies or baselines changed during the
/// evaluation.
const TRIES: u32 = 20;

/// The result of a submission.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The release.
    pub release: ReleaseId,
    /// Its decision.
    pub decision: Decision,
    /// Whether nothing was stored, because this same request, or one with the same inputs, had been
    /// processed before.
    pub repeated: bool,
    /// Since when the approvals that the decision rests on are too few.
    pub ended: Option<Timestamp>,
    /// The files of archives that no format recognises, which are not part of the evidence.
    pub left_out: Vec<String>,
    /// The warnings of the readers of the evidence.
    pub warnings: Vec<String>,
}

/// A submission whose documents were read.
#[derive(Clone, Copy)]
pub(in crate::app) struct Asked<'a> {
    pub(in crate::app) actor: &'a Actor,
    pub(in crate::app) submission: &'a Submission,
    pub(in crate::app) predictions: &'a Predictions,
    pub(in crate::app) sent: &'a Documents,
    /// The id of the release, if one is made.
    pub(in crate::app) release: &'a ReleaseId,
    /// What the decision is made for.
    pub(in crate::app) trigger: Trigger,
    /// The release that is evaluated again, with the votes on it.
    pub(in crate::app) again: Option<(&'a StoredRelease, &'a [Approval])>,
}

/// The result of evaluating a submission.
enum Judged {
    /// The decision on the newest release, whose inputs are the same.
    Kept(Box<Answer>),
    /// A decision that is to be stored.
    Anew(Box<(Change, UnplacedDecision)>),
}

impl Service {
    /// Reads the evidence, evaluates it, and signs and stores the decision.
    ///
    /// # Errors
    /// When the actor lacks the scope, a document cannot be read, an idempotency key is used for
    /// two requests, or the database fails; then nothing was stored.
    pub async fn submit(&self, actor: &Actor, submission: Submission) -> Result<Answer, AppError> {
        actor.require(Scope::Submit)?;
        actor.require_namespace(submission.model.namespace())?;
        submission.check()?;
        self.may_sign(&actor.namespace).await?;
        let asked = self
            .asked(actor, submission.evidence.iter().filter_map(|d| d.mapping.as_ref()))
            .await?;
        let sent = Documents::read(&submission.evidence, &asked).await?;
        let predictions = self.predictions(actor, &submission.predictions).await?;
        if let Some(made) = self.made_before(actor, submission.delivery.as_ref()).await? {
            return self.repeated(actor, &submission, &made).await;
        }
        let release: ReleaseId = self.env.new_id().parse().map_err(AppError::failed)?;
        let (model, environment) = (&submission.model, &submission.environment);
        let mut active = self.policy_cache.active(&actor.namespace).await?;
        let (mut memo, mut taken) = (Memo::default(), 0);
        for _ in 0..TRIES {
            let applies = |p: &&Arc<Policy>| policy::applies(p, model, environment);
            let policies: Vec<Arc<Policy>> =
                active.policies.iter().filter(applies).cloned().collect();
            if !submission.predictions.is_empty() {
                // This may take long. It is done before the baseline lock is taken, and after that
                // only for what has changed.
                let compared = self.compared(model, environment, &policies).await?;
                self.with_computed(
                    actor,
                    &submission,
                    &predictions,
                    (&sent, &policies, &compared),
                    &mut memo,
                )
                .await?;
            }
            let _turn = self.turn(model, environment, &policies).await;
            let compared = self.compared(model, environment, &policies).await?;
            let asked = Asked {
                actor,
                submission: &submission,
                predictions: &predictions,
                sent: &sent,
                release: &release,
                trigger: Trigger::Submission,
                again: None,
            };
            let judged = self.judged(&asked, (&policies, active.at), compared, &mut memo).await?;
            let (change, answer) = match judged {
                Judged::Kept(kept) => {
                    let (key, made) = (submission.delivery.as_ref(), kept.release.as_str());
                    self.note_delivery(&actor.namespace, key, made).await?;
                    return Ok(*kept);
                }
                Judged::Anew(judged) => *judged,
            };
            match self.writer.write(change).await? {
                Ok(receipt) => return self.stored(&asked, answer, &receipt),
                Err(Conflict::Duplicate { request, subject }) => {
                    if let Some(key) = &submission.delivery {
                        key.check(request)?;
                    }
                    return self.repeated(actor, &submission, &subject).await;
                }
                Err(Conflict::PoliciesChanged) => {
                    active = self.policy_cache.refresh(&actor.namespace).await?;
                }
                Err(Conflict::BaselineMoved) => {}
                Err(Conflict::AttemptsTaken) => {
                    let attempts = &answer.record.inputs.attempts;
                    self.reread_attempts(model, &submission.artifact, attempts, taken).await?;
                    taken += 1;
                }
                Err(Conflict::ReleaseChanged | Conflict::Known | Conflict::AccountChanged) => {
                    return Err(AppError::broken("a new release was known before"));
                }
            }
        }
        let message =
            "policies, the champion or the reference changed during the evaluation; try again";
        Err(AppError::new(Kind::Conflict, "inputs-changing", message))
    }

    /// The answer to a submission whose decision was stored.
    fn stored(
        &self,
        asked: &Asked<'_>,
        answer: UnplacedDecision,
        receipt: &Receipt,
    ) -> Result<Answer, AppError> {
        let missing = || AppError::broken("a decision without its leaf");
        let record = receipt.record.ok_or_else(missing)?;
        self.tally.count(answer.record.verdict.verdict);
        log_decision(asked.actor, asked.submission, &answer.record.verdict, asked.release);
        let release = asked.release.clone();
        let decision = answer.stored(release.clone(), record, receipt.vsa);
        let (left_out, warnings) = (asked.sent.left_out.clone(), asked.sent.warnings.clone());
        Ok(Answer { release, decision, repeated: false, ended: None, left_out, warnings })
    }

    /// What the configuration says for an environment in which policies only observe.
    fn observe_only_in(&self, model: &ModelId, environment: &Environment) -> Option<ObserveOnly> {
        self.observe_only.get(model.namespace())?.get(environment).copied()
    }

    /// Evaluates a submission. If its inputs are those of the newest release of the artifact to the
    /// environment, keeps that release.
    async fn judged(
        &self,
        asked: &Asked<'_>,
        policies: (&[Arc<Policy>], u64),
        compared: Compared,
        memo: &mut Memo,
    ) -> Result<Judged, AppError> {
        let newest =
            if asked.submission.again { None } else { self.newest(asked.submission).await? };
        let Some(newest) = newest else {
            return Ok(Judged::Anew(Box::new(
                self.judge_with(asked, policies, &compared, memo).await?,
            )));
        };
        // A release that became the champion by its own allow is compared with the champion before
        // it, as it was then.
        if let Some(before) = self.compared_before(&compared, &newest).await? {
            let (_, answer) = self.judge_with(asked, policies, &before, memo).await?;
            if let Some(kept) = self.kept(asked, &newest, &answer.record).await? {
                return Ok(Judged::Kept(Box::new(kept)));
            }
        }
        let judged = self.judge_with(asked, policies, &compared, memo).await?;
        match self.kept(asked, &newest, &judged.1.record).await? {
            Some(kept) => Ok(Judged::Kept(Box::new(kept))),
            None => Ok(Judged::Anew(Box::new(judged))),
        }
    }

    async fn newest(&self, submission: &Submission) -> Result<Option<StoredRelease>, AppError> {
        let Submission { model, artifact, environment, .. } = submission;
        self.newest_row(model, artifact, environment).await
    }

    /// The decision on the newest release, if evaluating the same inputs again gives the same
    /// findings: then a rerun of CI changes nothing and no approval is lost. Not if the approvals
    /// have expired: then people must be asked again.
    async fn kept(
        &self,
        asked: &Asked<'_>,
        newest: &StoredRelease,
        record: &Record,
    ) -> Result<Option<Answer>, AppError> {
        if newest.inputs_digest != record.inputs_digest {
            return Ok(None);
        }
        let decision = self.latest(newest).await?;
        // Evidence may have become too old since then.
        let other = decision.record.verdict.findings != record.verdict.findings;
        if other || self.ended(&decision.record).await?.is_some() {
            return Ok(None);
        }
        let Documents { left_out, warnings, .. } = asked.sent;
        let (left_out, warnings) = (left_out.clone(), warnings.clone());
        let release = newest.release.id.clone();
        tracing::info!(namespace = %asked.actor.namespace, %release, "the same inputs were decided before");
        Ok(Some(Answer { release, decision, repeated: true, ended: None, left_out, warnings }))
    }

    pub(in crate::app) async fn judge_with(
        &self,
        asked: &Asked<'_>,
        (policies, policies_at): (&[Arc<Policy>], u64),
        compared: &Compared,
        memo: &mut Memo,
    ) -> Result<(Change, UnplacedDecision), AppError> {
        let Asked { actor, submission, predictions, sent, .. } = *asked;
        let documents = self
            .with_computed(actor, submission, predictions, (sent, policies, compared), memo)
            .await?;
        let datasets = policy::needs::datasets(&documents.submitted);
        let attempts =
            self.attempts(&submission.model, &submission.artifact, policies, &datasets).await?;
        let dossier = Dossier {
            request: self.request(asked),
            policies: policies.to_vec(),
            evidence: documents.submitted.clone(),
            champion: compared.champion.clone(),
            reference: compared.reference.clone(),
            attempts,
        };
        let expects = std::iter::once(Expectation::PoliciesAt(policies_at))
            .chain(compared.baselines.iter().cloned().map(Expectation::Baseline));
        self.judge(asked, dossier, documents.rows(), expects.collect()).await
    }

    /// What the submission states about itself, as the inputs record it.
    fn request(&self, asked: &Asked<'_>) -> Request {
        let submission = asked.submission;
        // A release that another person has evaluated again keeps its submitter.
        let submitter =
            asked.again.map_or(&asked.actor.who, |(stored, _)| &stored.release.submitter);
        Request {
            model: Some(submission.model.clone()),
            artifact: Some(submission.artifact),
            environment: Some(submission.environment.clone()),
            submitter: Some(submitter.id.clone()),
            context: submission.context.clone(),
            observe_only: self.observe_only_in(&submission.model, &submission.environment),
        }
    }

    async fn judge(
        &self,
        asked: &Asked<'_>,
        dossier: Dossier,
        evidence: Vec<NewEvidence>,
        expects: Vec<Expectation>,
    ) -> Result<(Change, UnplacedDecision), AppError> {
        let (now, submission) = (self.env.now(), asked.submission);
        let attempts = dossier.attempts.clone();
        let (frozen, document) = dossier.freeze().map_err(AppError::failed)?;
        let inputs_digest = frozen.inputs_digest;
        let decided = self
            .decide(Question {
                release: asked.release.clone(),
                model: submission.model.clone(),
                environment: submission.environment.clone(),
                seq: asked.again.map_or(0, |(stored, _)| stored.decisions),
                trigger: asked.trigger,
                frozen,
                document: Some(document),
                approvals: asked.again.map(|(_, votes)| votes.to_vec()).unwrap_or_default(),
                now,
            })
            .await?;
        let (decision, answer) = decided.split();
        let (model, artifact) = (submission.model.clone(), submission.artifact);
        let mut change = Change::new(asked.actor.namespace.clone(), now);
        change.delivery =
            submission.delivery.as_ref().map(|key| key.delivery(asked.release.as_str()));
        change.expects = expects;
        change.attempts = Some(NewAttempts { model, artifact, attempts });
        change.writes.extend(evidence.into_iter().map(Write::Evidence));
        if let Some((stored, _)) = asked.again {
            change.expects.push(Expectation::Newest(newest(stored)));
        } else {
            let release = new_release(asked.actor, submission, asked.release, inputs_digest, now)?;
            change.writes.push(Write::Release(release));
        }
        change.writes.push(Write::Decision(decision));
        Ok((change, answer))
    }

    /// The answer to a repeated request, whose first processing made the release `subject`.
    async fn repeated(
        &self,
        actor: &Actor,
        submission: &Submission,
        subject: &str,
    ) -> Result<Answer, AppError> {
        let release: ReleaseId = subject.parse().map_err(AppError::failed)?;
        let stored = self.find(actor, &release).await?;
        let made = &stored.release;
        let same = made.model == submission.model
            && made.artifact == submission.artifact
            && made.environment == submission.environment;
        if !same {
            return Err(unproved("the row of an idempotency key", made.log_index));
        }
        let decision = self.latest(&stored).await?;
        let ended = self.ended(&decision.record).await?;
        Ok(Answer {
            release,
            decision,
            repeated: true,
            ended,
            left_out: Vec::new(),
            warnings: Vec::new(),
        })
    }
}

fn new_release(
    actor: &Actor,
    submission: &Submission,
    id: &ReleaseId,
    inputs_digest: Digest,
    now: Timestamp,
) -> Result<NewRelease, AppError> {
    let release = Release {
        id: id.clone(),
        model: submission.model.clone(),
        version: submission.version.clone(),
        artifact: submission.artifact,
        environment: submission.environment.clone(),
        submitter: actor.who.clone(),
        comment: submission.comment.clone(),
        requested_at: now,
        log_index: 0,
    };
    let entry = fact_entry(&ReleaseRequested {
        release: id.clone(),
        model: Some(submission.model.clone()),
        artifact: Some(submission.artifact),
        environment: Some(submission.environment.clone()),
        inputs_digest,
        submitter: actor.who.clone(),
        version: submission.version.clone(),
        comment: submission.comment.clone(),
        requested_at: now,
    })?;
    Ok(NewRelease { release, inputs_digest, entry })
}

fn log_decision(actor: &Actor, submission: &Submission, verdict: &Verdict, release: &ReleaseId) {
    tracing::info!(
        namespace = %actor.namespace, model = %submission.model, environment = %submission.environment,
        artifact = %submission.artifact, %release, verdict = %verdict.verdict, "release decided"
    );
}
