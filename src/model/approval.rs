//! A person's yes or no to exactly the inputs they saw.

use super::{ApprovalId, Digest, ReleaseId, Timestamp};
use serde::{Deserialize, Serialize};

/// Somebody who can be named: stable id and the name shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Stable, unique within the namespace, never reused.
    pub id: String,
    /// What people call them.
    pub name: String,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vote {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

impl Vote {
    /// The word in JSON, SQL and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// A signed-in person's yes or no to one release at one `inputs_digest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Its id; `None` in a file given to `check`.
    #[serde(default)]
    pub id: Option<ApprovalId>,
    /// The release; `None` in a file given to `check`.
    #[serde(default)]
    pub release: Option<ReleaseId>,
    /// Who.
    pub by: Person,
    /// The roles they held at that moment.
    pub roles: Vec<String>,
    /// Yes or no.
    pub vote: Vote,
    /// What they wrote with it.
    #[serde(default)]
    pub comment: String,
    /// The inputs that they saw.
    pub inputs_digest: Digest,
    /// When.
    pub at: Timestamp,
}
