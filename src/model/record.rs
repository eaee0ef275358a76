//! The record of a decision: what is signed, logged and replayed.

use super::{Approval, Digest, Engine, Inputs, Timestamp, Verdict};

/// The full record of a decision: what it was made from, and the verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The digest of `inputs`.
    pub inputs_digest: Digest,
    /// The frozen inputs.
    pub inputs: Inputs,
    /// The approvals that were considered, in the order in which they were given.
    pub approvals: Vec<Approval>,
    /// The `now` that the decision was made with.
    pub decided_at: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// The engine that computed the verdict.
    pub engine: Engine,
}
