//! The record of a decision: what is signed, logged and replayed.

use super::{Approval, Digest, Engine, Inputs, Timestamp, Verdict};
use serde::{Deserialize, Serialize};

/// Everything that a decision was made from, and the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The digest of `inputs`.
    pub inputs_digest: Digest,
    /// The frozen inputs.
    pub inputs: Inputs,
    /// The approvals at hand, in the order they were given.
    pub approvals: Vec<Approval>,
    /// The `now` that it was decided at.
    pub decided_at: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// The engine that judged.
    pub engine: Engine,
}
