//! The request for a release.

use super::{Document, Fact};
use crate::model::{Digest, Environment, ModelId, Person, ReleaseId, Timestamp};
use serde::{Deserialize, Serialize};

/// A release was requested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequested {
    /// Its id.
    pub release: ReleaseId,
    /// The model; absent before version 2, where only the inputs have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    /// The artifact; absent before version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Digest>,
    /// The environment; absent before version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// The digest of the inputs that it was first evaluated with.
    pub inputs_digest: Digest,
    /// Who submitted it.
    pub submitter: Person,
    /// The version, a label only.
    pub version: Option<String>,
    /// The submitter's comment.
    pub comment: String,
    /// When.
    pub requested_at: Timestamp,
}

impl Document for ReleaseRequested {
    const FACT: Fact = Fact::ReleaseRequested;

    fn subject(&self) -> &str {
        self.release.as_str()
    }
}
