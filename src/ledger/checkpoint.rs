//! Checkpoints (C2SP tlog-checkpoint): the signed head of a log.

use super::{
    LedgerError,
    merkle::Hash,
    note::{Note, NoteSigner, VerifierKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

const WHAT: &str = "a checkpoint";

/// The head of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
}

/// The origin of a namespace's log: the service's address without its scheme, then `/log/` and the
/// namespace.
pub fn origin(public_url: &str, namespace: &crate::model::Namespace) -> String {
    let rest = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    format!("{}/log/{namespace}", rest.trim_end_matches('/'))
}

/// The origin of the log that continues the log `origin`: `…/2`, then `…/3`. `first` is the origin
/// of the first log in the chain.
pub fn next_origin(first: &str, origin: &str) -> String {
    let number =
        origin.strip_prefix(first).and_then(|rest| rest.strip_prefix('/')?.parse::<u32>().ok());
    format!("{first}/{}", number.unwrap_or(1).saturating_add(1))
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The signed head of the log that `signer` is named after.
    ///
    /// # Errors
    /// If the signer fails.
    pub fn sign(size: u64, root: Hash, signer: &NoteSigner) -> Result<String, LedgerError> {
        signer.sign(&Self { origin: signer.verifier().name().to_owned(), size, root }.text())
    }

    /// The head in a note, if the log itself signed it.
    ///
    /// # Errors
    /// If the note or its text is malformed, none of `keys` signed it, a signature is wrong, or the
    /// name of the key that signed differs from the origin.
    pub fn verify(note: &str, keys: &[VerifierKey]) -> Result<Self, LedgerError> {
        let note = Note::parse(note)?;
        let named =
            |key: &&VerifierKey| note.unverified_text().split('\n').next() == Some(key.name());
        let keys: Vec<VerifierKey> = keys.iter().filter(named).cloned().collect();
        let (text, _) = note.verify(&keys)?;
        Self::parse_text(text)
    }

    /// The head in a note, without checking the signatures: only for display or comparison, never
    /// to be trusted.
    ///
    /// # Errors
    /// If the note or its text is malformed.
    pub fn unverified(note: &str) -> Result<Self, LedgerError> {
        Self::parse_text(Note::parse(note)?.unverified_text())
    }

    /// Reads the text of a checkpoint. Rejects extension lines, because no one audits them.
    ///
    /// # Errors
    /// If it is not exactly an origin, a size and a root.
    pub fn parse_text(text: &str) -> Result<Self, LedgerError> {
        let error = |why: &str| LedgerError::malformed(WHAT, why);
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root, ""] = lines.as_slice() else {
            return Err(error("it must have an origin, a size and a root, each on its line"));
        };
        let decimal =
            size.bytes().all(|b| b.is_ascii_digit()) && (*size == "0" || !size.starts_with('0'));
        let size = if decimal { size.parse::<u64>().ok() } else { None };
        let root = STANDARD.decode(root).ok().and_then(|bytes| bytes.try_into().ok());
        match (origin.is_empty(), size, root) {
            (false, Some(size), Some(root)) => {
                Ok(Self { origin: (*origin).to_owned(), size, root })
            }
            _ => Err(error("its size or its root is not one")),
        }
    }
}
