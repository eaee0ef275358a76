//! Errors of reading, signing, proving and verifying.

use super::signer::SignError;
use crate::model::jcs::JcsError;

/// The reason why bytes could not be read, signed, proved or verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The bytes do not have the expected form.
    #[error("{what} cannot be read: {why}")]
    Malformed {
        /// The expected form.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// None of the trusted keys made a signature here.
    #[error("{what} is not signed by a trusted key")]
    UnknownKey {
        /// The thing that should be signed.
        what: &'static str,
    },
    /// The signature names a trusted key, but that key did not make it.
    #[error("the signature on {what} is wrong: the bytes were changed, or another key made it")]
    BadSignature {
        /// The thing that is signed.
        what: &'static str,
    },
    /// A proof does not lead from the leaf to the root.
    #[error(
        "the proof does not lead to the signed root: the entry is not in this log at that index"
    )]
    NotIncluded,
    /// A proof does not show that one tree is the beginning of the other.
    #[error("the proof does not show the smaller tree to be the beginning of the larger")]
    NotConsistent,
    /// A proof was requested for something outside the tree.
    #[error("the tree of {size} entries has no proof for {index}")]
    OutOfRange {
        /// The size of the tree.
        size: u64,
        /// The index, or the smaller size, that was requested.
        index: u64,
    },
    /// A hash that a proof needs was not provided.
    #[error(
        "the hash of subtree {index} at level {level} is missing: read the tile that contains it"
    )]
    MissingHash {
        /// Binary level, 0 for leaves.
        level: u8,
        /// Index within the level.
        index: u64,
    },
    /// A log entry is longer than the format of entry bundles allows.
    #[error("a log entry has {length} bytes: at most 65535 fit")]
    EntryTooLarge {
        /// Its length in bytes.
        length: usize,
    },
    /// A record without a model, artifact or environment: no statement can be signed about it.
    #[error("the record names no {what}: only a release can be signed")]
    NoSubject {
        /// What is missing.
        what: &'static str,
    },
    /// A value that has no canonical JSON.
    #[error(transparent)]
    Json(#[from] JcsError),
    /// A signer failed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl LedgerError {
    /// The stable code, for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "ledger-malformed",
            Self::UnknownKey { .. } => "ledger-unknown-key",
            Self::BadSignature { .. } => "ledger-bad-signature",
            Self::NotIncluded => "ledger-not-included",
            Self::NotConsistent => "ledger-not-consistent",
            Self::OutOfRange { .. } => "ledger-out-of-range",
            Self::MissingHash { .. } => "ledger-missing-hash",
            Self::EntryTooLarge { .. } => "ledger-entry-too-large",
            Self::NoSubject { .. } => "ledger-no-subject",
            Self::Json(_) => "ledger-no-canonical-json",
            Self::Sign(_) => "ledger-sign",
        }
    }

    pub(crate) fn malformed(what: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Malformed { what, why: why.to_string() }
    }
}
