//! The documents of facts: what an unsigned entry of the log is the digest of.
//!
//! Their bytes are hashed once and kept for ever, so a type here never loses a field and never gives
//! one another meaning. A field that came later is optional and is left out where it is absent, so
//! that a document of an earlier version reads and writes as the same bytes.

mod accounts;
mod logs;
mod published;
mod references;
mod releases;

pub use accounts::{Change, HookSecretChanged, TokenChanged, UserChanged};
pub use logs::{KeyAdded, LogContinued};
pub use published::{DatasetRegistered, MappingPublished, PolicyPublished};
pub use references::{ReferenceApproved, ReferenceProposed};
pub use releases::ReleaseRequested;

use super::{Fact, LedgerError};
use crate::model::jcs;
use serde::{Serialize, de::DeserializeOwned};

/// The document of one kind of fact.
pub trait Document: Serialize + DeserializeOwned {
    /// The kind.
    const FACT: Fact;

    /// The id or name of the thing that it is about.
    fn subject(&self) -> &str;

    /// Its bytes, as canonical JSON.
    ///
    /// # Errors
    /// When it has a number that JSON cannot write.
    fn to_bytes(&self) -> Result<Vec<u8>, LedgerError> {
        jcs::to_vec(self).map_err(|e| LedgerError::malformed(Self::FACT.as_str(), e.to_string()))
    }

    /// Reads a document of any version.
    ///
    /// # Errors
    /// When it is not a document of this kind.
    fn parse(bytes: &[u8]) -> Result<Self, LedgerError> {
        serde_json::from_slice(bytes)
            .map_err(|e| LedgerError::malformed(Self::FACT.as_str(), e.to_string()))
    }
}

#[cfg(test)]
mod tests;
