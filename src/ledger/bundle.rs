//! The archival form of a signed statement (Sigstore bundle v0.3): envelope, log entry, proof and
//! head in one file. Also the trust files with which other verifiers accept it.

use super::{
    LedgerError,
    checkpoint::Checkpoint,
    envelope::{Envelope, PAYLOAD_TYPE},
    key::PublicKey,
    merkle::Hash,
    note::VerifierKey,
    proof::Proof,
};
use crate::model::jcs;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

/// The media type of a bundle.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const TRUSTED_ROOT_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/// The bundle of an envelope, the bytes of its log entry, and the proof of that entry, in canonical
/// JSON. `log` is the key that signed the proof's checkpoint.
///
/// # Errors
/// If the checkpoint cannot be read.
pub fn bundle(
    envelope: &Envelope,
    leaf: &[u8],
    proof: &Proof,
    log: &VerifierKey,
) -> Result<Vec<u8>, LedgerError> {
    compose(envelope, leaf, proof, &log.full_id())
}

fn compose(
    envelope: &Envelope,
    leaf: &[u8],
    proof: &Proof,
    log: &[u8],
) -> Result<Vec<u8>, LedgerError> {
    let head = Checkpoint::unverified(&proof.checkpoint)?;
    let hint = hex::decode(&envelope.keyid).map_err(|e| LedgerError::malformed("a key id", e))?;
    let hashes: Vec<String> = proof.path.iter().map(|hash| STANDARD.encode(hash)).collect();
    let entry = json!({
        "logIndex": proof.index.to_string(),
        "logId": {"keyId": STANDARD.encode(log)},
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        // The log's own clock proves nothing, so no time is claimed: witnesses provide it.
        "integratedTime": "0",
        "inclusionProof": {
            "logIndex": proof.index.to_string(),
            "rootHash": STANDARD.encode(head.root),
            "treeSize": head.size.to_string(),
            "hashes": hashes,
            "checkpoint": {"envelope": proof.checkpoint},
        },
        "canonicalizedBody": STANDARD.encode(leaf),
    });
    Ok(jcs::to_vec(&json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": STANDARD.encode(hint)}, "tlogEntries": [entry]},
        "dsseEnvelope": {
            "payload": STANDARD.encode(&envelope.payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": envelope.keyid, "sig": STANDARD.encode(&envelope.signature)}],
        },
    }))?)
}

/// The content of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The signed statement.
    pub envelope: Envelope,
    /// The bytes of its log entry.
    pub leaf: Vec<u8>,
    /// The proof that the entry is in the log.
    pub proof: Proof,
    /// The id of the log, as [`VerifierKey::full_id`] returns it.
    pub log_id: Vec<u8>,
}

/// Reads a bundle. Accepts only exactly the bytes that [`bundle`] writes. Verifies nothing.
///
/// # Errors
/// If it is anything else.
pub fn open(json: &[u8]) -> Result<Opened, LedgerError> {
    const WHAT: &str = "a bundle";
    let value: Value = serde_json::from_slice(json).map_err(|e| LedgerError::malformed(WHAT, e))?;
    let at = |path: &str| {
        value
            .pointer(path)
            .ok_or_else(|| LedgerError::malformed(WHAT, format!("it has no `{path}`")))
    };
    let text = |path: &str| {
        at(path)?
            .as_str()
            .ok_or_else(|| LedgerError::malformed(WHAT, format!("`{path}` is not text")))
    };
    let bytes = |path: &str| {
        STANDARD
            .decode(text(path)?)
            .map_err(|_| LedgerError::malformed(WHAT, format!("`{path}` is not base64")))
    };
    let entry = |path: &str| format!("/verificationMaterial/tlogEntries/0/{path}");
    let envelope = Envelope::parse(&jcs::to_vec(at("/dsseEnvelope")?)?)?;
    let index = text(&entry("logIndex"))?.parse().map_err(|e| LedgerError::malformed(WHAT, e))?;
    let hash = |hash: &Value| STANDARD.decode(hash.as_str()?).ok()?.try_into().ok();
    let path: Option<Vec<Hash>> =
        at(&entry("inclusionProof/hashes"))?.as_array().and_then(|h| h.iter().map(hash).collect());
    let path = path.ok_or_else(|| {
        LedgerError::malformed(WHAT, "its inclusion proof is not a list of hashes")
    })?;
    let checkpoint = text(&entry("inclusionProof/checkpoint/envelope"))?.to_owned();
    let opened = Opened {
        envelope,
        leaf: bytes(&entry("canonicalizedBody"))?,
        proof: Proof { extra: None, index, path, checkpoint },
        log_id: bytes(&entry("logId/keyId"))?,
    };
    if compose(&opened.envelope, &opened.leaf, &opened.proof, &opened.log_id)? == json {
        return Ok(opened);
    }
    Err(LedgerError::malformed(
        WHAT,
        "it is not the canonical JSON of its parts, or its parts contradict each other",
    ))
}

/// `trust/trusted_root.json`: the log's key in the form that Sigstore clients read. A copy that
/// came together with what it should verify must not be trusted.
///
/// # Errors
/// Never, because text has canonical JSON.
pub fn trusted_root(log: &VerifierKey) -> Result<Vec<u8>, LedgerError> {
    Ok(jcs::to_vec(&json!({
        "mediaType": TRUSTED_ROOT_TYPE,
        "tlogs": [{
            // Clients compare the host and path with the checkpoint's origin; the scheme is never used.
            "baseUrl": format!("https://{}", log.name()),
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": STANDARD.encode(log.key().to_der()),
                "keyDetails": "PKIX_ED25519",
                "validFor": {"start": "1970-01-01T00:00:00Z"},
            },
            "logId": {"keyId": STANDARD.encode(log.full_id())},
        }],
        "certificateAuthorities": [],
        "ctlogs": [],
        "timestampAuthorities": [],
    }))?)
}

/// `trust/jwks.json`: decision keys as a JSON Web Key Set (RFC 8037).
///
/// # Errors
/// Never, because text has canonical JSON.
pub fn jwks(keys: &[PublicKey]) -> Result<Vec<u8>, LedgerError> {
    let jwk = |key: &PublicKey| {
        let x = URL_SAFE_NO_PAD.encode(key.raw());
        json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.kid(), "x": x})
    };
    Ok(jcs::to_vec(&json!({"keys": keys.iter().map(jwk).collect::<Vec<_>>()}))?)
}
