//! The entries of a log. They contain only hashes and signatures, so that the log can be public
//! while the documents it proves stay private.

use super::{LedgerError, envelope::Envelope, key::PublicKey};
use crate::model::Digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use std::str::FromStr;

pub use super::hash::leaf_hash;

/// The kind of fact that an unsigned entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact {
    /// A document of evidence was accepted.
    EvidenceAccepted,
    /// A release was requested.
    ReleaseRequested,
    /// A person approved or rejected a release.
    ApprovalGiven,
    /// A person waived a rule.
    WaiverGiven,
    /// A policy was published.
    PolicyPublished,
    /// A policy no longer applies.
    PolicyRetired,
    /// A file of predictions, or of labels, was accepted.
    PredictionsAccepted,
    /// A data set was registered under a name.
    DatasetRegistered,
    /// A person proposed to pin a reference.
    ReferenceProposed,
    /// A second person approved it: it is the reference from this entry on.
    ReferenceApproved,
    /// A mapping was published: it is the current one of its name from this entry on.
    MappingPublished,
    /// A key signs from this entry on.
    KeyAdded,
    /// A key no longer signs from this entry on.
    KeyRetired,
    /// The log continues from an older state of another log, whose last head is in the document.
    LogContinued,
    /// A user was created, or their roles, password or access changed.
    UserChanged,
    /// A token was issued, revoked, or ends sooner.
    TokenChanged,
    /// A secret of a sender of webhooks was issued, revoked, or ends sooner.
    HookSecretChanged,
}

const FACTS: [(Fact, &str); 17] = [
    (Fact::EvidenceAccepted, "evidence-accepted"),
    (Fact::ReleaseRequested, "release-requested"),
    (Fact::ApprovalGiven, "approval-given"),
    (Fact::WaiverGiven, "waiver-given"),
    (Fact::PolicyPublished, "policy-published"),
    (Fact::PolicyRetired, "policy-retired"),
    (Fact::PredictionsAccepted, "predictions-accepted"),
    (Fact::DatasetRegistered, "dataset-registered"),
    (Fact::ReferenceProposed, "reference-proposed"),
    (Fact::ReferenceApproved, "reference-approved"),
    (Fact::MappingPublished, "mapping-published"),
    (Fact::KeyAdded, "key-added"),
    (Fact::KeyRetired, "key-retired"),
    (Fact::LogContinued, "log-continued"),
    (Fact::UserChanged, "user-changed"),
    (Fact::TokenChanged, "token-changed"),
    (Fact::HookSecretChanged, "hook-secret-changed"),
];

impl Fact {
    /// The type of the fact in the entry's JSON.
    pub fn as_str(self) -> &'static str {
        FACTS.iter().find(|(fact, _)| *fact == self).map_or("", |(_, word)| word)
    }
}

impl FromStr for Fact {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Self, LedgerError> {
        let found = FACTS.iter().find(|(_, word)| *word == text);
        found.map(|(fact, _)| *fact).ok_or_else(|| malformed("its type is not one we know"))
    }
}

/// A parsed entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A signed envelope.
    Signed(SignedEntry),
    /// A fact. Its document is stored outside the log.
    Fact {
        /// The kind of fact.
        fact: Fact,
        /// The digest of the document's bytes.
        hash: Digest,
    },
}

/// The entry of an envelope: the body of Rekor's `dsse` 0.0.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedEntry {
    /// The digest of the envelope's canonical JSON.
    pub envelope: Digest,
    /// The digest of the payload.
    pub payload: Digest,
    /// The signature.
    pub signature: Vec<u8>,
    /// The key that made it.
    pub key: PublicKey,
}

fn malformed(why: &str) -> LedgerError {
    LedgerError::malformed("a log entry", why)
}

