//! Votes on the wire: as the service answers with them, and in files for `check`.

use crate::model::{Approval, ApprovalId, Digest, Person, ReleaseId, Timestamp, Vote, mirror};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The vote of a person on one release, bound to the inputs that they saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalV1 {
    /// The approval's id; null in a file given to `check`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub id: Option<ApprovalId>,
    /// The release voted on; null in a file given to `check`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub release: Option<ReleaseId>,
    /// The person who voted.
    #[schema(value_type = Object)]
    pub by: Person,
    /// The roles that they held when they voted.
    pub roles: Vec<String>,
    /// `approve` or `reject`.
    #[schema(value_type = String)]
    pub vote: Vote,
    /// The comment that they wrote.
    #[serde(default)]
    pub comment: String,
    /// The digest of the inputs that they saw.
    #[schema(value_type = String)]
    pub inputs_digest: Digest,
    /// The time of the vote.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

mirror!(ApprovalV1 = Approval { id, release, by, roles, vote, comment, inputs_digest, at });
