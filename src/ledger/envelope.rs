//! Envelopes (DSSE): a payload, its type, and one signature over both.

use super::{LedgerError, key::PublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

/// The only payload type that modelgate signs.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The bytes that DSSE signs: `DSSEv1 LEN TYPE LEN BODY`.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// An envelope with exactly one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The payload: the canonical JSON of a statement.
    pub payload: Vec<u8>,
    /// The id, in hex, of the key that is said to have signed. Only a hint.
    pub keyid: String,
    /// The signature over [`pae`].
    pub signature: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    keyid: String,
    sig: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wire {
    payload: String,
    payload_type: String,
    signatures: Vec<WireSignature>,
}

/// Whether the text is lower-case hex, which needs no escapes in JSON.
fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl Envelope {
    /// Reads an envelope strictly: no unknown or repeated key, only [`PAYLOAD_TYPE`], one
    /// signature.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn parse(json: &[u8]) -> Result<Self, LedgerError> {
        let error = |why: String| LedgerError::Malformed { what: "an envelope", why };
        let wire: Wire = serde_json::from_slice(json).map_err(|e| error(e.to_string()))?;
        if wire.payload_type != PAYLOAD_TYPE {
            return Err(error(format!("its payload type is not `{PAYLOAD_TYPE}`")));
        }
        let [signature] = wire.signatures.as_slice() else {
            return Err(error("it must have exactly one signature".into()));
        };
        if !is_hex(&signature.keyid) {
            return Err(error("its key id is not lower-case hex".into()));
        }
        let decode = |text: &str| {
            STANDARD.decode(text).map_err(|_| error("it has text that is not base64".into()))
        };
        Ok(Self {
            payload: decode(&wire.payload)?,
            keyid: signature.keyid.clone(),
            signature: decode(&signature.sig)?,
        })
    }

    /// The canonical JSON (JCS) of the envelope. The log and other statements refer to it by the
    /// digest of these bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical(&self.payload, &self.keyid, &STANDARD.encode(&self.signature))
    }

    /// Whether `key` made the signature.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(&pae(PAYLOAD_TYPE, &self.payload), &self.signature)
    }

    /// The one of `keys` that made the signature.
    ///
    /// # Errors
    /// If none of them did.
    pub fn verify<'k>(&self, keys: &'k [PublicKey]) -> Result<&'k PublicKey, LedgerError> {
        const WHAT: &str = "the envelope";
        let named = keys
            .iter()
            .find(|key| key.kid() == self.keyid)
            .ok_or(LedgerError::UnknownKey { what: WHAT })?;
        if self.is_signed_by(named) {
            Ok(named)
        } else {
            Err(LedgerError::BadSignature { what: WHAT })
        }
    }
}

/// The canonical JSON of an envelope. `keyid` and `signature` are hex and base64, so they need no
/// escapes.
pub(super) fn canonical(payload: &[u8], keyid: &str, signature: &str) -> Vec<u8> {
    let mut out = String::with_capacity(payload.len() * 4 / 3 + 320);
    out.push_str(r#"{"payload":""#);
    STANDARD.encode_string(payload, &mut out);
    for part in [
        r#"","payloadType":""#,
        PAYLOAD_TYPE,
        r#"","signatures":[{"keyid":""#,
        keyid,
        r#"","sig":""#,
    ] {
        out.push_str(part);
    }
    out.push_str(signature);
    out.push_str(r#""}]}"#);
    out.into_bytes()
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
