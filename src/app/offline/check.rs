//! A decision from documents that are already parsed: `check`, policy tests and the service get the
//! same inputs, digest and verdict.

use crate::{
    model::{
        Against, Approval, Attempt, Baseline, Claimed, Digest, Environment, EvidenceRef, Inputs,
        ModelId, ObserveOnly, PolicyRef, Submitted, Timestamp, Verdict, jcs,
    },
    policy::{self, Case, Policy},
};
use std::{collections::BTreeMap, sync::Arc};

/// What a submission states about itself. A field that it does not state is null in the inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The model.
    pub model: Option<ModelId>,
    /// The artifact.
    pub artifact: Option<Digest>,
    /// The environment to release it to.
    pub environment: Option<Environment>,
    /// The stable id of the submitter.
    pub submitter: Option<String>,
    /// The context of the submission; `when` reads it.
    pub context: BTreeMap<String, String>,
    /// What the configuration states for an environment in which policies only observe.
    pub observe_only: Option<ObserveOnly>,
}

/// Why nothing could be decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Two policies have the same name, so a finding could not identify its policy.
    #[error("two different policies are both named `{0}`; rename one")]
    OneName(String),
    /// The inputs have no canonical form.
    #[error(transparent)]
    Inputs(#[from] jcs::JcsError),
}

impl CheckError {
    /// The stable code for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OneName(_) => "duplicate-policy",
            Self::Inputs(_) => "inputs",
        }
    }
}

/// The documents to evaluate: the candidate's evidence, and the evidence of its baselines.
#[derive(Debug, Clone, Default)]
pub struct Handed {
    /// The candidate's evidence.
    pub evidence: Vec<Submitted>,
    /// The champion's; `None` while there is no champion.
    pub champion: Option<Vec<Submitted>>,
    /// The reference's; `None` while there is no reference.
    pub reference: Option<Vec<Submitted>>,
    /// The attempts on each data set; empty if they are not counted.
    pub attempts: Vec<Attempt>,
}

/// The part of [`Request::observe_only`] that is recorded: only a value that makes a difference, so
/// that the inputs of every other release stay the same as before.
pub(in crate::app) fn let_through(
    said: Option<ObserveOnly>,
    policies: &[Arc<Policy>],
) -> Option<ObserveOnly> {
    said.filter(|said| {
        *said == ObserveOnly::Allow && policy::only_observe(policies.iter().map(AsRef::as_ref))
    })
}

/// The frozen inputs of a decision: every list sorted, every key present. Champion and reference
/// are included only if a rule reads them.
pub fn inputs(request: Request, policies: &[Arc<Policy>], handed: &Handed) -> Inputs {
    let policy = |p: &Arc<Policy>| PolicyRef { name: p.name.clone(), digest: p.digest };
    let reads = policy::needs::baselines(policies.iter().map(AsRef::as_ref));
    let baseline = |who: Against, evidence: &Option<Vec<Submitted>>| {
        let evidence = evidence.as_ref().filter(|_| reads.contains(&who))?;
        Some(Baseline { artifact: None, evidence: evidence.iter().map(document).collect() })
    };
    Inputs {
        model: request.model,
        artifact: request.artifact,
        environment: request.environment,
        submitter: request.submitter,
        policies: policies.iter().map(policy).collect(),
        evidence: handed.evidence.iter().map(document).collect(),
        champion: baseline(Against::Champion, &handed.champion),
        reference: baseline(Against::Reference, &handed.reference),
        context: request.context,
        attempts: handed.attempts.clone(),
        observe_only: let_through(request.observe_only, policies),
        ..Inputs::default()
    }
    .with_mappings()
    .sorted()
}

fn document(s: &Submitted) -> EvidenceRef {
    EvidenceRef {
        digest: s.evidence.digest,
        format: s.evidence.format.clone(),
        claimed: Some(s.claimed.clone()).filter(|c| *c != Claimed::default()),
        mapping: s.mapping,
    }
}

/// The verdict on `inputs`, which must have been made from exactly these policies and documents.
///
/// # Errors
/// When two different policies have one name, or the inputs have no canonical form.
pub fn decide(
    inputs: &Inputs,
    policies: &[Arc<Policy>],
    handed: &Handed,
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
    let evidence = &handed.evidence;
    let champion = handed.champion.as_deref().unwrap_or_default();
    let reference = handed.reference.as_deref().unwrap_or_default();
    Ok(policy::evaluate(&Case {
        inputs,
        inputs_digest,
        policies,
        evidence,
        champion,
        reference,
        approvals,
        now,
    }))
}
