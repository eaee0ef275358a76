//! The reference: a pinned artifact that changes only when two people agree.

use crate::app::{
    Service,
    core::commit::Stored,
    core::error::{AppError, Kind},
    core::notary::fact_entry,
    core::once::DeliveryKey,
    core::text,
};
use crate::{
    identity::{Actor, Denied, Scope},
    ledger::facts::{ReferenceApproved, ReferenceProposed},
    model::{Digest, Environment, ModelId},
    policy,
    store::{Change, NewPin, NewProposal, Page, Proposal, ProposedReference, Write},
};

/// A proposal of an artifact that others are compared with.
#[derive(Debug, Clone)]
pub struct NewReference {
    /// The model.
    pub model: ModelId,
    /// The environment in which it is the reference.
    pub environment: Environment,
    /// The artifact, which must be allowed there.
    pub artifact: Digest,
    /// The reason.
    pub comment: String,
    /// The idempotency key of this request, if it has one.
    pub delivery: Option<DeliveryKey>,
}

/// The reference in force, and the proposals.
#[derive(Debug, Clone)]
pub struct References {
    /// The pin in force: the latest that was approved.
    pub in_force: Option<Proposal>,
    /// Proposals, newest first, including approved ones.
    pub proposals: Vec<Proposal>,
}

impl Service {
    /// Proposes to pin an artifact as the reference. It is pinned once another person approves.
    ///
    /// # Errors
    /// When the actor lacks the scope, the artifact is not allowed in the environment, or the
    /// database fails.
    pub async fn propose_reference(
        &self,
        actor: &Actor,
        new: NewReference,
    ) -> Result<Proposal, AppError> {
        // Permitted for an actor who can submit releases, and for one who can approve them: another
        // person must approve the proposal in any case.
        actor.require(Scope::Submit).or_else(|_| actor.require(Scope::Approve))?;
        actor.require_namespace(new.model.namespace())?;
        text::prose("a comment", &new.comment, text::MAX_COMMENT)?;
        if let Some(made) = self.made_before(actor, new.delivery.as_ref()).await? {
            return self.proposal(actor, &made).await;
        }
        let (model, environment) = (&new.model, &new.environment);
        let release =
            self.store.allowed_release(&actor.namespace, model, environment, &new.artifact).await?;
        let release = release.ok_or_else(|| {
            let message = format!(
                "{} is not allowed in {environment}; only an allowed artifact can be the reference",
                new.artifact
            );
            AppError::invalid("reference-not-allowed", message)
        })?;
        let now = self.env.now();
        let proposal = ProposedReference {
            id: self.env.new_id(),
            model: new.model,
            environment: new.environment,
            artifact: new.artifact,
            release,
            comment: new.comment,
            by: actor.who.clone(),
        };
        let entry = fact_entry(&ReferenceProposed {
            proposal: proposal.id.clone(),
            model: proposal.model.clone(),
            environment: proposal.environment.clone(),
            artifact: proposal.artifact,
            release: proposal.release.clone(),
            comment: proposal.comment.clone(),
            proposed_by: actor.who.clone(),
            proposed_at: now,
        })?;
        let id = proposal.id.clone();
        let mut change = Change::new(actor.namespace.clone(), now)
            .with(Write::Proposal(NewProposal { proposal, entry }));
        change.delivery = new.delivery.as_ref().map(|key| key.delivery(&id));
        match self.commit(change, new.delivery.as_ref()).await? {
            Stored::Before(made) => self.proposal(actor, &made).await,
            Stored::Now(_) | Stored::Known => self.proposal(actor, &id).await,
        }
    }

