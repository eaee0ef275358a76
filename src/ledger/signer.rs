//! What signs. The keys themselves live in `keys`.

/// A key that signs, wherever it is kept. The algorithm is Ed25519.
pub trait Signer: Send + Sync {
    /// The key's id: SHA-256 of [`Signer::public_key_der`] in lower-case hex.
    fn kid(&self) -> &str;

    /// The public key as `SubjectPublicKeyInfo` DER.
    fn public_key_der(&self) -> &[u8];

    /// The signature of `message`.
    ///
    /// # Errors
    /// When the key cannot be used now.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A signer could not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("key {kid} cannot sign: {why}")]
pub struct SignError {
    /// The key's id.
    pub kid: String,
    /// Why.
    pub why: String,
}
