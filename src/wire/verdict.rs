//! Verdicts on the wire: the JSON of `check`, of `gate` and of the API.

use super::finding::FindingV1;
use crate::model::{
    ApprovalCount, Digest, Engine, Environment, ModelId, Outcome, PolicySummary, Timestamp,
    Verdict, mirror, verdict::Mode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The verdict on one release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerdictV1 {
    /// What was decided.
    #[schema(value_type = OutcomeV1)]
    pub verdict: Outcome,
    /// The model, if given.
    #[schema(value_type = Option<String>)]
    pub model: Option<ModelId>,
    /// The artifact, if given.
    #[schema(value_type = Option<String>)]
    pub artifact: Option<Digest>,
    /// The environment, if given.
    #[schema(value_type = Option<String>)]
    pub environment: Option<Environment>,
    /// The digest of all inputs.
    #[schema(value_type = String)]
    pub inputs_digest: Digest,
    /// The policies that were applied.
    pub policies: Vec<AppliedV1>,
    /// The results of all rules, in the order of the policies' files.
    pub findings: Vec<FindingV1>,
    /// The progress of every approval requirement.
    pub approvals: Vec<ApprovalCountV1>,
    /// The engine that computed the verdict.
    #[schema(inline)]
    pub engine: EngineV1,
}

impl VerdictV1 {
    /// The verdict as the domain's type, with what can be asked of it.
    pub fn to_verdict(&self) -> Verdict {
        self.clone().into()
    }
}

/// The words of a verdict. This type only documents them: values have the type [`Outcome`].
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeV1 {
    /// The artifact can be released to the environment.
    Allow,
    /// The artifact cannot be released to the environment.
    Deny,
    /// Every rule holds, but approvals are missing.
    Pending,
    /// It was allowed, but no longer is.
    Revoked,
}

/// The engine that computed a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EngineV1 {
    /// The number of its semantics.
    pub semantics: u32,
}

/// A policy that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppliedV1 {
    /// Its name.
    pub name: String,
    /// The digest of its TOML bytes.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// `enforce` or `observe`.
    #[schema(value_type = String)]
    pub mode: Mode,
}

/// The progress of one approval requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalCountV1 {
    /// The policy that requires it.
    pub policy: String,
    /// The id of the requirement in that policy.
    pub id: String,
    /// The role that can approve.
    pub role: String,
    /// How many people are needed.
    pub needed: u64,
    /// The number of counted approvals, at most as many as are needed.
    pub given: u64,
    /// How many rejected; one is enough to deny.
    pub rejected: u64,
    /// The stable ids of the people whose approvals are counted here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// The moment from which the approvals are too few, if they expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

mirror!(EngineV1 = Engine { semantics });
mirror!(AppliedV1 = PolicySummary { name, digest, mode });
mirror!(
    ApprovalCountV1 = ApprovalCount { policy, id, role, needed, given, rejected, people, until }
);
mirror!(
    VerdictV1 = Verdict {
        verdict,
        model,
        artifact,
        environment,
        inputs_digest,
        policies: each,
        findings: each,
        approvals: each,
        engine: one,
    }
);
