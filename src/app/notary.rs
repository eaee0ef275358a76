//! The service's signatures: statements with the decision key, heads with the log key.

use super::{clock::LogClock, env::Env, error::AppError};
use crate::{
    keys::Keyring,
    ledger::{Checkpoint, Fact, Identity, NoteSigner, PublicKey, Sealed, Sealer, Signer, VerifierKey, entry},
    model::{Digest, Namespace, jcs},
    store::{NewEntry, Seal},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Signs for every namespace of the service.
pub struct Notary {
    decision: Sealer,
    log: Arc<dyn Signer>,
    clock: Arc<LogClock>,
    public_url: String,
    /// The logs whose identity is certain: the database said it.
    logs: Mutex<HashMap<Namespace, Log>>,
    sealed: Mutex<Vec<(Namespace, String)>>,
}

/// Who a log is, and what signs its heads.
#[derive(Clone)]
struct Log {
    identity: Identity,
    signer: NoteSigner,
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
            clock: Arc::new(LogClock::over(Env::default().clock)),
            public_url: public_url.to_owned(),
            logs: Mutex::default(),
            sealed: Mutex::default(),
        })
    }

    /// The same, by that clock instead of the machine's.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<LogClock>) -> Self {
        self.clock = clock;
        self
    }

    /// The address that the service has today: for links that people follow, never for what is signed.
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

    /// The key that verifies the heads of a namespace's log, by who it is as far as is known.
    ///
    /// # Errors
    /// When the log's name cannot be one.
    pub fn log_key(&self, namespace: &Namespace) -> Result<VerifierKey, AppError> {
        self.named(&self.identity_of(namespace)).map(|log| log.signer.verifier().clone())
    }

    /// Who a log is, once the database has said so.
    pub fn known(&self, namespace: &Namespace) -> Option<Identity> {
        self.logs().get(namespace).map(|log| log.identity.clone())
    }

    /// Who a log is; of one that nobody has begun yet, who it would be.
    pub fn identity_of(&self, namespace: &Namespace) -> Identity {
        self.known(namespace).unwrap_or_else(|| Identity::new(&self.public_url, namespace))
    }

    /// Signs for the log with that identity from here on, whatever address the service has today.
    ///
    /// # Errors
    /// When the log's name cannot be one.
    pub fn know(&self, namespace: &Namespace, identity: &Identity) -> Result<(), AppError> {
        if self.known(namespace).as_ref() != Some(identity) {
            let log = self.named(identity)?;
            self.logs().insert(namespace.clone(), log);
        }
        Ok(())
    }

    fn logs(&self) -> MutexGuard<'_, HashMap<Namespace, Log>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn named(&self, identity: &Identity) -> Result<Log, AppError> {
        let signer = NoteSigner::new(&identity.origin, self.log.clone()).map_err(AppError::failed)?;
        Ok(Log { identity: identity.clone(), signer })
    }

    /// The heads signed since this was last asked, one for each namespace.
    pub fn take(&self) -> Vec<(Namespace, String)> {
        std::mem::take(&mut self.sealed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The leaf that a key opens a log with. That of the log's own key says who the log is, for good.
    fn key_entry(purpose: &str, key: &PublicKey, identity: Option<&Identity>) -> NewEntry {
        let mut fact = serde_json::json!({"purpose": purpose, "kid": key.kid(), "pem": key.to_pem(), "from": 0});
        if let Some(identity) = identity {
            fact["origin"] = identity.origin.clone().into();
            fact["public_url"] = identity.public_url.clone().into();
        }
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
        let identity = self.identity_of(namespace);
        let log = self.log_key(namespace).ok();
        let log = log.map(|key| Self::key_entry("log", key.key(), Some(&identity)));
        std::iter::once(Self::key_entry("decision", self.decision.key(), None)).chain(log).collect()
    }

    fn identity(&self, namespace: &Namespace) -> Identity {
        self.identity_of(namespace)
    }

    fn adopt(&self, namespace: &Namespace, identity: &Identity) -> Result<(), String> {
        self.know(namespace, identity).map_err(|e| e.to_string())
    }

    fn tick(&self, newest_us: i64) -> Result<i64, i64> {
        self.clock.tick(newest_us)
    }

    fn seal(&self, namespace: &Namespace, size: u64, root: &[u8; 32]) -> Result<String, String> {
        let known = self.logs().get(namespace).cloned();
        let log = known.map_or_else(|| self.named(&self.identity_of(namespace)), Ok);
        let signer = log.map_err(|e| e.to_string())?.signer;
        let checkpoint = Checkpoint::sign(size, *root, &signer).map_err(|e| e.to_string())?;
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner).push((namespace.clone(), checkpoint.clone()));
        Ok(checkpoint)
    }
}
