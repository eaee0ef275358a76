//! An exported decision: every file that is needed to verify and replay it without this service.

use super::logged::Entries;
use crate::app::{
    Service,
    core::error::AppError,
    core::places::Place,
    core::prover::{read_decision, unproved_document},
};
use crate::{
    identity::{Actor, Scope},
    ledger::{
        Envelope, VerifierKey, bundle,
        export::{self, Details, File, Folder, Listing, Parts, Signed},
        record::Stated,
    },
    model::{DecisionId, Digest, Namespace},
    store::{LogHead, Publication, Store, StoredDecision},
};
use std::collections::{BTreeMap, VecDeque};

/// The most exports at once, of all namespaces and of one. Each keeps one document in memory.
pub(in crate::app) const OPEN: (usize, usize) = (4, 2);

/// A signed statement and its leaf, as they were stored.
struct Statement {
    envelope: Vec<u8>,
    leaf: Vec<u8>,
    proof: crate::ledger::Proof,
}

impl Statement {
    fn parts(&self) -> Signed<'_> {
        Signed { envelope: &self.envelope, leaf: &self.leaf, proof: &self.proof }
    }
}

/// The parts of an export, except for its documents.
struct Frame {
    record: Statement,
    summary: Option<Statement>,
    /// What a record of version 2 has besides.
    entries: Option<Entries>,
    log: VerifierKey,
}

impl Frame {
    fn files(&self, stored: &StoredDecision) -> Result<(Vec<File>, Listing), AppError> {
        let (Some(Entries { release, logged }), Stated::V2(said)) =
            (&self.entries, stored.record.stated()?)
        else {
            return export::frame(&self.parts(None)).map_err(AppError::failed);
        };
        let files = stored.record.with_documents(&said, |documents| {
            export::frame(&self.parts(Some(Details { documents, release, logged })))
        });
        Ok(files?)
    }

    fn parts<'p>(&'p self, details: Option<Details<'p>>) -> Parts<'p> {
        const NONE: &BTreeMap<Digest, Vec<u8>> = &BTreeMap::new();
        let summary = self.summary.as_ref().map(Statement::parts);
        Parts { record: self.record.parts(), details, summary, documents: NONE, log: &self.log }
    }
}

impl Service {
    /// Exports a decision. Its files are read one at a time, because evidence may be large.
    ///
    /// # Errors
    /// When the decision does not exist, the actor lacks the scope, too many exports are open, or
    /// the database fails.
    pub async fn export_decision(
        &self,
        actor: &Actor,
        id: &DecisionId,
    ) -> Result<Export, AppError> {
        actor.require(Scope::Read)?;
        let namespace = &actor.namespace;
        let place = self.exports.enter(namespace).await?;
        let stored = self.decision_in(namespace, id).await?;
        let head = self.checkpoint(namespace).await?;
        let signed = (stored.record.statement.as_slice(), stored.record_signature.as_slice());
        let record =
            self.statement(namespace, &head, &stored.kid, signed, stored.record_index).await?;
        let summary = match (&stored.vsa, stored.vsa_index) {
            (Some((payload, signature)), Some(index)) => {
                let signed = (payload.as_slice(), signature.as_slice());
                Some(self.statement(namespace, &head, &stored.kid, signed, index).await?)
            }
            _ => None,
        };
        let decision = read_decision(stored.clone()).await?;
        let entries = match decision.trigger {
            Some(_) => Some(self.entries_of(namespace, &head, &decision).await?),
            None => None,
        };
        let frame = Frame { record, summary, entries, log: self.log_key(namespace).await? };
        let (mut files, Listing { documents, after }) = frame.files(&stored)?;
        let last = files.split_off(files.len().saturating_sub(after));
        Ok(Export {
            store: self.store.clone(),
            namespace: namespace.clone(),
            files: files.into(),
            documents: documents.into(),
            last: last.into(),
            _place: place,
        })
    }

    async fn statement(
        &self,
        namespace: &Namespace,
        head: &LogHead,
        keyid: &str,
        (payload, signature): (&[u8], &[u8]),
        index: u64,
    ) -> Result<Statement, AppError> {
        let envelope = Envelope {
            payload: payload.to_vec(),
            keyid: keyid.to_owned(),
            signature: signature.to_vec(),
        }
        .to_bytes();
        let gone = || AppError::broken(format!("entry {index} of {namespace} is gone"));
        let leaf = self.store.entries(namespace, index, 1).await?.pop().ok_or_else(gone)?.body;
        Ok(Statement { envelope, leaf, proof: self.proof_under(namespace, head, index).await? })
    }

    /// The public keys of a namespace, as the files that `verify --trust` reads.
    ///
    /// # Errors
    /// When a key cannot be encoded, or the database fails.
    pub async fn trust(&self, namespace: &Namespace) -> Result<Vec<(String, Vec<u8>)>, AppError> {
        let files = export::trust(self.notary.decision_key(), &self.log_key(namespace).await?)
            .map_err(AppError::failed)?;
        Ok(files
            .into_iter()
            .map(|(path, bytes)| (path.trim_start_matches("trust/").to_owned(), bytes))
            .collect())
    }

    /// The keys that verify decisions, as a JSON Web Key Set.
    ///
    /// # Errors
    /// When a key cannot be encoded.
    pub fn jwks(&self) -> Result<Vec<u8>, AppError> {
        bundle::jwks(&[*self.notary.decision_key()]).map_err(AppError::failed)
    }
}

/// An exported decision while it is read.
pub struct Export {
    store: Store,
    namespace: Namespace,
    files: VecDeque<(String, Vec<u8>)>,
    documents: VecDeque<(Folder, Digest)>,
    last: VecDeque<(String, Vec<u8>)>,
    _place: Place,
}

impl Export {
    /// The next file with its path in the export; `None` after the last one.
    ///
    /// # Errors
    /// When a document is missing, or the database fails.
    pub async fn next(&mut self) -> Result<Option<(String, Vec<u8>)>, AppError> {
        if let Some(file) = self.files.pop_front() {
            return Ok(Some(file));
        }
        let Some((folder, digest)) = self.documents.pop_front() else {
            return Ok(self.last.pop_front());
        };
        let (store, namespace) = (&self.store, &self.namespace);
        let bytes = match folder {
            Folder::Policies => store
                .published(Publication::Policy, namespace, &digest)
                .await?
                .map(|p| p.source.into_bytes()),
            Folder::Mappings => store
                .published(Publication::Mapping, namespace, &digest)
                .await?
                .map(|m| m.source.into_bytes()),
            _ => store.evidence(namespace, &digest).await?.map(|e| e.bytes),
        };
        let gone = || AppError::broken(format!("document {digest} of {namespace} is gone"));
        let bytes = bytes.ok_or_else(gone)?;
        if Digest::of(&bytes) != digest {
            return Err(unproved_document(&digest));
        }
        Ok(Some((export::document_path(folder, &digest, &bytes), bytes)))
    }
}
