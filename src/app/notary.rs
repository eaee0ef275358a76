//! The service's signatures: statements with the decision key, heads with the log key.

use super::error::AppError;
use crate::{
    keys::Keyring,
    ledger::{Checkpoint, Fact, NoteSigner, PublicKey, Sealed, Sealer, Signer, VerifierKey, checkpoint, entry},
    model::{Digest, Namespace, jcs},
    store::{NewEntry, Seal},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Signs for every namespace of the service.
pub struct Notary {
    decision: Sealer,
    log: Arc<dyn Signer>,
    public_url: String,
    logs: Mutex<HashMap<Namespace, NoteSigner>>,
    sealed: Mutex<Vec<(Namespace, String)>>,
}

impl Notary {
    /// Signs with `keys` for the service at `public_url`.
    ///
    /// # Errors
    /// When a key is not one we can sign with.
    pub fn new(keys: &Keyring, public_url: &str) -> Result<Self, AppError> {
        Ok(Self {
            decision: Sealer::new(keys.decision.clone()).map_err(AppError::failed)?,
            log: keys.log.clone(),
            public_url: public_url.to_owned(),
            logs: Mutex::default(),
            sealed: Mutex::default(),
        })
    }

    /// The address that others know the service by.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The key that verifies decisions.
    pub fn decision_key(&self) -> &PublicKey {
        self.decision.key()
    }

    /// Signs the payload of a statement.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, payload: &[u8]) -> Result<Sealed, AppError> {
        self.decision.seal(payload).map_err(AppError::failed)
    }

    /// The key that verifies the heads of a namespace's log.
    ///
    /// # Errors
    /// When the log's name cannot be one.
    pub fn log_key(&self, namespace: &Namespace) -> Result<VerifierKey, AppError> {
        self.signer(namespace).map(|s| s.verifier().clone())
    }

    /// Keeps signing a log under the name it began with, wherever the service is reached today.
    ///
    /// # Errors
    /// When the log's name cannot be one.
    pub fn adopt(&self, namespace: &Namespace, origin: &str) -> Result<(), AppError> {
        let signer = NoteSigner::new(origin, self.log.clone()).map_err(AppError::failed)?;
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).insert(namespace.clone(), signer);
        Ok(())
    }

    fn signer(&self, namespace: &Namespace) -> Result<NoteSigner, AppError> {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = logs.get(namespace) {
            return Ok(signer.clone());
        }
        let origin = checkpoint::origin(&self.public_url, namespace);
        let signer = NoteSigner::new(&origin, self.log.clone()).map_err(AppError::failed)?;
        logs.insert(namespace.clone(), signer.clone());
        Ok(signer)
    }

    /// The heads signed since this was last asked, one for each namespace.
    pub fn take(&self) -> Vec<(Namespace, String)> {
        std::mem::take(&mut self.sealed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn key_entry(purpose: &str, key: &PublicKey) -> NewEntry {
        let fact = serde_json::json!({"purpose": purpose, "kid": key.kid(), "pem": key.to_pem(), "from": 0});
        // Text and a number always have canonical JSON.
        fact_entry(Fact::KeyAdded, &key.kid(), jcs::to_vec(&fact).unwrap_or_default())
    }
}

/// The leaf of a fact whose document the entry itself keeps.
pub fn fact_entry(fact: Fact, subject: &str, document: Vec<u8>) -> NewEntry {
    let body = entry::fact_bytes(fact, &Digest::of(&document));
    NewEntry { kind: fact.as_str(), subject: subject.to_owned(), body, fact: Some(document) }
}

/// The leaf of a fact whose document is kept in a row of its own, by its digest.
pub fn row_entry(fact: Fact, subject: &str, digest: &Digest) -> NewEntry {
    NewEntry { kind: fact.as_str(), subject: subject.to_owned(), body: entry::fact_bytes(fact, digest), fact: None }
}

impl Seal for Notary {
    fn opening(&self, namespace: &Namespace) -> Vec<NewEntry> {
        let log = self.log_key(namespace).ok().map(|key| Self::key_entry("log", key.key()));
        std::iter::once(Self::key_entry("decision", self.decision.key())).chain(log).collect()
    }

    fn seal(&self, namespace: &Namespace, size: u64, root: &[u8; 32]) -> Result<String, String> {
        let signer = self.signer(namespace).map_err(|e| e.to_string())?;
        let checkpoint = Checkpoint::sign(size, *root, &signer).map_err(|e| e.to_string())?;
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner).push((namespace.clone(), checkpoint.clone()));
        Ok(checkpoint)
    }
}
