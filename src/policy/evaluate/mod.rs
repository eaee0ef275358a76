//! The verdict: a pure function of a case.

mod approvals;
pub(in crate::policy) mod index;

use super::{
    budget,
    condition::Variables,
    phrase,
    rules::{self, View},
    schema::Policy,
};
use crate::model::{
    Approval, ApprovalCount, Digest, Engine, Finding, Inputs, ObserveOnly, Outcome, PolicySummary,
    Severity, Status, Submitted, Timestamp, Verdict,
    verdict::{Mode, NO_POLICY},
};
use index::Index;
use std::sync::Arc;

/// The arguments of a verdict: everything it depends on.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The frozen inputs.
    pub inputs: &'a Inputs,
    /// The digest of the inputs, to which approvals refer.
    pub inputs_digest: Digest,
    /// The policies that apply; their order does not matter.
    pub policies: &'a [Arc<Policy>],
    /// The evidence; its order does not matter.
    pub evidence: &'a [Submitted],
    /// The champion's evidence; used only if the inputs name a champion.
    pub champion: &'a [Submitted],
    /// The reference's evidence; used only if the inputs name a reference.
    pub reference: &'a [Submitted],
    /// The approvals; their order does not matter.
    pub approvals: &'a [Approval],
    /// The moment of evaluation.
    pub now: Timestamp,
}

impl Case<'_> {
    /// Whether the first version of the semantics applies, so that decisions made with it can be
    /// recomputed to the byte. The second version changed this: an environment in which no policy
    /// enforces releases nothing, unless the namespace names it; numbers in sentences are never
    /// rounded onto the limit; a claim is compared with the computed counts that both have; numbers
    /// computed for one policy serve every policy whose columns they cover; there are budgets.
    pub(super) fn is_first(&self) -> bool {
        self.inputs.engine < 2
    }
}

/// The policies of a case, without duplicates, in order.
fn policies<'c>(case: &Case<'c>) -> Vec<&'c Policy> {
    let mut policies: Vec<&Policy> = case.policies.iter().map(AsRef::as_ref).collect();
    policies.sort_by(|a, b| (&a.name, a.digest).cmp(&(&b.name, b.digest)));
    policies.dedup_by_key(|p| p.digest);
    policies
}

/// The progress of every approval that an enforcing policy requires, at the case's moment.
pub fn approvals(case: &Case<'_>) -> Vec<ApprovalCount> {
    let enforcing = policies(case).into_iter().filter(|p| p.mode == Mode::Enforce);
    enforcing.flat_map(|policy| approvals::count(case, policy)).collect()
}

/// The first moment after the case's at which approvals that suffice now are too few, because some
/// expire.
pub fn approvals_end(case: &Case<'_>) -> Option<Timestamp> {
    let enforcing = policies(case).into_iter().filter(|p| p.mode == Mode::Enforce);
    enforcing.filter_map(|policy| approvals::end(case, policy)).min()
}

/// Evaluates a case by the engine that its inputs name. Every enforcing policy must allow. A case
/// without any policy is a deny. A case in which policies only observe is an allow if the inputs
/// say so, and always by the first semantics.
pub fn evaluate(case: &Case<'_>) -> Verdict {
    let policies = policies(case);
    let index = Index::new(case.evidence);
    let champion = case.inputs.champion.as_ref().map(|_| Index::new(case.champion));
    let reference = case.inputs.reference.as_ref().map(|_| Index::new(case.reference));
    let variables = policies
        .iter()
        .any(|p| p.rules.iter().any(|r| r.when.is_some()))
        .then(|| Variables::of(case.inputs));
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
        let said = rules::judge(&view, budget::MOST_FINDINGS.saturating_sub(findings.len()));
        if policy.mode == Mode::Enforce {
            blocked |= said.iter().any(blocks);
            counts.extend(approvals::count(case, policy));
        }
        findings.extend(said);
    }

    let enforcing = policies.iter().any(|p| p.mode == Mode::Enforce);
    let let_through = case.inputs.observe_only == Some(ObserveOnly::Allow) && !policies.is_empty();
    if !enforcing && !let_through && !case.is_first() {
        findings.push(no_policy(&policies));
        blocked = true;
    }
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
        engine: Engine { semantics: case.inputs.engine },
    }
}

fn blocks(finding: &Finding) -> bool {
    finding.severity == Severity::Block && !finding.status.holds()
}

/// The finding that no policy enforces, so that no rule backs this release. It belongs to no
/// policy.
fn no_policy(observing: &[&Policy]) -> Finding {
    let names: Vec<String> = observing.iter().map(|p| p.name.clone()).collect();
    let message = phrase::no_policy(&names);
    Finding { message, ..Finding::new("", NO_POLICY, Status::Missing) }
}

fn summary(policy: &Policy) -> PolicySummary {
    PolicySummary { name: policy.name.clone(), digest: policy.digest, mode: policy.mode }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
