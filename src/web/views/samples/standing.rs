//! States of a release that changed after its decision.

use super::{allowed, at, pending};
use crate::{
    app::gate::standing::{Obstacle, Standing},
    model::ApprovalCount,
    web::views::samples::Story,
};

fn counts(story: &Story, given: u64) -> Vec<ApprovalCount> {
    let latest = story.decisions.last().expect("a decision");
    latest
        .record
        .verdict
        .approvals
        .iter()
        .map(|count| ApprovalCount { given, ..count.clone() })
        .collect()
}

fn waiting(code: &'static str, message: &str) -> Standing {
    let message = message.to_owned();
    let obstacle = Some(Obstacle { code, changed: message.clone(), message });
    Standing { open: true, obstacle, approvals: counts(&pending(), 1), ..Standing::default() }
}

/// A newer release of the same artifact replaced it.
pub fn superseded() -> Standing {
    let message = "a newer release of this artifact to production decides now: r-2051; vote on that one, this one no \
                   longer accepts votes";
    Standing {
        superseded_by: Some("r-2051".parse().expect("an id")),
        ..waiting("superseded", message)
    }
}

/// A policy was replaced.
pub fn overtaken() -> Standing {
    let message = "since this release was evaluated, the policy `credit-risk` was replaced by a newer version; it must \
                   be evaluated again before it can be approved";
    waiting("policies-changed", message)
}

/// Approvals have expired.
pub fn ended() -> Standing {
    let approvals = counts(&allowed(), 0)
        .into_iter()
        .map(|count| ApprovalCount { people: Vec::new(), ..count });
    let ended = Some(at("2026-12-20T09:31:07Z"));
    Standing { open: true, ended, approvals: approvals.collect(), ..Standing::default() }
}
