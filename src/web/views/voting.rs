//! Whether the viewer is asked, and if not, why. The page only shows it; the use case decides again when a vote comes.

use super::{Item, Viewer, paths};
use crate::app::standing::Standing;
use crate::model::{Approval, Decision, Outcome, Release, ReleaseId, Verdict, Vote};
use crate::report::{Moment, values::listed};
use serde::Serialize;

/// The form to vote with, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VotePanel {
    /// Whether the form is shown.
    pub open: bool,
    /// Why it is not.
    pub reason: String,
    /// The newer release to look at instead.
    pub newer: Option<String>,
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
    standing: Option<&Standing>,
) -> Result<Vec<String>, String> {
    let Some(decision) = latest else {
        return Err("There is no decision to vote on yet.".into());
    };
    let verdict = &decision.record.verdict;
    if let Some(why) = closed(verdict, standing) {
        return Err(why);
    }
    if viewer.person.id == release.submitter.id {
        return Err("You asked for this release, so you cannot approve it.".into());
    }
    let counts = standing.map_or(&verdict.approvals, |s| &s.approvals);
    let mut open: Vec<String> = counts.iter().filter(|a| a.given < a.needed).map(|a| a.role.clone()).collect();
    open.sort();
    open.dedup();
    let held: Vec<String> = open.iter().filter(|role| viewer.roles.contains(role)).cloned().collect();
    let mine = |a: &&Approval| a.by.id == viewer.person.id && a.inputs_digest == decision.record.inputs_digest;
    if let Some(vote) = approvals.iter().chain(&decision.record.approvals).filter(mine).max_by_key(|a| a.at) {
        // Who approved and counts nowhere, although their role is missing, approved too long ago: they are asked again.
        let counted = standing.is_none() || counts.iter().any(|a| a.people.contains(&viewer.person.id));
        if counted || held.is_empty() || vote.vote == Vote::Reject {
            let word = if vote.vote == Vote::Approve { "approved" } else { "rejected" };
            return Err(format!("You {word} this release on {}.", Moment::from(vote.at).text));
        }
    }
    if held.is_empty() {
        let noun = if open.len() == 1 { "role" } else { "roles" };
        return Err(format!("Only people with the {noun} {} are asked; you are not one of them.", listed(&open)));
    }
    Ok(held)
}

/// Why nobody can vote, if so.
fn closed(verdict: &Verdict, standing: Option<&Standing>) -> Option<String> {
    if let Some(obstacle) = standing.and_then(|s| s.obstacle.as_ref()) {
        return Some(sentence(&obstacle.message));
    }
    let text = match verdict.verdict {
        Outcome::Pending => return None,
        Outcome::Allow if standing.is_some_and(|s| s.ended.is_some()) => return None,
        Outcome::Allow => "This release is allowed; nothing is left to vote on.",
        Outcome::Deny => "This release is denied; a new one has to be requested.",
        Outcome::Revoked => "This release is revoked; nothing is left to vote on.",
    };
    Some(text.into())
}

/// A message as a sentence of a page.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// What has changed since a release was decided, for the top of its page.
pub fn changes(standing: Option<&Standing>) -> Vec<String> {
    let Some(standing) = standing else { return Vec::new() };
    let newer = "A newer release of this artifact to this environment decides now; this one is out of date.";
    match (&standing.superseded_by, &standing.obstacle) {
        (Some(_), _) => vec![newer.to_owned()],
        (None, Some(obstacle)) => vec![sentence(&obstacle.message)],
        (None, None) => Vec::new(),
    }
}

/// Whether `release` waits for `viewer`: it is pending, a role of theirs is still asked for, they did not request it
/// and have not voted.
pub fn waits_for(viewer: &Viewer, item: &Item<'_>) -> bool {
    asked(viewer, item.release, item.latest, item.approvals, item.standing).is_ok()
}

impl VotePanel {
    /// The panel for `viewer` on a release with all of its approvals.
    pub fn new(viewer: &Viewer, item: &Item<'_>) -> Self {
        let Item { release, latest, approvals, standing } = *item;
        let asked = asked(viewer, release, latest, approvals, standing);
        let newer = |id: &ReleaseId| paths::release(id);
        Self {
            open: asked.is_ok(),
            reason: asked.as_ref().err().cloned().unwrap_or_default(),
            newer: standing.and_then(|s| s.superseded_by.as_ref()).map(newer),
            action: paths::vote(&release.id),
            inputs_digest: latest.map(|d| d.record.inputs_digest.to_string()).unwrap_or_default(),
            csrf: viewer.csrf.clone(),
            roles: listed(&asked.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests;
