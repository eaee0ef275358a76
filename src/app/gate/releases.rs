//! Reads releases, decisions and evidence, and answers the gate question of deploy tools.

use crate::app::{
    Service, core::blocking, core::error::AppError, core::prover::read_decision,
    core::prover::unproved, gate::proved::belongs, gate::standing::Standing,
};
use crate::{
    identity::{Actor, Scope},
    model::{
        Approval, Decision, DecisionId, Digest, Environment, ModelId, Namespace, Outcome, Release,
        ReleaseId,
    },
    report::LogIndexes,
    store::{
        Asking, Filter, ListedRelease, Page, StoreError, StoredCurrent, StoredDecision,
        StoredEvidence, StoredRelease,
    },
};

/// A release with its whole history.
#[derive(Debug, Clone)]
pub struct History {
    /// The release and its inputs.
    pub stored: StoredRelease,
    /// Its decisions, oldest first.
    pub decisions: Vec<Decision>,
    /// Its votes with their log indexes, oldest first.
    pub approvals: Vec<(Approval, u64)>,
    /// Its current state.
    pub standing: Standing,
}

/// A release with its latest decision, as lists show it.
#[derive(Debug, Clone)]
pub struct Current {
    /// The release.
    pub release: Release,
    /// The latest decision.
    pub decision: Decision,
    /// How far its requirements are met now, and whether the approvals of an allow have ended.
    /// Other changes are not included; the release's page shows them.
    pub standing: Standing,
    /// The digest of the inputs that it was first evaluated with.
    requested_digest: Digest,
}

impl Current {
    fn read(stored: StoredCurrent) -> Result<Self, StoreError> {
        let decision = stored.decision()?;
        let requested_digest = stored.requested_digest;
        let verdict = &decision.record.verdict;
        let standing = Standing {
            open: verdict.verdict == Outcome::Pending,
            approvals: verdict.approvals.clone(),
            ..Standing::default()
        };
        Ok(Self { requested_digest, release: stored.release, decision, standing })
    }
}

impl Service {
    pub(in crate::app) async fn find(
        &self,
        actor: &Actor,
        id: &ReleaseId,
    ) -> Result<StoredRelease, AppError> {
        let found = self.release_row(&actor.namespace, id).await?;
        found.ok_or_else(|| AppError::not_found("release"))
    }

    /// A release with its whole history.
    ///
    /// # Errors
    /// When no release has that id, the actor lacks the scope, or the database fails.
    pub async fn history(&self, actor: &Actor, id: &ReleaseId) -> Result<History, AppError> {
        actor.require(Scope::Read)?;
        let stored = self.find(actor, id).await?;
        let decisions = self.decisions_of(&stored).await?;
        let approvals = self.votes_of(&stored, decisions.last()).await?;
        let standing = match decisions.last() {
            Some(latest) => self.standing(&stored, &latest.record).await?,
            None => Standing::default(),
        };
        Ok(History { stored, decisions, approvals, standing })
    }

    /// Releases of the actor's namespace, newest first.
    ///
    /// # Errors
    /// When the actor lacks the scope, or the database fails.
    pub async fn releases(
        &self,
        actor: &Actor,
        filter: &Filter,
    ) -> Result<Vec<ListedRelease>, AppError> {
        actor.require(Scope::Read)?;
        let list = self.store.releases(&actor.namespace, filter).await?;
        for listed in &list {
            self.prove_listed(&actor.namespace, listed).await?;
        }
        Ok(list)
    }

