//! Self-contained proofs (C2SP tlog-proof): an entry's index, its path to the root, and the signed
//! head.

use super::{
    LedgerError,
    checkpoint::Checkpoint,
    merkle::{Hash, check_inclusion},
    note::VerifierKey,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
const MAX_BYTES: usize = 256 * 1_024;

/// A proof that an entry is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Data that the application added. It is not signed.
    pub extra: Option<Vec<u8>>,
    /// The entry's index.
    pub index: u64,
    /// The hashes from the entry's sibling up to the root's child.
    pub path: Vec<Hash>,
    /// The signed head, byte for byte.
    pub checkpoint: String,
}

impl Proof {
    /// The head under which `leaf` is proved to be in a log that signs with one of `keys`.
    ///
    /// # Errors
    /// If none of them signed the head, or the path does not lead from the leaf to its root.
    pub fn verify(&self, leaf: &Hash, keys: &[VerifierKey]) -> Result<Checkpoint, LedgerError> {
        let head = Checkpoint::verify(&self.checkpoint, keys)?;
        check_inclusion(leaf, self.index, head.size, &self.path, &head.root)?;
        Ok(head)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for Proof {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Self, LedgerError> {
        let error = |why: &str| LedgerError::malformed("a log proof", why);
        if text.len() > MAX_BYTES {
            return Err(error("it is too long"));
        }
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| error("no empty line precedes its checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(error("it does not start with `c2sp.org/tlog-proof@v1`"));
        }
        let mut line = lines.next();
        let mut extra = None;
        if let Some(data) = line.and_then(|l| l.strip_prefix("extra ")) {
            extra = Some(STANDARD.decode(data).map_err(|_| error("its extra data is not base64"))?);
            line = lines.next();
        }
        let digits = line.and_then(|l| l.strip_prefix("index ")).unwrap_or_default();
        let decimal = digits.bytes().all(|b| b.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        let index = if decimal { digits.parse().ok() } else { None };
        let hash =
            |line: &str| STANDARD.decode(line).ok().and_then(|bytes| Hash::try_from(bytes).ok());
        let path = lines.map(hash).collect::<Option<Vec<_>>>().filter(|path| path.len() <= 64);
        let path = path.ok_or_else(|| error("its path is not at most 64 hashes"))?;
        let index = index.ok_or_else(|| error("its index is not a number"))?;
        Ok(Self { extra, index, path, checkpoint: checkpoint.to_owned() })
    }
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
