//! Releases, decisions and votes against their entries.

use super::{Decided, Prover, REMEMBERED, lock, unproved};
use crate::{
    app::core::{blocking, error::AppError},
    ledger::{
        Entry, Fact,
        facts::ReleaseRequested,
        record::{Stated, documents::approval_digest},
    },
    model::{Approval, Decision, DecisionId, Digest, Inputs, Namespace, Release},
    store::{ListedRelease, StoredDecision, StoredEvidence},
};
use std::sync::Arc;

impl Prover {
    /// Refuses a decision whose signed bytes are not those of its entries.
    ///
    /// # Errors
    /// `row-unproved` when they are not; when the database fails.
    pub(in crate::app) async fn decision(
        &self,
        namespace: &Namespace,
        stored: &StoredDecision,
    ) -> Result<(), AppError> {
        let record = (stored.record.statement.as_slice(), stored.record_signature.as_slice());
        self.statement(namespace, "decision-record", stored, record, stored.record_index).await?;
        match (&stored.vsa, stored.vsa_index) {
            (Some((payload, signature)), Some(index)) => {
                let summary = (payload.as_slice(), signature.as_slice());
                self.statement(namespace, "decision-summary", stored, summary, index).await
            }
            (None, None) => Ok(()),
            _ => Err(unproved("the summary of a decision", stored.record_index)),
        }
    }

