//! Deciding from what is at hand: the same inputs, digest and verdict for `check`, the tests of a policy and the
//! service.

use crate::{
    model::{
        Approval, Claimed, Digest, Environment, EvidenceRef, Inputs, ModelId, PolicyRef, Submitted, Timestamp, Verdict,
        jcs,
    },
    policy::{self, Case, Policy},
};
use std::{collections::BTreeMap, sync::Arc};

/// What a submission says of itself. What it does not say is null.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The model.
    pub model: Option<ModelId>,
    /// The artifact.
    pub artifact: Option<Digest>,
    /// Where it is to go.
    pub environment: Option<Environment>,
    /// The stable id of whoever asks.
    pub submitter: Option<String>,
    /// Its circumstances; `when` reads them.
    pub context: BTreeMap<String, String>,
}

/// Why nothing could be decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Two policies would be told apart by nothing in a finding.
    #[error("two different policies are both named `{0}`; rename one")]
    OneName(String),
    /// The inputs have no canonical form.
    #[error(transparent)]
    Inputs(#[from] jcs::JcsError),
}

impl CheckError {
    /// A stable word for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OneName(_) => "duplicate-policy",
            Self::Inputs(_) => "inputs",
        }
    }
}

/// The frozen inputs of a decision: every list sorted, every key present.
pub fn inputs(request: Request, policies: &[Arc<Policy>], evidence: &[Submitted]) -> Inputs {
    let policy = |p: &Arc<Policy>| PolicyRef { name: p.name.clone(), digest: p.digest };
    let document = |s: &Submitted| EvidenceRef {
        digest: s.evidence.digest,
        format: s.evidence.format.clone(),
        claimed: Some(s.claimed.clone()).filter(|c| *c != Claimed::default()),
        mapping: s.mapping,
    };
    let mut mappings: Vec<Digest> = evidence.iter().filter_map(|s| s.mapping).collect();
    mappings.sort_unstable();
    mappings.dedup();
    Inputs {
        model: request.model,
        artifact: request.artifact,
        environment: request.environment,
        submitter: request.submitter,
        policies: policies.iter().map(policy).collect(),
        evidence: evidence.iter().map(document).collect(),
        mappings,
        context: request.context,
        ..Inputs::default()
    }
    .sorted()
}

/// The verdict on `inputs`, which must be those of exactly these policies and documents.
///
/// # Errors
/// When two different policies have one name, or the inputs have no canonical form.
pub fn decide(
    inputs: &Inputs,
    policies: &[Arc<Policy>],
    evidence: &[Submitted],
    approvals: &[Approval],
    now: Timestamp,
) -> Result<Verdict, CheckError> {
    let mut digests: BTreeMap<&str, Digest> = BTreeMap::new();
    for policy in policies {
        if *digests.entry(&policy.name).or_insert(policy.digest) != policy.digest {
            return Err(CheckError::OneName(policy.name.clone()));
        }
    }
    let inputs_digest = inputs.digest()?;
    Ok(policy::evaluate(&Case {
        inputs,
        inputs_digest,
        policies,
        evidence,
        champion: &[],
        reference: &[],
        approvals,
        now,
    }))
}
