//! Signed notes (C2SP signed-note): text, followed by signature lines.

use super::{LedgerError, key::PublicKey, signer::Signer};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr, sync::Arc};

const ED25519: u8 = 1;
const DASH: &str = "\u{2014} ";
const MAX_BYTES: usize = 128 * 1_024;
const MAX_SIGNATURES: usize = 64;
const WHAT: &str = "a signed note";

/// Whether the text can name a key: it is not empty and has no spaces, `+` or control characters.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// A key that verifies notes, together with the name that signs them. Its text form is
/// `name+hash+base64` (a vkey).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: PublicKey,
}

impl VerifierKey {
    /// The key under this name.
    ///
    /// # Errors
    /// If the name is empty or contains spaces, `+` or control characters.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, LedgerError> {
        if is_name(name) {
            return Ok(Self { name: name.to_owned(), key });
        }
        Err(LedgerError::malformed("a key name", "it must not be empty or contain spaces or `+`"))
    }

    /// The name; for a log, its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// SHA-256 of the name, a newline, the algorithm and the key: Sigstore's id of a log.
    pub fn full_id(&self) -> [u8; 32] {
        let bytes = [self.name.as_bytes(), b"\n", &[ED25519], self.key.raw()].concat();
        let mut out = [0; 32];
        out.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        out
    }

    /// The first four bytes of the full id, which identify the key in signature lines.
    pub fn id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.full_id();
        [a, b, c, d]
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[ED25519], self.key.raw().as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.id()))
    }
}

impl FromStr for VerifierKey {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Self, LedgerError> {
        let error = |why: &str| LedgerError::malformed("a verifier key", why);
        let form = || error("expected `name+hash+key`, such as `example.com/log+530d903a+Aekye…`");
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(form());
        };
        let key = STANDARD.decode(key).map_err(|_| form())?;
        let Some((&ED25519, raw)) = key.split_first() else {
            return Err(error("it is not an Ed25519 key"));
        };
        let key = Self::new(name, PublicKey::from_raw(raw)?)?;
        if id == hex::encode(key.id()) {
            Ok(key)
        } else {
            Err(error("its hash is not that of its name and key"))
        }
    }
}

/// Signs notes under one name.
#[derive(Clone)]
pub struct NoteSigner {
    verifier: VerifierKey,
    id: [u8; 4],
    signer: Arc<dyn Signer>,
}

impl NoteSigner {
    /// A note signer that signs with `signer` under `name`.
    ///
    /// # Errors
    /// If the name is not valid, or the signer's public key is not Ed25519.
    pub fn new(name: &str, signer: Arc<dyn Signer>) -> Result<Self, LedgerError> {
        let verifier = VerifierKey::new(name, PublicKey::from_der(signer.public_key_der())?)?;
        Ok(Self { id: verifier.id(), verifier, signer })
    }

    /// The key that verifies the notes of this signer.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signed note of `text`. The text must end in a newline and contain neither control
    /// characters nor an empty line.
    ///
    /// # Errors
    /// If the signer fails.
    pub fn sign(&self, text: &str) -> Result<String, LedgerError> {
        let signature = self.signer.sign(text.as_bytes())?;
        let signature = STANDARD.encode([self.id.as_slice(), &signature].concat());
        Ok(format!("{text}\n{DASH}{} {signature}\n", self.verifier.name))
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.verifier)
    }
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The key's name.
    pub name: String,
    /// The first four bytes of the key's id.
    pub id: [u8; 4],
    /// The signature.
    pub signature: Vec<u8>,
}

/// A note that was read but not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// If it is too long, has control characters, has no signature, or has a line that is not a
    /// signature.
    pub fn parse(note: &str) -> Result<Self, LedgerError> {
        let error = |why: &str| LedgerError::malformed(WHAT, why);
        if note.len() > MAX_BYTES || note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(error("it is too long or has control characters"));
        }
        let (text, lines) =
            note.rsplit_once("\n\n").ok_or_else(|| error("no empty line follows its text"))?;
        let lines = lines
            .strip_suffix('\n')
            .ok_or_else(|| error("its last line does not end in a newline"))?;
        let signatures = lines.split('\n').map(signature_line).collect::<Option<Vec<_>>>();
        let signatures =
            signatures.ok_or_else(|| error("a line below its text is not a signature"))?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(error("it has too many signatures"));
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// The text with its last newline, if a trusted key signed it.
    ///
    /// # Errors
    /// If no signature is by one of `keys`, or a signature by one of them does not verify.
    pub fn verify<'k>(
        &self,
        keys: &'k [VerifierKey],
    ) -> Result<(&str, &'k VerifierKey), LedgerError> {
        let mut by = None;
        for line in &self.signatures {
            for key in keys.iter().filter(|key| key.name == line.name && key.id() == line.id) {
                if !key.key.verifies(self.text.as_bytes(), &line.signature) {
                    return Err(LedgerError::BadSignature { what: "the checkpoint" });
                }
                by = by.or(Some(key));
            }
        }
        by.map(|key| (self.text.as_str(), key))
            .ok_or(LedgerError::UnknownKey { what: "the checkpoint" })
    }

    /// The text, without checking the signatures: only for display or comparison, never to be
    /// trusted.
    pub fn unverified_text(&self) -> &str {
        &self.text
    }
}

fn signature_line(line: &str) -> Option<NoteSignature> {
    let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = STANDARD.decode(signature).ok()?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    let named = is_name(name) && !signature.is_empty();
    named.then(|| NoteSignature { name: name.to_owned(), id: *id, signature: signature.to_vec() })
}

#[cfg(test)]
#[path = "note_tests.rs"]
mod tests;
