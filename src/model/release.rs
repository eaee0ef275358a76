//! A release and its decisions.

use super::{DecisionId, Digest, Environment, ModelId, Person, Record, ReleaseId, Timestamp};

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
    /// Where it is to go.
    pub environment: Environment,
    /// Who asked; they may not approve.
    pub submitter: Person,
    /// What they wrote with it.
    pub comment: String,
    /// When they asked.
    pub requested_at: Timestamp,
    /// The log index of the request.
    pub log_index: u64,
}

/// A verdict, signed and logged. A release's state is its latest decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// The release that it decides.
    pub release: ReleaseId,
    /// What was decided, and from what.
    pub record: Record,
    /// The log index of the signed record.
    pub record_index: u64,
    /// The log index of the signed verification summary; `None` where none is issued.
    pub vsa_index: Option<u64>,
}
