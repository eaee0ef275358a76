//! The verdict: a pure function of a case.

mod approvals;
pub(in crate::policy) mod index;

use super::{
    condition::Variables,
    rules::{self, View},
    schema::Policy,
};
use crate::model::{
    Approval, Digest, Engine, Finding, Inputs, Outcome, PolicySummary, SEMANTICS, Severity, Submitted, Timestamp,
    Verdict, verdict::Mode,
};
use index::Index;
use std::sync::Arc;

/// Everything that a verdict is a function of.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The frozen inputs.
    pub inputs: &'a Inputs,
    /// Their digest; approvals point at it.
    pub inputs_digest: Digest,
    /// The policies that apply; the order does not matter.
    pub policies: &'a [Arc<Policy>],
    /// The evidence; the order does not matter.
    pub evidence: &'a [Submitted],
    /// The champion's evidence; it counts where the inputs name a champion.
    pub champion: &'a [Submitted],
    /// The reference's evidence; it counts where the inputs name a reference.
    pub reference: &'a [Submitted],
    /// The approvals at hand; the order does not matter.
    pub approvals: &'a [Approval],
    /// The moment of judgement.
    pub now: Timestamp,
}

/// Judges a case. Every enforcing policy must allow; none at all is a deny; only observing ones are an allow.
pub fn evaluate(case: &Case<'_>) -> Verdict {
    let mut policies: Vec<&Policy> = case.policies.iter().map(AsRef::as_ref).collect();
    policies.sort_by(|a, b| (&a.name, a.digest).cmp(&(&b.name, b.digest)));
    policies.dedup_by_key(|p| p.digest);

    let index = Index::new(case.evidence);
    let champion = case.inputs.champion.as_ref().map(|_| Index::new(case.champion));
    let reference = case.inputs.reference.as_ref().map(|_| Index::new(case.reference));
    let variables = policies.iter().any(|p| p.rules.iter().any(|r| r.when.is_some())).then(|| Variables::of(case.inputs));
    let (mut findings, mut counts, mut blocked) = (Vec::new(), Vec::new(), false);
    for policy in &policies {
        let view = View {
            case,
            policy,
            index: &index,
            champion: champion.as_ref(),
            reference: reference.as_ref(),
            variables: variables.as_ref(),
        };
        let said = rules::judge(&view);
        if policy.mode == Mode::Enforce {
            blocked |= said.iter().any(blocks);
            counts.extend(approvals::count(case, policy));
        }
        findings.extend(said);
    }

    let enforcing = policies.iter().any(|p| p.mode == Mode::Enforce);
    let rejected = counts.iter().any(|c| c.rejected > 0);
    let outcome = if policies.is_empty() || blocked || rejected {
        Outcome::Deny
    } else if enforcing && counts.iter().any(|c| c.given < c.needed) {
        Outcome::Pending
    } else {
        Outcome::Allow
    };
    Verdict {
        verdict: outcome,
        model: case.inputs.model.clone(),
        artifact: case.inputs.artifact,
        environment: case.inputs.environment.clone(),
        inputs_digest: case.inputs_digest,
        policies: policies.iter().map(|p| summary(p)).collect(),
        findings,
        approvals: counts,
        engine: Engine { semantics: SEMANTICS },
    }
}

fn blocks(finding: &Finding) -> bool {
    finding.severity == Severity::Block && !finding.status.holds()
}

fn summary(policy: &Policy) -> PolicySummary {
    PolicySummary { name: policy.name.clone(), digest: policy.digest, mode: policy.mode }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
