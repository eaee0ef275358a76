//! A person's vote on a release, approve or reject, and the decision that follows from it.

use crate::app::{
    Service,
    core::error::{AppError, Kind},
    core::notary::row_entry,
    core::once::DeliveryKey,
    core::text,
    gate::decide::{Question, UnplacedDecision},
    gate::standing::Obstacle,
};
use crate::{
    identity::{Actor, Denied, Scope},
    ledger::{Fact, record::documents::approval_digest},
    model::{
        Approval, Decision, Digest, Namespace, Outcome, PolicyRef, Release, ReleaseId, Trigger,
        Vote,
    },
    policy::Policy,
    store::{
        Change, Conflict, Expectation, NewApproval, Newest, Publication, StoredRelease, Write,
    },
};
use std::sync::Arc;

/// How often a vote is evaluated again because another request changed the release first.
const TRIES: u32 = 10;

/// How often one person can vote on one release. Every vote makes a decision that contains all
/// votes before it.
const MOST_VOTES: usize = 20;

/// A vote, as a person casts it.
#[derive(Debug, Clone)]
pub struct Ballot {
    /// The release.
    pub release: ReleaseId,
    /// Approve or reject.
    pub vote: Vote,
    /// The comment that they write with it.
    pub comment: String,
    /// The digest of the inputs that they saw.
    pub inputs_digest: Digest,
    /// The idempotency key of this request, if it has one.
    pub delivery: Option<DeliveryKey>,
}

impl Service {
    /// Records a person's vote on exactly the inputs that they saw, and decides again.
    ///
    /// # Errors
    /// When the actor is not a person, submitted the release themselves, holds no role that the
    /// policies ask for, or saw other inputs; when the release is not waiting for approval; or when
    /// the database fails. Then nothing was stored.
    pub async fn vote(&self, actor: &Actor, ballot: Ballot) -> Result<Decision, AppError> {
        actor.require(Scope::Approve)?;
        if !actor.is_person {
            return Err(Denied::NotAPerson.into());
        }
        text::prose("a comment", &ballot.comment, text::MAX_COMMENT)?;
        if let Some(decision) = self.repeated_ballot(actor, &ballot).await? {
            return Ok(decision);
        }
        self.may_sign(&actor.namespace).await?;
        for _ in 0..TRIES {
            let stored = self.find(actor, &ballot.release).await?;
            if let Some(decision) = self.given_before(actor, &ballot, &stored).await? {
                return Ok(decision);
            }
            if let Some(obstacle) = self.moved_since(actor, &ballot, &stored).await? {
                return Err(self.evaluated_again(actor, &stored, obstacle).await?);
            }
            let (change, answer) = self.judge_ballot(actor, &ballot, &stored).await?;
            match self.writer.write(change).await? {
                Ok(receipt) => {
                    let record = receipt
                        .record
                        .ok_or_else(|| AppError::broken("a decision without its leaf"))?;
                    self.tally.count(answer.record.verdict.verdict);
                    tracing::info!(
                        namespace = %actor.namespace, release = %ballot.release, by = %actor.who.id,
                        vote = ballot.vote.as_str(), verdict = %answer.record.verdict.verdict, "vote recorded"
                    );
                    return Ok(answer.stored(ballot.release, record, receipt.vsa));
                }
                // The release, or what it would be evaluated by, has just changed. Evaluate it
                // again, which refuses the vote if it is no longer possible.
                Err(
                    Conflict::ReleaseChanged | Conflict::PoliciesChanged | Conflict::BaselineMoved,
                ) => {}
                // The same request arrived twice at the same time. The first one is valid.
                Err(Conflict::Duplicate { .. }) => {
                    if let Some(decision) = self.repeated_ballot(actor, &ballot).await? {
                        return Ok(decision);
                    }
                }
                Err(Conflict::AttemptsTaken | Conflict::Known | Conflict::AccountChanged) => {
                    return Err(AppError::broken("a vote was refused by the batch"));
                }
            }
        }
        Err(AppError::new(
            Kind::Conflict,
            "release-changing",
            "other people voted at the same time; try again",
        ))
    }

