//! References on the wire.

use crate::model::{Digest, Environment, ModelId, Person, ReleaseId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An artifact that others are to be compared with: the body of `POST /api/v1/references`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeV1 {
    /// The model, `namespace/name`.
    #[schema(value_type = String, example = "acme/credit-risk")]
    pub model: ModelId,
    /// The environment in which it is the reference.
    #[schema(value_type = String, example = "production")]
    pub environment: Environment,
    /// The artifact, which must be allowed there.
    #[schema(value_type = String)]
    pub artifact: Digest,
    /// Why it is proposed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 4000)]
    pub comment: String,
}

/// The body of `POST /api/v1/references/{reference}/approvals`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveReferenceV1 {
    /// The comment of the approver.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 4000)]
    pub comment: String,
}

/// A proposal to pin an artifact as the reference, and its approval.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReferenceV1 {
    /// Its id.
    pub reference: String,
    /// The model.
    #[schema(value_type = String)]
    pub model: ModelId,
    /// The environment in which it is the reference.
    #[schema(value_type = String)]
    pub environment: Environment,
    /// The artifact.
    #[schema(value_type = String)]
    pub artifact: Digest,
    /// The release that allowed it there, whose evidence the comparison is with.
    #[schema(value_type = String)]
    pub release: ReleaseId,
    /// Why it is proposed.
    pub comment: String,
    /// Who proposed it.
    #[schema(value_type = Object)]
    pub proposed_by: Person,
    /// When it was proposed.
    #[schema(value_type = String, format = DateTime)]
    pub proposed_at: Timestamp,
    /// The log index of the proposal.
    pub log_index: u64,
    /// Its approval; null while it waits for one.
    pub approval: Option<ReferenceApprovalV1>,
}

/// The approval that pinned a reference.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReferenceApprovalV1 {
    /// Who approved it.
    #[schema(value_type = Object)]
    pub by: Person,
    /// Their comment.
    pub comment: String,
    /// When it was approved.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Its log index.
    pub log_index: u64,
}

/// The reference of a model in an environment: `GET /api/v1/references`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReferencesV1 {
    /// The reference in force; null if none was ever pinned.
    pub in_force: Option<ReferenceV1>,
    /// Every proposal, newest first, approved ones included.
    pub data: Vec<ReferenceV1>,
    /// The cursor of the next page of proposals; null on the last one.
    #[serde(default)]
    pub next: Option<String>,
}
