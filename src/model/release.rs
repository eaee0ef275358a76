//! A release and its decisions.

use super::{
    DecisionId, Digest, Environment, ModelId, Person, Record, ReleaseId, Timestamp, Trigger,
};

/// The request to put one artifact into one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// The model.
    pub model: ModelId,
    /// The version, a label only.
    pub version: Option<String>,
    /// The artifact.
    pub artifact: Digest,
    /// The target environment.
    pub environment: Environment,
    /// The submitter, who cannot approve this release.
    pub submitter: Person,
    /// The submitter's comment.
    pub comment: String,
    /// The time of the request.
    pub requested_at: Timestamp,
    /// The log index of the request.
    pub log_index: u64,
}

/// A signed and logged verdict. The state of a release is its latest decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// The release that it applies to.
    pub release: ReleaseId,
    /// What it was made for; not stated in a record of version 1.
    pub trigger: Option<Trigger>,
    /// The inputs and the verdict.
    pub record: Record,
    /// The log index of the signed record.
    pub record_index: u64,
    /// The log index of the signed verification summary; `None` if none is issued.
    pub vsa_index: Option<u64>,
}
