//! The interface for signing. The keys are in `keys`.

/// A key that signs with Ed25519, independent of where it is stored.
pub trait Signer: Send + Sync {
    /// The key's id: SHA-256 of [`Signer::public_key_der`] in lower-case hex.
    fn kid(&self) -> &str;

    /// The public key as `SubjectPublicKeyInfo` DER.
    fn public_key_der(&self) -> &[u8];

    /// Signs `message`.
    ///
    /// # Errors
    /// If the key cannot be used at this time.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// The error of a signer that could not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("key {kid} cannot sign: {why}")]
pub struct SignError {
    /// The key's id.
    pub kid: String,
    /// The reason.
    pub why: String,
}
