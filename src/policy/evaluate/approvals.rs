//! Counting approvals. One person counts once, with their latest word on exactly these inputs, and never for a
//! release of their own.

use super::Case;
use crate::{
    model::{Approval, ApprovalCount, Timestamp, Vote},
    policy::schema::{ApprovalRule, Policy},
};
use std::collections::BTreeMap;

/// How far every requirement of `policy` is met.
pub(super) fn count(case: &Case<'_>, policy: &Policy) -> Vec<ApprovalCount> {
    let votes = latest(case);
    let counted = |rule: &ApprovalRule, vote: Vote| {
        let counts = votes.values().filter(|a| a.vote == vote && counts(a, rule, case.now)).count();
        u64::try_from(counts).unwrap_or(u64::MAX)
    };
    let answer = |rule: &ApprovalRule| ApprovalCount {
        policy: policy.name.clone(),
        id: rule.id.clone(),
        role: rule.role.clone(),
        needed: rule.count,
        given: counted(rule, Vote::Approve),
        rejected: counted(rule, Vote::Reject),
    };
    policy.approvals.iter().map(answer).collect()
}

/// Everybody's latest word on these inputs, but for the submitter's.
fn latest<'a>(case: &Case<'a>) -> BTreeMap<&'a str, &'a Approval> {
    let mut out: BTreeMap<&str, &Approval> = BTreeMap::new();
    for approval in case.approvals {
        let own = case.inputs.submitter.as_deref() == Some(approval.by.id.as_str());
        if own || approval.inputs_digest != case.inputs_digest || approval.at > case.now {
            continue;
        }
        let held = out.entry(approval.by.id.as_str()).or_insert(approval);
        if order(approval) > order(held) {
            *held = approval;
        }
    }
    out
}

/// Later is more; of two at the same moment a rejection is, so that no order of handing in decides.
fn order(a: &Approval) -> impl Ord + '_ {
    (a.at, a.vote == Vote::Reject, std::cmp::Reverse(&a.roles))
}

fn counts(approval: &Approval, rule: &ApprovalRule, now: Timestamp) -> bool {
    let fresh = rule.expires.is_none_or(|age| now < approval.at.plus(age));
    fresh && approval.roles.contains(&rule.role)
}