    /// What the record at `index` says. It is remembered, because a record never changes.
    ///
    /// # Errors
    /// `row-unproved` when there is no such record, or its bytes are not those of its entry; when
    /// the database fails.
    pub(in crate::app) async fn decided(
        &self,
        namespace: &Namespace,
        index: u64,
    ) -> Result<Arc<Decided>, AppError> {
        let key = (namespace.clone(), index);
        if let Some(known) = lock(&self.decided).get(&key) {
            return Ok(known.clone());
        }
        let stored = self.store.decision_at(namespace, index).await?;
        let stored = stored.ok_or_else(|| unproved("a decision", index))?;
        self.decision(namespace, &stored).await?;
        let decided = Arc::new(decided(stored).await?);
        let mut known = lock(&self.decided);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, decided.clone());
        Ok(decided)
    }

    async fn statement(
        &self,
        namespace: &Namespace,
        kind: &str,
        stored: &StoredDecision,
        (payload, signature): (&[u8], &[u8]),
        index: u64,
    ) -> Result<(), AppError> {
        let proved = self.entry(namespace, index).await?;
        let signed = matches!(
            &proved.entry,
            Entry::Signed(signed) if signed.payload == Digest::of(payload) && signed.signature == signature
        );
        if signed && proved.kind == kind && proved.subject == stored.id.as_str() {
            return Ok(());
        }
        Err(unproved(&format!("decision {}", stored.id), index))
    }

    /// Refuses the record of a decision, without its signature, that is not that of its entry.
    ///
    /// # Errors
    /// `row-unproved` when it is not; when the database fails.
    pub(in crate::app) async fn record(
        &self,
        namespace: &Namespace,
        id: &DecisionId,
        (record, index): (Digest, u64),
    ) -> Result<(), AppError> {
        let proved = self.entry(namespace, index).await?;
        let same = matches!(&proved.entry, Entry::Signed(signed) if signed.payload == record);
        if same && proved.kind == "decision-record" && proved.subject == id.as_str() {
            return Ok(());
        }
        Err(unproved(&format!("decision {id}"), index))
    }

    /// Refuses a release whose row is not what was requested, or whose inputs are of another one.
    /// `requested` is the digest of its first inputs.
    ///
    /// # Errors
    /// `row-unproved` when it is not; when the database fails.
    pub(in crate::app) async fn release(
        &self,
        release: &Release,
        requested: &Digest,
        (inputs, inputs_digest): (&Inputs, &Digest),
    ) -> Result<(), AppError> {
        let same = inputs.digest().is_ok_and(|digest| digest == *inputs_digest)
            && inputs.model.as_ref() == Some(&release.model)
            && inputs.artifact.as_ref() == Some(&release.artifact)
            && inputs.environment.as_ref() == Some(&release.environment);
        if same && self.request(release, requested).await?.is_some() {
            return Ok(());
        }
        Err(unproved(&format!("release {}", release.id), release.log_index))
    }

    /// Whether the entry of a release states all of its row; false for an entry of version 1, in
    /// which only the inputs state model, artifact and environment. `None` if it states another.
    async fn request(
        &self,
        release: &Release,
        inputs_digest: &Digest,
    ) -> Result<Option<bool>, AppError> {
        let namespace = release.model.namespace();
        let requested: ReleaseRequested = self.fact(namespace, release.log_index).await?;
        let same = requested.release == release.id
            && requested.model.as_ref().is_none_or(|model| *model == release.model)
            && requested.artifact.is_none_or(|artifact| artifact == release.artifact)
            && requested.environment.as_ref().is_none_or(|e| *e == release.environment)
            && requested.inputs_digest == *inputs_digest
            && requested.submitter == release.submitter
            && requested.version == release.version
            && requested.comment == release.comment
            && requested.requested_at == release.requested_at;
        let whole = requested.model.is_some()
            && requested.artifact.is_some()
            && requested.environment.is_some();
        Ok(same.then_some(whole))
    }

    /// The request at `index`.
    ///
    /// # Errors
    /// `row-unproved` when the entry is no request; when the database fails.
    pub(in crate::app) async fn requested(
        &self,
        namespace: &Namespace,
        index: u64,
    ) -> Result<ReleaseRequested, AppError> {
        self.fact(namespace, index).await
    }

    /// Refuses a release of a list, which has no inputs. False if only the inputs can prove it.
    ///
    /// # Errors
    /// `row-unproved` when its row is not what was requested; when the database fails.
    pub(in crate::app) async fn listed(&self, listed: &ListedRelease) -> Result<bool, AppError> {
        let ListedRelease { release, requested_digest, .. } = listed;
        let stated = self.request(release, requested_digest).await?;
        stated.ok_or_else(|| unproved(&format!("release {}", release.id), release.log_index))
    }

    /// Refuses an approval that was not logged as it is.
    ///
    /// # Errors
    /// `row-unproved` when it was not; when the database fails.
    pub(in crate::app) async fn approval(
        &self,
        namespace: &Namespace,
        approval: &Approval,
        index: u64,
    ) -> Result<(), AppError> {
        let proved = self.entry(namespace, index).await?;
        let digest = approval_digest(approval).map_err(AppError::failed)?;
        let id = approval.id.as_ref().map(ToString::to_string).unwrap_or_default();
        if proved.entry == (Entry::Fact { fact: Fact::ApprovalGiven, hash: digest })
            && proved.subject == id
        {
            return Ok(());
        }
        Err(unproved(&format!("approval {id}"), index))
    }

    /// Refuses a document of evidence whose entry is not that of its bytes.
    ///
    /// # Errors
    /// `row-unproved` when it is not; when the database fails.
    pub(in crate::app) async fn evidence(
        &self,
        namespace: &Namespace,
        stored: &StoredEvidence,
    ) -> Result<(), AppError> {
        let proved = self.entry(namespace, stored.log_index).await?;
        if proved.entry == (Entry::Fact { fact: Fact::EvidenceAccepted, hash: stored.digest }) {
            return Ok(());
        }
        Err(unproved(&format!("evidence {}", stored.digest), stored.log_index))
    }
}

/// What a proved record says. One of version 2 says it without its documents.
async fn decided(stored: StoredDecision) -> Result<Decided, AppError> {
    if let Stated::V2(said) = stored.record.stated()? {
        if !stored.row().is_of(&said) || said.verdict != stored.verdict {
            return Err(unproved(&format!("decision {}", stored.id), stored.record_index));
        }
        return Ok(Decided {
            release: said.release,
            verdict: said.verdict,
            inputs_digest: said.inputs_digest,
            model: Some(said.model),
            artifact: Some(said.artifact),
            environment: Some(said.environment),
        });
    }
    let decision = read_decision(stored).await?;
    Ok(Decided {
        release: decision.release,
        verdict: decision.record.verdict.verdict,
        inputs_digest: decision.record.inputs_digest,
        model: decision.record.inputs.model,
        artifact: decision.record.inputs.artifact,
        environment: decision.record.inputs.environment,
    })
}

/// The decision in a row, whose record may be large. The row's verdict must be that of the record.
pub(in crate::app) async fn read_decision(stored: StoredDecision) -> Result<Decision, AppError> {
    Ok(blocking::run_if_large(stored.record.size(), move || stored.decision()).await??)
}
