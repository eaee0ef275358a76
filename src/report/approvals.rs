//! Who has said what, and who is still missing.

use super::values::{Moment, counted, listed};
use crate::model::{Approval, ApprovalCount, ApprovalId, Digest, Outcome, Verdict, Vote};
use serde::Serialize;
use std::collections::BTreeMap;

/// One approval requirement and how far it is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// The policy that asks.
    pub policy: String,
    /// Its id there.
    pub id: String,
    /// The role that may answer.
    pub role: String,
    /// `1 of 2`.
    pub count: String,
    /// Whether nothing is missing.
    pub met: bool,
    /// Whether somebody said no.
    pub rejected: bool,
    /// `1 more person with the role model-risk`; `None` when met, and when nobody is waited for.
    pub missing: Option<String>,
    /// A place for every approval that is needed.
    pub seats: Vec<Seat>,
}

/// A place for one approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seat {
    /// Who took it; `None` while it is free.
    pub name: Option<String>,
    /// Whether an approval counts here, also when its name is not at hand.
    pub taken: bool,
}

/// One person's yes or no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VoteRow {
    /// Who.
    pub name: String,
    /// Their stable id.
    pub person: String,
    /// The roles they held.
    pub roles: String,
    /// `approve` or `reject`.
    pub vote: &'static str,
    /// `Approved` or `Rejected`.
    pub word: &'static str,
    /// What they wrote.
    pub comment: Option<String>,
    /// When.
    pub at: Moment,
    /// Why it does not count, where it does not.
    pub void: Option<&'static str>,
    /// Its log index, where told.
    pub index: Option<u64>,
}

/// The requirements of `verdict` with the counts of `counts`, which are its own or what they have become since, and the
/// names of those who answered.
pub fn requirements(verdict: &Verdict, counts: &[ApprovalCount], approvals: &[Approval]) -> Vec<Requirement> {
    let one = |asked: &ApprovalCount| {
        let mut names = names(verdict, asked, approvals).into_iter();
        let given = asked.given.min(asked.needed);
        let seats =
            (0..asked.needed.min(50))
                .map(|i| {
                    if i < given { Seat { name: names.next(), taken: true } } else { Seat { name: None, taken: false } }
                })
                .collect();
        let missing = asked.needed.saturating_sub(given);
        let people = counted(usize::try_from(missing).unwrap_or(usize::MAX), "more person", "more people");
        Requirement {
            policy: asked.policy.clone(),
            id: asked.id.clone(),
            role: asked.role.clone(),
            count: format!("{given} of {}", asked.needed),
            met: missing == 0,
            rejected: asked.rejected > 0,
            missing: (missing > 0 && matches!(verdict.verdict, Outcome::Pending | Outcome::Allow))
                .then(|| format!("{people} with the role {}", asked.role)),
            seats,
        }
    };
    counts.iter().map(one).collect()
}

/// The names of the people who count for a requirement, in the order they approved. Where an earlier engine counted, those
/// who hold its role.
fn names(verdict: &Verdict, asked: &ApprovalCount, approvals: &[Approval]) -> Vec<String> {
    let here = |a: &Approval| a.inputs_digest == verdict.inputs_digest && a.vote == Vote::Approve;
    let counts = |a: &Approval| match asked.people.as_slice() {
        [] => a.roles.contains(&asked.role),
        people => people.contains(&a.by.id),
    };
    let mut found: Vec<&Approval> = approvals.iter().filter(|a| here(a) && counts(a)).collect();
    found.sort_by_key(|a| a.at);
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|a| seen.insert(a.by.id.as_str()));
    found.into_iter().map(|a| a.by.name.clone()).collect()
}

/// The people whose approvals `counts` no longer counts, although one is missing that they could give: theirs expired.
pub fn expired<'a>(verdict: &Verdict, counts: &[ApprovalCount], approvals: &'a [Approval]) -> Vec<&'a str> {
    // The first engine did not say who counts.
    if verdict.engine.semantics < 2 {
        return Vec::new();
    }
    let counted = |a: &Approval| counts.iter().any(|c| c.people.contains(&a.by.id));
    let could = |a: &Approval| counts.iter().any(|c| c.given < c.needed && a.roles.contains(&c.role));
    let here = |a: &&Approval| a.inputs_digest == verdict.inputs_digest && a.vote == Vote::Approve;
    approvals.iter().filter(here).filter(|a| !counted(a) && could(a)).map(|a| a.by.id.as_str()).collect()
}

/// Every vote, oldest first. A vote on other inputs is shown and said not to count.
pub fn votes(approvals: &[Approval], inputs: Option<&Digest>, indexes: &BTreeMap<ApprovalId, u64>) -> Vec<VoteRow> {
    let mut sorted: Vec<&Approval> = approvals.iter().collect();
    sorted.sort_by_key(|a| a.at);
    sorted
        .into_iter()
        .map(|a| VoteRow {
            name: a.by.name.clone(),
            person: a.by.id.clone(),
            roles: listed(&a.roles),
            vote: a.vote.as_str(),
            word: if a.vote == Vote::Approve { "Approved" } else { "Rejected" },
            comment: (!a.comment.is_empty()).then(|| a.comment.clone()),
            at: Moment::from(a.at),
            void: (inputs != Some(&a.inputs_digest)).then_some("given for other inputs, so it does not count"),
            index: a.id.as_ref().and_then(|id| indexes.get(id)).copied(),
        })
        .collect()
}
