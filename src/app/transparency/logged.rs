//! The entries of everything that a decision was made from: what an export proves to have been in
//! the log before it.

use crate::app::{Service, core::error::AppError, core::prover::unproved};
use crate::{
    ledger::{
        Fact, Proof,
        export::{self, Logged, Subject},
        record::documents::approval_digest,
    },
    model::{Decision, Digest, Namespace},
    store::{LogHead, Publication},
};
use std::collections::BTreeMap;

/// The request of a release, and the entries of the decision's documents.
pub(super) struct Entries {
    pub(super) release: Vec<u8>,
    pub(super) logged: Vec<Logged>,
}

impl Service {
    /// The entries of a decision, proved under `head`.
    ///
    /// # Errors
    /// `row-unproved` when one is not in the log; when the database fails.
    pub(super) async fn entries_of(
        &self,
        namespace: &Namespace,
        head: &LogHead,
        decision: &Decision,
    ) -> Result<Entries, AppError> {
        let index = decision.record_index;
        let missing = || unproved("the release of a decision", index);
        let stored = self.release_row(namespace, &decision.release).await?.ok_or_else(missing)?;
        let requested_at = stored.release.log_index;
        let (_, release) = self.prover.leaf(namespace, requested_at).await?;
        let release = release.ok_or_else(missing)?;
        let mut votes = BTreeMap::new();
        for (approval, at) in self.votes_of(&stored, Some(decision)).await? {
            votes.insert(approval_digest(&approval).map_err(AppError::failed)?, at);
        }
        let subjects = export::subjects(&decision.record, &release).map_err(AppError::failed)?;
        let mut places = Vec::with_capacity(subjects.len());
        for (fact, digest) in subjects {
            let at = match fact {
                Fact::ReleaseRequested => Some(requested_at),
                Fact::ApprovalGiven => votes.get(&digest).copied(),
                _ => self.entry_of(namespace, (fact, digest)).await?,
            };
            // One that came after the record would prove nothing.
            let at = at.filter(|at| *at < index);
            let gone = || unproved(&format!("the entry of {digest}"), index);
            places.push(((fact, digest), at.ok_or_else(gone)?));
        }
        let indexes: Vec<u64> = places.iter().map(|(_, at)| *at).collect();
        self.prover.learn(namespace, indexes.iter().copied()).await?;
        let proofs = self.proofs_under(namespace, head, &indexes).await?;
        let mut logged = Vec::with_capacity(places.len());
        for ((subject, at), proof) in places.into_iter().zip(proofs) {
            logged.push(self.logged(namespace, subject, at, proof).await?);
        }
        Ok(Entries { release, logged })
    }

    /// The index of the entry about a document, if it has one; of a policy or mapping that was
    /// published again, that of its first version.
    async fn entry_of(
        &self,
        namespace: &Namespace,
        (fact, digest): Subject,
    ) -> Result<Option<u64>, AppError> {
        let of = match fact {
            Fact::PolicyPublished => Publication::Policy,
            Fact::MappingPublished => Publication::Mapping,
            _ => return Ok(self.store.evidence_index(namespace, &digest).await?),
        };
        let published = self.store.published(of, namespace, &digest).await?;
        Ok(published.map(|published| published.log_index))
    }

    async fn logged(
        &self,
        namespace: &Namespace,
        subject: Subject,
        at: u64,
        proof: Proof,
    ) -> Result<Logged, AppError> {
        let (leaf, document) = self.prover.leaf(namespace, at).await?;
        // The document itself is elsewhere in the export.
        let fact = document.filter(|document| Digest::of(document) != subject.1);
        let logged = Logged { subject, leaf, proof, fact };
        if logged.is_about() {
            return Ok(logged);
        }
        Err(unproved(&format!("document {}", subject.1), at))
    }
}
