//! A vote, as a record states it.

use crate::model::{Approval, ApprovalId, Digest, Person, ReleaseId, Timestamp, Vote, mirror};
use serde::{Deserialize, Serialize};

/// The vote of a person on one release at one `inputs_digest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalDocument {
    /// The approval's id; `None` in a file given to `check`.
    #[serde(default)]
    pub id: Option<ApprovalId>,
    /// The release voted on; `None` in a file given to `check`.
    #[serde(default)]
    pub release: Option<ReleaseId>,
    /// The person who voted.
    pub by: Person,
    /// The roles that they held when they voted.
    pub roles: Vec<String>,
    /// For or against.
    pub vote: Vote,
    /// The comment that they wrote.
    #[serde(default)]
    pub comment: String,
    /// The digest of the inputs that they saw.
    pub inputs_digest: Digest,
    /// The time of the vote.
    pub at: Timestamp,
}

mirror!(ApprovalDocument = Approval { id, release, by, roles, vote, comment, inputs_digest, at });
