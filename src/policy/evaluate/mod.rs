//! The verdict: a pure function of a case.

mod approvals;
pub(in crate::policy) mod index;

use super::{
    budget,
    condition::Variables,
    judged::Judged,
    phrase::{self, Reason},
    rules::{self, View},
    schema::Policy,
};
use crate::model::{
    Approval, ApprovalCount, Digest, Engine, Inputs, ObserveOnly, Outcome, PolicySummary, Status,
    Submitted, Timestamp, Verdict,
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

    /// Whether bounds decide as in the first two versions of the semantics: by any method, on any
    /// number of events. The third version decides by methods whose error was simulated, and only
    /// on as many events as the simulation needs.
    pub(super) fn trusts_every_bound(&self) -> bool {
        self.inputs.engine < 3
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
    let prepared = Prepared::new(case);
    prepared.judge().word()
}

/// A case with its evidence indexed, ready to be judged.
#[derive(Debug)]
pub struct Prepared<'a> {
    case: &'a Case<'a>,
    policies: Vec<&'a Policy>,
    index: Index<'a>,
    champion: Option<Index<'a>>,
    reference: Option<Index<'a>>,
    variables: Option<Variables>,
}

impl<'a> Prepared<'a> {
    /// Sorts the policies, and indexes the evidence.
    pub fn new(case: &'a Case<'a>) -> Self {
        let policies = policies(case);
        let conditions = policies.iter().any(|p| p.rules.iter().any(|r| r.when.is_some()));
        Self {
            case,
            index: Index::new(case.evidence),
            champion: case.inputs.champion.as_ref().map(|_| Index::new(case.champion)),
            reference: case.inputs.reference.as_ref().map(|_| Index::new(case.reference)),
            variables: conditions.then(|| Variables::of(case.inputs)),
            policies,
        }
    }

    /// Decides. The findings are complete except for their sentences.
    pub fn judge(&'a self) -> Judgement<'a> {
        let (case, policies) = (self.case, self.policies.as_slice());
        let (mut findings, mut counts, mut blocked) = (Vec::new(), Vec::new(), false);
        for policy in policies {
            let view = View {
                champion: self.champion.as_ref(),
                reference: self.reference.as_ref(),
                variables: self.variables.as_ref(),
                ..View::new(case, policy, &self.index)
            };
            let before = findings.len();
            findings = rules::judge(&view, findings, budget::MOST_FINDINGS);
            if policy.mode == Mode::Enforce {
                blocked |= findings.iter().skip(before).any(|(finding, _)| finding.blocks());
                counts.extend(approvals::count(case, policy));
            }
        }
        let enforcing = policies.iter().any(|p| p.mode == Mode::Enforce);
        let let_through =
            case.inputs.observe_only == Some(ObserveOnly::Allow) && !policies.is_empty();
        if !enforcing && !let_through && !case.is_first() {
            findings.push(no_policy(policies));
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
        Judgement { case, policies, outcome, findings, counts }
    }
}

/// A decided case whose findings have no sentences yet.
#[derive(Debug)]
pub struct Judgement<'a> {
    case: &'a Case<'a>,
    policies: &'a [&'a Policy],
    outcome: Outcome,
    findings: Vec<(Judged<'a>, Reason)>,
    counts: Vec<ApprovalCount>,
}

impl Judgement<'_> {
    /// The outcome.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The verdict: every finding with its sentence.
    pub fn word(self) -> Verdict {
        let (case, first) = (self.case, self.case.is_first());
        let worded = |(finding, reason): (Judged<'_>, Reason)| finding.worded(&reason, first);
        Verdict {
            verdict: self.outcome,
            model: case.inputs.model.clone(),
            artifact: case.inputs.artifact,
            environment: case.inputs.environment.clone(),
            inputs_digest: case.inputs_digest,
            policies: self.policies.iter().map(|p| summary(p)).collect(),
            findings: self.findings.into_iter().map(worded).collect(),
            approvals: self.counts,
            engine: Engine { semantics: case.inputs.engine },
        }
    }
}

/// The finding that no policy enforces, so that no rule backs this release. It belongs to no
/// policy.
fn no_policy<'a>(observing: &[&Policy]) -> (Judged<'a>, Reason) {
    let names: Vec<String> = observing.iter().map(|p| p.name.clone()).collect();
    let reason = Reason::Said(phrase::no_policy(&names));
    (Judged::new("", NO_POLICY, Status::Missing), reason)
}

fn summary(policy: &Policy) -> PolicySummary {
    PolicySummary { name: policy.name.clone(), digest: policy.digest, mode: policy.mode }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
