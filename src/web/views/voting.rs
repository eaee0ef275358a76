//! Whether the viewer is asked, and if not, why. The page only shows it; the use case decides again when a vote comes.

use super::{Viewer, paths};
use crate::model::{Approval, Decision, Outcome, Release, Vote};
use crate::report::{Moment, values::listed};
use serde::Serialize;

/// The form to vote with, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VotePanel {
    /// Whether the form is shown.
    pub open: bool,
    /// Why it is not.
    pub reason: String,
    /// Where it goes.
    pub action: String,
    /// The inputs that this page shows and the vote is bound to.
    pub inputs_digest: String,
    /// The viewer's form token.
    pub csrf: String,
    /// The roles they vote as.
    pub roles: String,
}

/// The asked roles that `viewer` holds, or why their vote is not asked for.
fn asked(
    viewer: &Viewer,
    release: &Release,
    latest: Option<&Decision>,
    approvals: &[Approval],
) -> Result<Vec<String>, String> {
    let Some(decision) = latest else {
        return Err("There is no decision to vote on yet.".into());
    };
    let verdict = &decision.record.verdict;
    match verdict.verdict {
        Outcome::Pending => {}
        Outcome::Allow => return Err("This release is allowed; nothing is left to vote on.".into()),
        Outcome::Deny => return Err("This release is denied; a new one has to be requested.".into()),
        Outcome::Revoked => return Err("This release is revoked; nothing is left to vote on.".into()),
    }
    if viewer.person.id == release.submitter.id {
        return Err("You asked for this release, so you cannot approve it.".into());
    }
    let mine = |a: &&Approval| a.by.id == viewer.person.id && a.inputs_digest == decision.record.inputs_digest;
    if let Some(vote) = approvals.iter().chain(&decision.record.approvals).find(mine) {
        let word = if vote.vote == Vote::Approve { "approved" } else { "rejected" };
        return Err(format!("You {word} this release on {}.", Moment::from(vote.at).text));
    }
    let mut open: Vec<String> =
        verdict.approvals.iter().filter(|a| a.given < a.needed).map(|a| a.role.clone()).collect();
    open.sort();
    open.dedup();
    let held: Vec<String> = open.iter().filter(|role| viewer.roles.contains(role)).cloned().collect();
    if held.is_empty() {
        let noun = if open.len() == 1 { "role" } else { "roles" };
        return Err(format!("Only people with the {noun} {} are asked; you are not one of them.", listed(&open)));
    }
    Ok(held)
}

/// Whether `release` waits for `viewer`: it is pending, a role of theirs is still asked for, they did not request it
/// and have not voted.
pub fn waits_for(viewer: &Viewer, release: &Release, latest: Option<&Decision>, approvals: &[Approval]) -> bool {
    asked(viewer, release, latest, approvals).is_ok()
}

impl VotePanel {
    /// The panel for `viewer`; `approvals` are all of the release's.
    pub fn new(viewer: &Viewer, release: &Release, latest: Option<&Decision>, approvals: &[Approval]) -> Self {
        let asked = asked(viewer, release, latest, approvals);
        Self {
            open: asked.is_ok(),
            reason: asked.as_ref().err().cloned().unwrap_or_default(),
            action: paths::vote(&release.id),
            inputs_digest: latest.map(|d| d.record.inputs_digest.to_string()).unwrap_or_default(),
            csrf: viewer.csrf.clone(),
            roles: listed(&asked.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests;
