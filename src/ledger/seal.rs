//! Signs statements. Every decision does this, so it is kept cheap.

use super::{LedgerError, entry, envelope, hash, key::PublicKey, merkle::Hash, signer::Signer};
use crate::model::Digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt, sync::Arc};

/// A signed statement and its log entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The canonical JSON of the envelope.
    pub envelope: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The digest of the envelope. Other statements refer to it.
    pub envelope_digest: Digest,
    /// The bytes of the log entry.
    pub leaf: Vec<u8>,
    /// The hash of the entry in the log's tree.
    pub leaf_hash: Hash,
}

/// A decision key, with everything precomputed that each signature repeats.
#[derive(Clone)]
pub struct Sealer {
    signer: Arc<dyn Signer>,
    key: PublicKey,
    verifier: String,
}

impl Sealer {
    /// A sealer that signs with `signer`.
    ///
    /// # Errors
    /// If its public key is not Ed25519.
    pub fn new(signer: Arc<dyn Signer>) -> Result<Self, LedgerError> {
        let key = PublicKey::from_der(signer.public_key_der())?;
        Ok(Self { signer, verifier: entry::verifier_text(&key), key })
    }

    /// The key that verifies the seals.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Signs `payload`, the canonical JSON of a statement.
    ///
    /// # Errors
    /// If the signer fails.
    pub fn seal(&self, payload: &[u8]) -> Result<Sealed, LedgerError> {
        let signature = self.signer.sign(&envelope::pae(envelope::PAYLOAD_TYPE, payload))?;
        let text = STANDARD.encode(&signature);
        let envelope = envelope::canonical(payload, self.signer.kid(), &text);
        let envelope_digest = Digest::of(&envelope);
        let leaf =
            entry::signed_bytes(&envelope_digest, &Digest::of(payload), &text, &self.verifier);
        Ok(Sealed { leaf_hash: hash::leaf_hash(&leaf), leaf, envelope_digest, envelope, signature })
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({})", self.signer.kid())
    }
}
