//! A verdict, as a record states it.

use super::FindingDocument;
use crate::model::{
    ApprovalCount, Digest, Engine, Environment, ModelId, Outcome, PolicySummary, Timestamp,
    Verdict, mirror, verdict::Mode,
};
use serde::{Deserialize, Serialize};

/// The verdict on one release; see [`Verdict`] for what each field means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerdictDocument {
    verdict: Outcome,
    model: Option<ModelId>,
    artifact: Option<Digest>,
    environment: Option<Environment>,
    inputs_digest: Digest,
    policies: Vec<PolicyDocument>,
    findings: Vec<FindingDocument>,
    approvals: Vec<ApprovalCountDocument>,
    engine: Engine,
}

/// A policy that was applied; see [`PolicySummary`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyDocument {
    /// Its name.
    pub name: String,
    /// The digest of its TOML bytes.
    pub digest: Digest,
    /// Whether it blocks.
    pub mode: Mode,
}

/// The progress of one approval requirement; see [`ApprovalCount`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalCountDocument {
    policy: String,
    id: String,
    role: String,
    needed: u64,
    given: u64,
    rejected: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    people: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

mirror!(PolicyDocument = PolicySummary { name, digest, mode });
mirror!(
    ApprovalCountDocument =
        ApprovalCount { policy, id, role, needed, given, rejected, people, until }
);
mirror!(
    VerdictDocument = Verdict {
        verdict,
        model,
        artifact,
        environment,
        inputs_digest,
        policies: each,
        findings: each,
        approvals: each,
        engine,
    }
);