    /// Pins an artifact that another person proposed: from now on it is the reference. Approving
    /// twice changes nothing.
    ///
    /// # Errors
    /// When the actor is not a person, made the proposal, or holds no role that releases to that
    /// environment ask for; when the proposal does not exist, or its artifact is no longer allowed;
    /// or when the database fails.
    pub async fn approve_reference(
        &self,
        actor: &Actor,
        id: &str,
        comment: &str,
        delivery: Option<&DeliveryKey>,
    ) -> Result<Proposal, AppError> {
        actor.require(Scope::Approve)?;
        if !actor.is_person {
            return Err(Denied::NotAPerson.into());
        }
        text::prose("a comment", comment, text::MAX_COMMENT)?;
        if let Some(made) = self.made_before(actor, delivery).await? {
            return self.proposal(actor, &made).await;
        }
        let Proposal { proposal, pin, .. } = self.proposal(actor, id).await?;
        if proposal.by.id == actor.who.id {
            let message = "you proposed this reference, so another person must approve it";
            return Err(AppError::new(Kind::Forbidden, "own-reference", message));
        }
        self.check_role(actor, &proposal).await?;
        if pin.is_some() {
            self.note_delivery(&actor.namespace, delivery, id).await?;
            return self.proposal(actor, id).await;
        }
        let (model, environment) = (&proposal.model, &proposal.environment);
        if self
            .store
            .allowed_release(&actor.namespace, model, environment, &proposal.artifact)
            .await?
            .is_none()
        {
            let message = format!(
                "{} is no longer allowed in {environment}; propose another",
                proposal.artifact
            );
            return Err(AppError::new(Kind::Conflict, "reference-not-allowed", message));
        }
        let now = self.env.now();
        let entry = fact_entry(&ReferenceApproved {
            proposal: id.to_owned(),
            model: model.clone(),
            environment: environment.clone(),
            artifact: proposal.artifact,
            comment: comment.to_owned(),
            approved_by: actor.who.clone(),
            roles: actor.roles.clone(),
            approved_at: now,
        })?;
        let pin = NewPin { proposal, comment: comment.to_owned(), by: actor.who.clone(), entry };
        let mut change = Change::new(actor.namespace.clone(), now).with(Write::Pin(pin));
        change.delivery = delivery.map(|key| key.delivery(id));
        // Two people may approve at the same time: the artifact is pinned once.
        self.commit(change, delivery).await?;
        tracing::info!(namespace = %actor.namespace, proposal = id, by = %actor.who.id, "reference pinned");
        self.proposal(actor, id).await
    }

    /// The reference of a model in an environment, and a page of the proposals.
    ///
    /// # Errors
    /// When the actor lacks the scope, or the database fails.
    pub async fn references(
        &self,
        actor: &Actor,
        model: &ModelId,
        environment: &Environment,
        page: Page,
    ) -> Result<References, AppError> {
        actor.require(Scope::Read)?;
        actor.require_namespace(model.namespace())?;
        let proposals = self.store.proposals(&actor.namespace, model, environment, page).await?;
        for proposal in &proposals {
            self.prover.proposal(&actor.namespace, proposal, None).await?;
        }
        let in_force = self.pinned_row(model, environment).await?;
        Ok(References { in_force, proposals })
    }

    async fn proposal(&self, actor: &Actor, id: &str) -> Result<Proposal, AppError> {
        self.proposal_row(&actor.namespace, id)
            .await?
            .ok_or_else(|| AppError::not_found("reference"))
    }

    /// Checks the actor's roles. If policies require certain roles to approve releases, one of
    /// these roles is also required to change the reference that releases are compared with.
    async fn check_role(
        &self,
        actor: &Actor,
        proposal: &ProposedReference,
    ) -> Result<(), AppError> {
        let active = self.policy_cache.refresh(&actor.namespace).await?;
        let applying = active
            .policies
            .iter()
            .filter(|p| policy::applies(p, &proposal.model, &proposal.environment));
        let roles: Vec<&String> =
            applying.flat_map(|p| p.approvals.iter().map(|a| &a.role)).collect();
        if roles.is_empty() || actor.roles.iter().any(|role| roles.contains(&role)) {
            return Ok(());
        }
        let message =
            "releases of this model to this environment are approved by roles that you do not hold";
        Err(AppError::new(Kind::Forbidden, "role-not-asked", message))
    }
}
