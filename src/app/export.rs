//! An exported decision: everything that verifies and replays it without this service.

use super::{Service, error::AppError};
use crate::{
    identity::{Actor, Scope},
    ledger::{
        Envelope, bundle,
        export::{self, Folder, Parts, Signed},
    },
    model::{DecisionId, Digest, Inputs, Namespace},
    store::{LogHead, StoredDecision},
};
use std::collections::BTreeMap;

/// A signed statement and its leaf, as they were.
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

impl Service {
    /// The files of an exported decision, each with its path in the export.
    ///
    /// # Errors
    /// When there is no such decision, the actor may not, something it was made from is gone, or the database fails.
    pub async fn export_decision(&self, actor: &Actor, id: &DecisionId) -> Result<Vec<(String, Vec<u8>)>, AppError> {
        actor.require(Scope::Read)?;
        let namespace = &actor.namespace;
        let stored = self.decision_in(namespace, id).await?;
        let head = self.checkpoint(namespace).await?;
        let record = self.statement(namespace, &head, &stored, &stored.record, stored.record_index).await?;
        let summary = match (&stored.vsa, stored.vsa_index) {
            (Some(vsa), Some(index)) => Some(self.statement(namespace, &head, &stored, vsa, index).await?),
            _ => None,
        };
        let documents = self.documents(namespace, &stored.decision()?.record.inputs).await?;
        let log = self.log_key(namespace)?;
        let summary = summary.as_ref().map(Statement::parts);
        let parts = Parts { record: record.parts(), summary, documents: &documents, log: &log };
        export::files(&parts).map_err(AppError::failed)
    }

    async fn statement(
        &self,
        namespace: &Namespace,
        head: &LogHead,
        stored: &StoredDecision,
        (payload, signature): &(Vec<u8>, Vec<u8>),
        index: u64,
    ) -> Result<Statement, AppError> {
        let envelope =
            Envelope { payload: payload.clone(), keyid: stored.kid.clone(), signature: signature.clone() }.to_bytes();
        let gone = || AppError::broken(format!("entry {index} of {namespace} is gone"));
        let leaf = self.store.entries(namespace, index, 1).await?.pop().ok_or_else(gone)?.body;
        Ok(Statement { envelope, leaf, proof: self.proof_under(namespace, head, index).await? })
    }

    async fn documents(&self, namespace: &Namespace, inputs: &Inputs) -> Result<BTreeMap<Digest, Vec<u8>>, AppError> {
        let mut documents = BTreeMap::new();
        for (folder, digest) in export::documents(inputs) {
            let bytes = match folder {
                Folder::Policies => self.store.policy(namespace, &digest).await?.map(|p| p.source.into_bytes()),
                Folder::Mappings => self.store.mapping(namespace, &digest).await?.map(|m| m.source.into_bytes()),
                _ => self.store.evidence(namespace, &digest).await?.map(|e| e.bytes),
            };
            let gone = || AppError::broken(format!("document {digest} of {namespace} is gone"));
            documents.insert(digest, bytes.ok_or_else(gone)?);
        }
        Ok(documents)
    }

    /// The public keys of a namespace, as the files that `verify --trust` reads.
    ///
    /// # Errors
    /// When a key cannot be written as one.
    pub fn trust(&self, namespace: &Namespace) -> Result<Vec<(String, Vec<u8>)>, AppError> {
        let files = export::trust(self.notary.decision_key(), &self.log_key(namespace)?).map_err(AppError::failed)?;
        Ok(files.into_iter().map(|(path, bytes)| (path.trim_start_matches("trust/").to_owned(), bytes)).collect())
    }

    /// The keys that verify decisions, as a JSON Web Key Set.
    ///
    /// # Errors
    /// When a key cannot be written as one.
    pub fn jwks(&self) -> Result<Vec<u8>, AppError> {
        bundle::jwks(&[*self.notary.decision_key()]).map_err(AppError::failed)
    }
}
