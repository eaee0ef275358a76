//! Uploads and registered data sets on the wire.

use crate::model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An upload: the answer to `PUT /api/v1/predictions`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UploadedV1 {
    /// The answer.
    pub data: UploadV1,
}

/// A stored file of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadV1 {
    /// The digest of its bytes, by which a submission names it.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// How many bytes.
    pub size: u64,
}

/// A data set to be registered: the body of `POST /api/v1/datasets`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterV1 {
    /// Its name, which always means the same rows.
    #[schema(example = "holdout-2026q3")]
    pub name: String,
    /// The upload that contains it.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// The column that its rows are joined to predictions on.
    pub id: String,
    /// The column of true labels or values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The columns of groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// A registered data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatasetV1 {
    /// Its name.
    pub name: String,
    /// The upload that contains it.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// The column that its rows are joined to predictions on.
    pub id: String,
    /// The column of true labels or values.
    pub label: Option<String>,
    /// The columns of groups.
    pub groups: Vec<String>,
    /// The stable id of the actor who registered it.
    pub registered_by: String,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: Timestamp,
    /// Its log index.
    pub log_index: u64,
}
