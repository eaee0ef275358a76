//! Whether the viewer can vote, and if not, why. The page only shows this; the use case checks it
//! again for every vote.

use super::{Item, Viewer, paths};
use crate::app::gate::standing::Standing;
use crate::model::{Approval, Decision, Outcome, Release, ReleaseId, Verdict, Vote};
use crate::report::{Moment, values::listed};
use serde::Serialize;

/// The vote form, or the reason why it is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VotePanel {
    /// Whether the form is shown.
    pub open: bool,
    /// Why the form is not shown.
    pub reason: String,
    /// The newer release to look at instead.
    pub newer: Option<String>,
    /// The address of the form that evaluates the release again, if that is what it needs.
    pub evaluate: Option<String>,
    /// The address that the form is sent to.
    pub action: String,
    /// The inputs that this page shows and the vote is bound to.
    pub inputs_digest: String,
    /// The viewer's form token.
    pub csrf: String,
    /// The roles they vote as.
    pub roles: String,
}

/// The requested roles that `viewer` has, or why they cannot vote.
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
    let mut open: Vec<String> =
        counts.iter().filter(|a| a.given < a.needed).map(|a| a.role.clone()).collect();
    open.sort();
    open.dedup();
    let held: Vec<String> =
        open.iter().filter(|role| viewer.roles.contains(role)).cloned().collect();
    let mine = |a: &&Approval| {
        a.by.id == viewer.person.id && a.inputs_digest == decision.record.inputs_digest
    };
    if let Some(vote) =
        approvals.iter().chain(&decision.record.approvals).filter(mine).max_by_key(|a| a.at)
    {
        // The approval of a person who is counted nowhere, although their role is missing, has
        // expired: they are asked again.
        let counted =
            standing.is_none() || counts.iter().any(|a| a.people.contains(&viewer.person.id));
        if counted || held.is_empty() || vote.vote == Vote::Reject {
            let word = if vote.vote == Vote::Approve { "approved" } else { "rejected" };
            return Err(format!("You {word} this release on {}.", Moment::from(vote.at).text));
        }
    }
    if held.is_empty() {
        return Err(format!(
            "Needs a reviewer with the role {}; you do not have it.",
            open.join(" or ")
        ));
    }
    Ok(held)
}

/// Why the release takes no votes; `None` if it takes them.
fn closed(verdict: &Verdict, standing: Option<&Standing>) -> Option<String> {
    if let Some(obstacle) = standing.and_then(|s| s.obstacle.as_ref()) {
        return Some(sentence(&obstacle.message));
    }
    let text = match verdict.verdict {
        Outcome::Pending => return None,
        Outcome::Allow if standing.is_some_and(|s| s.ended.is_some()) => return None,
        Outcome::Allow => "This release is allowed; nothing is left to vote on.",
        Outcome::Deny => "This release is denied; request a new one.",
        Outcome::Revoked => "This release is revoked; nothing is left to vote on.",
    };
    Some(text.into())
}

/// An error message as a sentence for a page.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    letters
        .next()
        .map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
        .unwrap_or_default()
}

/// What has changed since a release was decided, for the top of its page.
pub fn changes(standing: Option<&Standing>) -> Vec<String> {
    let Some(standing) = standing else { return Vec::new() };
    let newer = "A newer release of this artifact to this environment has replaced this one.";
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
            evaluate: standing
                .and_then(|s| s.obstacle.as_ref())
                .filter(|obstacle| obstacle.is_curable())
                .map(|_| paths::evaluate(&release.id)),
            action: paths::vote(&release.id),
            inputs_digest: latest.map(|d| d.record.inputs_digest.to_string()).unwrap_or_default(),
            csrf: viewer.csrf.clone(),
            roles: listed(&asked.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests;
