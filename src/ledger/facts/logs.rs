//! Facts about the log itself.

use super::{Document, Fact};
use serde::{Deserialize, Serialize};

/// A key signs from this entry on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAdded {
    /// What it signs: `decision` or `log`.
    pub purpose: String,
    /// Its id.
    pub kid: String,
    /// The public key, as PEM.
    pub pem: String,
    /// The first entry that it signs.
    pub from: u64,
    /// The permanent name of the log, in the entry of the log's own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The address that statements name their verifier by, in the entry of the log's own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
}

/// The log continues from an older state of another log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogContinued {
    /// When it was continued.
    pub at: String,
    /// The last known signed head of the earlier log.
    pub checkpoint: String,
    /// How many entries were lost.
    pub lost: u64,
    /// The new name of the log.
    pub origin: String,
    /// How many entries the restored database has.
    pub restored: u64,
}

impl Document for KeyAdded {
    const FACT: Fact = Fact::KeyAdded;

    fn subject(&self) -> &str {
        &self.kid
    }
}

impl Document for LogContinued {
    const FACT: Fact = Fact::LogContinued;

    /// The name of the earlier log is stored as the subject of the entry; this is the new name.
    fn subject(&self) -> &str {
        &self.origin
    }
}