    /// The current decision, if this same request was processed before.
    async fn repeated_ballot(
        &self,
        actor: &Actor,
        ballot: &Ballot,
    ) -> Result<Option<Decision>, AppError> {
        let Some(made) = self.made_before(actor, ballot.delivery.as_ref()).await? else {
            return Ok(None);
        };
        // An earlier version stored the digest of the body alone, which does not identify the
        // release.
        if made != ballot.release.as_str() {
            return Err(DeliveryKey::reused());
        }
        let stored = self.find(actor, &ballot.release).await?;
        Ok(Some(self.latest(&stored).await?))
    }

    /// The decision that rests on this same vote, if it was given before. Repeating a vote changes
    /// nothing and is not an error: a rerun of CI keeps its decision, so a person or a script may
    /// be asked for the same approval a second time.
    async fn given_before(
        &self,
        actor: &Actor,
        ballot: &Ballot,
        stored: &StoredRelease,
    ) -> Result<Option<Decision>, AppError> {
        let settled = stored.verdict == Outcome::Allow;
        if ballot.vote != Vote::Approve
            || !(settled || stored.verdict == Outcome::Pending)
            || stored.inputs_digest != ballot.inputs_digest
        {
            return Ok(None);
        }
        let latest = self.latest(stored).await?;
        let given = |a: &Approval| {
            a.by.id == actor.who.id
                && a.vote == Vote::Approve
                && (settled || (a.comment == ballot.comment && a.roles == actor.roles))
        };
        if !latest.record.approvals.iter().any(given) || self.ended(&latest.record).await?.is_some()
        {
            return Ok(None);
        }
        // An approval that has expired is given again.
        let counts = settled
            || self
                .counts_now(&latest.record, &stored.release.model)
                .await?
                .iter()
                .any(|c| c.people.contains(&actor.who.id));
        Ok(counts.then_some(latest))
    }

    /// What has moved since the release was evaluated, so that an approval of it would be one of what
    /// no longer holds. A rejection is valid whatever has changed since.
    ///
    /// # Errors
    /// When the actor cannot cast this vote.
    async fn moved_since(
        &self,
        actor: &Actor,
        ballot: &Ballot,
        stored: &StoredRelease,
    ) -> Result<Option<Obstacle>, AppError> {
        let policies = self.policies_of(stored).await?;
        check_ballot(actor, ballot, stored, &policies)?;
        self.require_open(stored).await?;
        self.require_newest(stored).await?;
        if ballot.vote == Vote::Reject {
            return Ok(None);
        }
        let active = self.policy_cache.current(&actor.namespace).await?;
        Ok(self.today(stored, &policies, &active).await?.obstacle)
    }

    async fn judge_ballot(
        &self,
        actor: &Actor,
        ballot: &Ballot,
        stored: &StoredRelease,
    ) -> Result<(Change, UnplacedDecision), AppError> {
        let (inputs, digest) = (stored.inputs.clone(), stored.inputs_digest);
        let frozen = self.thaw(&actor.namespace, inputs, digest).await?;
        let active = self.policy_cache.current(&actor.namespace).await?;
        let today = self.today(stored, &frozen.policies, &active).await?;
        let now = self.env.now();
        let approval = Approval {
            id: Some(self.env.new_id().parse().map_err(AppError::failed)?),
            release: Some(ballot.release.clone()),
            by: actor.who.clone(),
            roles: actor.roles.clone(),
            vote: ballot.vote,
            comment: ballot.comment.clone(),
            inputs_digest: ballot.inputs_digest,
            at: now,
        };
        // Read first: a vote that is given meanwhile may be among the rows, but not the other way round.
        let latest = self.latest(stored).await?;
        let earlier = self.votes_of(stored, Some(&latest)).await?;
        let mut approvals: Vec<Approval> =
            earlier.into_iter().map(|(approval, _)| approval).collect();
        if approvals.iter().filter(|a| a.by.id == actor.who.id).count() >= MOST_VOTES {
            let message = format!(
                "you have voted on this release {MOST_VOTES} times, the maximum for one person"
            );
            return Err(AppError::new(Kind::Conflict, "votes-too-many", message));
        }
        approvals.push(approval.clone());
        let decided = self
            .decide(Question {
                release: ballot.release.clone(),
                model: stored.release.model.clone(),
                environment: stored.release.environment.clone(),
                seq: stored.decisions,
                trigger: Trigger::Approval,
                frozen,
                document: None,
                approvals,
                now,
            })
            .await?;
        let digest = approval_digest(&approval).map_err(AppError::failed)?;
        let subject = approval.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let (decision, answer) = decided.split();
        let entry = row_entry(Fact::ApprovalGiven, &subject, &digest);
        let mut change = Change::new(actor.namespace.clone(), now)
            .with(Write::Approval(NewApproval { approval, entry }))
            .with(Write::Decision(decision));
        change.delivery = ballot.delivery.as_ref().map(|key| key.delivery(ballot.release.as_str()));
        change.expects.push(Expectation::Newest(newest(stored)));
        if ballot.vote == Vote::Approve {
            change.expects.push(Expectation::PoliciesAt(today.policies_at));
            change.expects.extend(today.baselines.into_iter().map(Expectation::Baseline));
        }
        Ok((change, answer))
    }