/// The bytes of the entry of a fact, in canonical JSON.
pub fn fact_bytes(fact: Fact, hash: &Digest) -> Vec<u8> {
    let (word, hex) = (fact.as_str(), hash.hex());
    let spec = format!(r#"{{"hash":{{"algorithm":"sha256","value":"{hex}"}},"type":"{word}"}}"#);
    format!(r#"{{"apiVersion":"v1","kind":"modelgate-fact","spec":{spec}}}"#).into_bytes()
}

/// A public key as a signed entry contains it: its PEM in base64.
pub(super) fn verifier_text(key: &PublicKey) -> String {
    STANDARD.encode(key.to_pem())
}

/// The bytes of a signed entry, in canonical JSON. `signature` and `verifier` are base64, so they
/// need no escapes.
pub(super) fn signed_bytes(
    envelope: &Digest,
    payload: &Digest,
    signature: &str,
    verifier: &str,
) -> Vec<u8> {
    let hash = |digest: &Digest| format!(r#"{{"algorithm":"sha256","value":"{}"}}"#, digest.hex());
    let signatures = format!(r#"[{{"signature":"{signature}","verifier":"{verifier}"}}]"#);
    let (envelope, payload) = (hash(envelope), hash(payload));
    let spec = format!(
        r#"{{"envelopeHash":{envelope},"payloadHash":{payload},"signatures":{signatures}}}"#
    );
    format!(r#"{{"apiVersion":"0.0.1","kind":"dsse","spec":{spec}}}"#).into_bytes()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHash {
    algorithm: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    signature: String,
    verifier: String,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields, rename_all_fields = "camelCase")]
enum WireSpec {
    Signed { envelope_hash: WireHash, payload_hash: WireHash, signatures: Vec<WireSignature> },
    Fact { hash: WireHash, r#type: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wire {
    api_version: String,
    kind: String,
    spec: WireSpec,
}

impl WireHash {
    fn digest(&self) -> Result<Digest, LedgerError> {
        format!("{}:{}", self.algorithm, self.value)
            .parse()
            .map_err(|_| malformed("a hash in it is not SHA-256"))
    }
}

impl SignedEntry {
    /// The entry that belongs to an envelope signed by `key`.
    pub fn of(envelope: &Envelope, key: PublicKey) -> Self {
        Self {
            envelope: Digest::of(&envelope.to_bytes()),
            payload: Digest::of(&envelope.payload),
            signature: envelope.signature.clone(),
            key,
        }
    }

    /// The bytes of the entry.
    pub fn to_bytes(&self) -> Vec<u8> {
        let signature = STANDARD.encode(&self.signature);
        signed_bytes(&self.envelope, &self.payload, &signature, &verifier_text(&self.key))
    }
}

impl Entry {
    /// The bytes of the entry.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Signed(entry) => entry.to_bytes(),
            Self::Fact { fact, hash } => fact_bytes(*fact, hash),
        }
    }

    /// Reads an entry. Accepts only exactly the bytes that we would write.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn parse(bytes: &[u8]) -> Result<Self, LedgerError> {
        let wire: Wire = serde_json::from_slice(bytes).map_err(|e| malformed(&e.to_string()))?;
        let entry = match (wire.api_version.as_str(), wire.kind.as_str(), &wire.spec) {
            ("0.0.1", "dsse", WireSpec::Signed { envelope_hash, payload_hash, signatures }) => {
                let [one] = signatures.as_slice() else {
                    return Err(malformed("it must have one signature"));
                };
                let pem =
                    STANDARD.decode(&one.verifier).ok().and_then(|pem| String::from_utf8(pem).ok());
                Self::Signed(SignedEntry {
                    envelope: envelope_hash.digest()?,
                    payload: payload_hash.digest()?,
                    signature: STANDARD
                        .decode(&one.signature)
                        .map_err(|_| malformed("a signature is not base64"))?,
                    key: PublicKey::from_pem(&pem.ok_or_else(|| malformed("its key is not PEM"))?)?,
                })
            }
            ("v1", "modelgate-fact", WireSpec::Fact { hash, r#type }) => {
                Self::Fact { fact: r#type.parse()?, hash: hash.digest()? }
            }
            _ => return Err(malformed("it is of a kind or version we do not know")),
        };
        if entry.to_bytes() == bytes {
            Ok(entry)
        } else {
            Err(malformed("it is not canonical JSON"))
        }
    }
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
