//! The service's signatures: statements are signed with the decision key, heads with the log key.

use crate::app::{core::clock::LogClock, core::env::Env, core::error::AppError};
use crate::{
    keys::Keyring,
    ledger::{
        Checkpoint, Fact, Identity, NoteSigner, PublicKey, Sealed, Sealer, Signer, VerifierKey,
        entry,
        facts::{Document, KeyAdded},
    },
    model::{Digest, Namespace},
    store::{NewEntry, Seal},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Signs for every namespace of the service.
pub struct Notary {
    decision: Sealer,
    signer: Arc<dyn Signer>,
    log: Arc<dyn Signer>,
    clock: Arc<LogClock>,
    public_url: String,
    /// The logs whose identity was read from the database, and so is certain.
    logs: Mutex<HashMap<Namespace, Log>>,
    sealed: Mutex<Vec<(Namespace, String)>>,
}

/// The identity of a log, and the signer of its heads.
#[derive(Clone)]
struct Log {
    identity: Identity,
    signer: NoteSigner,
}

impl Notary {
    /// A notary that signs with `keys` for the service at `public_url`.
    ///
    /// # Errors
    /// When a key cannot be used for signing.
    pub fn new(keys: &Keyring, public_url: &str) -> Result<Self, AppError> {
        Ok(Self {
            decision: Sealer::new(keys.decision.clone()).map_err(AppError::failed)?,
            signer: keys.decision.clone(),
            log: keys.log.clone(),
            clock: Arc::new(LogClock::over(Env::default().clock)),
            public_url: public_url.to_owned(),
            logs: Mutex::default(),
            sealed: Mutex::default(),
        })
    }

    /// The same, with `clock` instead of the machine's clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<LogClock>) -> Self {
        self.clock = clock;
        self
    }

    /// The current public address of the service: for links that people follow, never for signed
    /// documents.
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

    /// Signs what only this service reads again. `purpose` keeps it apart from everything else that
    /// the key signs: an envelope begins with `DSSEv1`.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign_own(&self, purpose: &str, message: &[u8]) -> Result<Vec<u8>, AppError> {
        self.signer.sign(&own(purpose, message)).map_err(AppError::failed)
    }

    /// Whether [`Notary::sign_own`] made this signature.
    pub fn signed_own(&self, purpose: &str, message: &[u8], signature: &[u8]) -> bool {
        self.decision_key().verifies(&own(purpose, message), signature)
    }

    /// The key that verifies the heads of a namespace's log, for its identity as far as it is
    /// known.
    ///
    /// # Errors
    /// When the log's name is not a valid origin.
    pub fn log_key(&self, namespace: &Namespace) -> Result<VerifierKey, AppError> {
        self.named(&self.identity_of(namespace)).map(|log| log.signer.verifier().clone())
    }

    /// The identity of a log, if it has been read from the database.
    pub fn known(&self, namespace: &Namespace) -> Option<Identity> {
        self.logs().get(namespace).map(|log| log.identity.clone())
    }

    /// The identity of a log; for a log that does not exist yet, the identity that it would get.
    pub fn identity_of(&self, namespace: &Namespace) -> Identity {
        self.known(namespace).unwrap_or_else(|| Identity::new(&self.public_url, namespace))
    }

    /// Uses this identity for the log from now on, even if the address of the service is different
    /// today.
    ///
    /// # Errors
    /// When the log's name is not a valid origin.
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
        let signer =
            NoteSigner::new(&identity.origin, self.log.clone()).map_err(AppError::failed)?;
        Ok(Log { identity: identity.clone(), signer })
    }

    /// The heads that were signed since the last call, one for each namespace.
    pub fn take(&self) -> Vec<(Namespace, String)> {
        std::mem::take(&mut self.sealed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The entry for a key at the beginning of a log. The entry of the log's own key also records
    /// the permanent identity of the log.
    fn key_entry(purpose: &str, key: &PublicKey, identity: Option<&Identity>) -> NewEntry {
        let document = KeyAdded {
            purpose: purpose.to_owned(),
            kid: key.kid(),
            pem: key.to_pem(),
            from: 0,
            origin: identity.map(|identity| identity.origin.clone()),
            public_url: identity.map(|identity| identity.public_url.clone()),
        };
        // Text and a number can always be written as canonical JSON.
        raw_entry(Fact::KeyAdded, &document.kid, document.to_bytes().unwrap_or_default())
    }
}

fn own(purpose: &str, message: &[u8]) -> Vec<u8> {
    [b"modelgate ", purpose.as_bytes(), b"\n", message].concat()
}

/// The entry of a fact whose document is stored in the entry itself.
///
/// # Errors
/// When the document cannot be written as canonical JSON.
pub fn fact_entry<D: Document>(document: &D) -> Result<NewEntry, AppError> {
    let bytes = document.to_bytes().map_err(AppError::failed)?;
    Ok(raw_entry(D::FACT, document.subject(), bytes))
}

/// The same for the bytes of a document, under another subject than its own.
pub fn raw_entry(fact: Fact, subject: &str, document: Vec<u8>) -> NewEntry {
    let body = entry::fact_bytes(fact, &Digest::of(&document));
    NewEntry { kind: fact.as_str(), subject: subject.to_owned(), body, fact: Some(document) }
}

/// The entry of a fact whose document is stored, by its digest, in a row of another table.
pub fn row_entry(fact: Fact, subject: &str, digest: &Digest) -> NewEntry {
    NewEntry {
        kind: fact.as_str(),
        subject: subject.to_owned(),
        body: entry::fact_bytes(fact, digest),
        fact: None,
    }
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
        self.sealed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((namespace.clone(), checkpoint.clone()));
        Ok(checkpoint)
    }
}
