//! Policies, models and the log on the wire.

use crate::model::{Digest, ModelId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A version of a policy or of a mapping.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PublishedV1 {
    /// Its name. The newest version of a policy applies; the name of a mapping means its newest
    /// version.
    pub name: String,
    /// Its version, counted from 1.
    pub version: u64,
    /// The digest of its bytes.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// The stable id of the actor who published it.
    pub published_by: String,
    /// When it was published.
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Timestamp,
    /// Its log index.
    pub log_index: u64,
    /// What is valid in it but probably not what its author means; reported when it is published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<WarningV1>,
}

/// What is valid in a policy but probably not what its author means.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WarningV1 {
    /// A stable word, such as `wrong-direction`.
    pub code: String,
    /// What is unusual.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1.
    pub column: usize,
}

/// A model with requested releases.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ModelV1 {
    /// The model.
    #[schema(value_type = String)]
    pub model: ModelId,
    /// How many of its releases were requested.
    pub releases: u64,
}

/// The head of a log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LogV1 {
    /// The log's name.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The signed checkpoint.
    pub checkpoint: String,
    /// The key that verifies it, as `name+id+key`.
    pub verifier_key: String,
}

/// An entry of a log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EntryV1 {
    /// Its index.
    pub index: u64,
    /// What happened.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The bytes that the leaf hash covers, which are JSON.
    pub body: String,
}