    /// Refuses a vote on a release that is not waiting for approval. Only a pending release is, and
    /// an allow whose approvals have expired.
    pub(in crate::app) async fn require_open(
        &self,
        stored: &StoredRelease,
    ) -> Result<(), AppError> {
        if stored.verdict == Outcome::Pending {
            return Ok(());
        }
        if stored.verdict == Outcome::Allow {
            let latest = self.latest(stored).await?;
            if self.ended(&latest.record).await?.is_some() {
                return Ok(());
            }
        }
        let message =
            format!("this release is not waiting for approval: its verdict is {}", stored.verdict);
        Err(AppError::new(Kind::Conflict, "not-pending", message))
    }

    /// The policies that a release was evaluated by, in the versions of that time.
    pub(in crate::app) async fn policies_of(
        &self,
        stored: &StoredRelease,
    ) -> Result<Vec<Arc<Policy>>, AppError> {
        self.policies_named(stored.release.model.namespace(), &stored.inputs.policies).await
    }

    /// The policies that frozen inputs name, in the versions of that time.
    pub(in crate::app) async fn policies_named(
        &self,
        namespace: &Namespace,
        references: &[PolicyRef],
    ) -> Result<Vec<Arc<Policy>>, AppError> {
        let mut policies = Vec::with_capacity(references.len());
        for reference in references {
            if let Some(known) = self.policy_cache.known(&reference.digest) {
                policies.push(known);
                continue;
            }
            let gone = || AppError::broken(format!("policy {} is gone", reference.digest));
            let policy = self
                .published_row(Publication::Policy, namespace, &reference.digest)
                .await?
                .ok_or_else(gone)?;
            policies.push(self.policy_cache.read(&policy).await?);
        }
        Ok(policies)
    }
}

/// The release that a vote is on. It must still be the newest of its artifact and environment when
/// the vote is stored.
pub(in crate::app) fn newest(stored: &StoredRelease) -> Newest {
    let Release { model, environment, artifact, log_index, .. } = &stored.release;
    Newest {
        model: model.clone(),
        environment: environment.clone(),
        artifact: *artifact,
        at: *log_index,
    }
}

fn check_ballot(
    actor: &Actor,
    ballot: &Ballot,
    stored: &StoredRelease,
    policies: &[Arc<Policy>],
) -> Result<(), AppError> {
    if stored.release.submitter.id == actor.who.id {
        let message = "you submitted this release, so another person must approve it";
        return Err(AppError::new(Kind::Forbidden, "own-release", message));
    }
    if stored.inputs_digest != ballot.inputs_digest {
        let message = "this release now has other inputs than those you saw; read it again";
        return Err(AppError::new(Kind::Conflict, "inputs-changed", message));
    }
    let asked = |role: &String| policies.iter().flat_map(|p| &p.approvals).any(|a| a.role == *role);
    if !actor.roles.iter().any(asked) {
        let message = "this release needs no approval from a role that you hold";
        return Err(AppError::new(Kind::Forbidden, "role-not-asked", message));
    }
    Ok(())
}
