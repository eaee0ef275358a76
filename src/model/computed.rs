//! How modelgate computed a document of evidence: the files, the columns and the plan.

use super::{Columns, Digest, Plan};
use serde::{Deserialize, Serialize};

/// The format id of evidence computed from raw predictions. Only modelgate writes it: no submission
/// can claim it.
pub const COMPUTED: &str = "computed-predictions";

/// The sources and parameters of a computed document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Computed {
    /// The source files, sorted by role, then digest.
    pub sources: Vec<Source>,
    /// The meaning of each column.
    pub columns: Columns,
    /// What was to be computed.
    pub plan: Plan,
    /// The number of rows of predictions.
    pub rows: u64,
}

/// A file that evidence was computed from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What the file is in the computation.
    pub role: Role,
    /// The digest of its bytes.
    pub digest: Digest,
}

/// What a file of rows is in a computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The candidate's predictions.
    Predictions,
    /// Labels and groups, joined on the row id.
    Labels,
    /// The champion's predictions.
    Champion,
    /// The reference's predictions.
    Reference,
    /// The data that drift is measured against.
    DriftReference,
}
