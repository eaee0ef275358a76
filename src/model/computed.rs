//! What evidence that we computed ourselves says of its making.

use super::{Columns, Digest, Plan};
use serde::{Deserialize, Serialize};

/// The format of evidence computed from raw predictions. No submission can claim it: only we write it.
pub const COMPUTED: &str = "computed-predictions";

/// From what and how a document was computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Computed {
    /// The files it was computed from, by role, then digest.
    pub sources: Vec<Source>,
    /// Which columns were what.
    pub columns: Columns,
    /// What was asked for.
    pub plan: Plan,
    /// Rows of predictions.
    pub rows: u64,
}

/// A file that something was computed from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it was.
    pub role: Role,
    /// The digest of its bytes.
    pub digest: Digest,
}

/// What a file of rows is to a computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// What the candidate predicted.
    Predictions,
    /// Labels and groups, joined on the id.
    Labels,
    /// What the champion predicted.
    Champion,
    /// What the reference predicted.
    Reference,
    /// The data that drift is measured from.
    DriftReference,
}
