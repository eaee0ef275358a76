//! The votes, and the approvals that are still missing.

use super::values::{Moment, counted, listed};
use crate::model::{Approval, ApprovalCount, ApprovalId, Digest, Outcome, Verdict, Vote};
use serde::Serialize;
use std::collections::BTreeMap;

/// One approval requirement and how far it is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// The policy that requires it.
    pub policy: String,
    /// Its id there.
    pub id: String,
    /// The role that can approve.
    pub role: String,
    /// `1 of 2`.
    pub count: String,
    /// Whether nothing is missing.
    pub met: bool,
    /// Whether it was rejected.
    pub rejected: bool,
    /// `1 more person with the role model-risk`; `None` if it is met, and if the release does not
    /// wait for approvals.
    pub missing: Option<String>,
    /// A place for every approval that is needed.
    pub seats: Vec<Seat>,
}

/// A place for one approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seat {
    /// Who gave it; `None` while it is missing.
    pub name: Option<String>,
    /// Whether the approval was given, even if the name is not known.
    pub taken: bool,
}

/// One person's approval or rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VoteRow {
    /// The person's name.
    pub name: String,
    /// Their stable id.
    pub person: String,
    /// The roles they had.
    pub roles: String,
    /// `approve` or `reject`.
    pub vote: &'static str,
    /// `Approved` or `Rejected`.
    pub word: &'static str,
    /// Their comment.
    pub comment: Option<String>,
    /// When they voted.
    pub at: Moment,
    /// Why it is not counted, if it is not.
    pub void: Option<&'static str>,
    /// Its log index, if known.
    pub index: Option<u64>,
}

/// The requirements of `verdict` with `counts`, which are its own or the present ones, and the
/// names of the people who approved.
pub fn requirements(
    verdict: &Verdict,
    counts: &[ApprovalCount],
    approvals: &[Approval],
) -> Vec<Requirement> {
    let one = |asked: &ApprovalCount| {
        let mut names = names(verdict, asked, approvals).into_iter();
        let given = asked.given.min(asked.needed);
        let seats = (0..asked.needed.min(50))
            .map(|i| {
                if i < given {
                    Seat { name: names.next(), taken: true }
                } else {
                    Seat { name: None, taken: false }
                }
            })
            .collect();
        let missing = asked.needed.saturating_sub(given);
        let people =
            counted(usize::try_from(missing).unwrap_or(usize::MAX), "more person", "more people");
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

/// The names of the people whose approvals are counted for a requirement, in the order they
/// approved. For a verdict of an earlier engine, the people who have its role.
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

/// The people whose approvals are not in `counts`, although one is missing that they could give:
/// theirs have expired.
pub fn expired<'a>(
    verdict: &Verdict,
    counts: &[ApprovalCount],
    approvals: &'a [Approval],
) -> Vec<&'a str> {
    // The first engine did not record whose approvals it counted.
    if verdict.engine.semantics < 2 {
        return Vec::new();
    }
    let counted = |a: &Approval| counts.iter().any(|c| c.people.contains(&a.by.id));
    let could =
        |a: &Approval| counts.iter().any(|c| c.given < c.needed && a.roles.contains(&c.role));
    let here = |a: &&Approval| a.inputs_digest == verdict.inputs_digest && a.vote == Vote::Approve;
    approvals
        .iter()
        .filter(here)
        .filter(|a| !counted(a) && could(a))
        .map(|a| a.by.id.as_str())
        .collect()
}

/// Every vote, oldest first. A vote on other inputs is shown with a note that it is not valid.
pub fn votes(
    approvals: &[Approval],
    inputs: Option<&Digest>,
    indexes: &BTreeMap<ApprovalId, u64>,
) -> Vec<VoteRow> {
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
            void: (inputs != Some(&a.inputs_digest))
                .then_some("given for other inputs, so it is not valid for these"),
            index: a.id.as_ref().and_then(|id| indexes.get(id)).copied(),
        })
        .collect()
}
