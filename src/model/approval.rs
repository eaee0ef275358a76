//! One person's vote on a release, bound to exactly the inputs they saw.

use super::{ApprovalId, Digest, ReleaseId, Timestamp};
use serde::{Deserialize, Serialize};

/// A person, by a stable id and a display name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The id: stable, unique within the namespace, never reused.
    pub id: String,
    /// The name that pages show.
    pub name: String,
}

/// A vote for or against a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vote {
    /// In favour.
    Approve,
    /// Against.
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

/// The vote of a signed-in person on one release at one `inputs_digest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The approval's id; `None` in a file given to `check`.
    pub id: Option<ApprovalId>,
    /// The release voted on; `None` in a file given to `check`.
    pub release: Option<ReleaseId>,
    /// The person who voted.
    pub by: Person,
    /// The roles they held when they voted.
    pub roles: Vec<String>,
    /// For or against.
    pub vote: Vote,
    /// The comment that they wrote.
    pub comment: String,
    /// The digest of the inputs that they saw.
    pub inputs_digest: Digest,
    /// The time of the vote.
    pub at: Timestamp,
}