    /// At most `limit` pending releases of the actor's namespace with their latest decisions, oldest
    /// first. Only those that were requested after the entry `after`.
    ///
    /// # Errors
    /// When the actor lacks the scope, or the database fails.
    pub async fn pending(
        &self,
        actor: &Actor,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Current>, AppError> {
        actor.require(Scope::Read)?;
        let stored = self.store.pending(&actor.namespace, after, limit).await?;
        self.current_of(&actor.namespace, stored).await
    }

    /// Releases of the actor's namespace with their latest decisions, newest first.
    ///
    /// # Errors
    /// As [`Service::pending`].
    pub async fn current(&self, actor: &Actor, filter: &Filter) -> Result<Vec<Current>, AppError> {
        actor.require(Scope::Read)?;
        let stored = self.store.current(&actor.namespace, filter).await?;
        self.current_of(&actor.namespace, stored).await
    }

    /// Proves releases with their latest decisions, and reads them.
    async fn current_of(
        &self,
        namespace: &Namespace,
        stored: Vec<StoredCurrent>,
    ) -> Result<Vec<Current>, AppError> {
        for one in &stored {
            let release = &one.release;
            let missing =
                || unproved(&format!("the decisions on release {}", release.id), release.log_index);
            let (decision, digest, index) = one.record().ok_or_else(missing)?;
            self.prover.record(namespace, decision, (digest, index)).await?;
        }
        let read = move || stored.into_iter().map(Current::read).collect::<Result<Vec<_>, _>>();
        let mut current = blocking::run(read).await??;
        for one in &mut current {
            self.prove_current(one).await?;
            // Without approvals, none can have expired.
            let record = &one.decision.record;
            if !record.approvals.is_empty() {
                one.standing.approvals = self.counts_now(record, &one.release.model).await?;
                one.standing.ended = self.ended(record).await?;
            }
        }
        Ok(current)
    }

    async fn prove_listed(
        &self,
        namespace: &Namespace,
        listed: &ListedRelease,
    ) -> Result<(), AppError> {
        let release = &listed.release;
        let other =
            || unproved(&format!("the verdict of release {}", release.id), release.log_index);
        if !self.prover.listed(listed).await? {
            // Only the inputs can prove a row of an earlier version.
            self.release_row(namespace, &release.id).await?;
        }
        let decided = self.prover.decided(namespace, listed.decided_at.ok_or_else(other)?).await?;
        let same = decided.is_of(release) && decided.verdict == listed.verdict;
        if same { Ok(()) } else { Err(other()) }
    }

    async fn prove_current(&self, current: &Current) -> Result<(), AppError> {
        let Current { release, decision, requested_digest, .. } = current;
        let signed = &decision.record;
        self.prover
            .release(release, requested_digest, (&signed.inputs, &signed.inputs_digest))
            .await?;
        belongs(release, decision)
    }

    /// The models of the actor's namespace, those with the latest release request first.
    ///
    /// # Errors
    /// When the actor lacks the scope, or the database fails.
    pub async fn models(&self, actor: &Actor, page: Page) -> Result<Vec<Asking>, AppError> {
        actor.require(Scope::Read)?;
        Ok(self.store.models(&actor.namespace, page).await?)
    }

    /// A decision.
    ///
    /// # Errors
    /// When no decision has that id, the actor lacks the scope, or the database fails.
    pub async fn decision(
        &self,
        actor: &Actor,
        id: &DecisionId,
    ) -> Result<StoredDecision, AppError> {
        actor.require(Scope::Read)?;
        self.decision_in(&actor.namespace, id).await
    }

    /// A decision, read from its signed bytes.
    ///
    /// # Errors
    /// As [`Service::decision`].
    pub async fn decision_read(
        &self,
        actor: &Actor,
        id: &DecisionId,
    ) -> Result<Decision, AppError> {
        read_decision(self.decision(actor, id).await?).await
    }

    pub(in crate::app) async fn decision_in(
        &self,
        namespace: &Namespace,
        id: &DecisionId,
    ) -> Result<StoredDecision, AppError> {
        let found = self.decision_row(namespace, id).await?;
        found.ok_or_else(|| AppError::not_found("decision"))
    }

    /// A document of evidence.
    ///
    /// # Errors
    /// When no document has that digest, the actor lacks the scope, or the database fails.
    pub async fn evidence(
        &self,
        actor: &Actor,
        digest: &Digest,
    ) -> Result<StoredEvidence, AppError> {
        actor.require(Scope::Read)?;
        let found = self.evidence_row(&actor.namespace, digest).await?;
        found.ok_or_else(|| AppError::not_found("evidence"))
    }

    /// Whether that artifact is allowed in that environment now: the latest decision on its newest
    /// release, and the release's current state. `None` if no release was ever requested.
    ///
    /// # Errors
    /// When the actor lacks the scope, or the database fails.
    pub async fn gate(
        &self,
        actor: &Actor,
        model: &ModelId,
        artifact: &Digest,
        environment: &Environment,
    ) -> Result<Option<(Decision, Standing)>, AppError> {
        actor.require(Scope::Read)?;
        actor.require_namespace(model.namespace())?;
        let known = self.heads.remembered(&actor.namespace);
        let newest = self.newest_row(model, artifact, environment).await?;
        let found = match newest {
            None => None,
            Some(stored) => {
                let latest = self.latest(&stored).await?;
                let standing = self.standing_of_newest(&stored, &latest.record).await?;
                Some((latest, standing))
            }
        };
        // An older state of the database could still allow what was denied later.
        self.health.after_read(&actor.namespace, known).await?;
        Ok(found)
    }

    /// The first `most` environments, by name, for which a release was ever requested in the
    /// actor's namespace.
    ///
    /// # Errors
    /// When the actor lacks the scope, or the database fails.
    pub async fn environments(&self, actor: &Actor, most: u32) -> Result<Vec<String>, AppError> {
        actor.require(Scope::Read)?;
        Ok(self.store.environments(&actor.namespace, most).await?)
    }

    /// A release with the data that its page and its report show: its history, and the log indexes
    /// of its evidence.
    ///
    /// # Errors
    /// As [`Service::history`].
    pub async fn story(
        &self,
        actor: &Actor,
        id: &ReleaseId,
    ) -> Result<(History, LogIndexes), AppError> {
        let history = self.history(actor, id).await?;
        let mut indexes = LogIndexes::default();
        for (approval, index) in &history.approvals {
            if let Some(id) = &approval.id {
                indexes.approvals.insert(id.clone(), *index);
            }
        }
        for reference in &history.stored.inputs.evidence {
            if let Some(index) =
                self.store.evidence_index(&actor.namespace, &reference.digest).await?
            {
                indexes.evidence.insert(reference.digest, index);
            }
        }
        Ok((history, indexes))
    }
}

impl History {
    /// The votes, without their log indexes.
    pub fn votes(&self) -> Vec<Approval> {
        self.approvals.iter().map(|(approval, _)| approval.clone()).collect()
    }

    /// The latest decision.
    pub fn latest(&self) -> Option<&Decision> {
        self.decisions.last()
    }
}
