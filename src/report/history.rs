//! What happened to one release, in order.

use super::{
    log_indexes::LogIndexes,
    values::{Hash, Moment},
    verdict::Headline,
};
use crate::model::{Approval, Decision, Release, Timestamp, Trigger, Vote};
use serde::Serialize;
use std::collections::BTreeSet;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When it happened.
    pub at: Moment,
    /// The mark in front of it: `requested`, `evidence`, `approve`, `reject`, or a verdict's word.
    pub kind: &'static str,
    /// What happened.
    pub text: String,
    /// Who did it, if it was a person.
    pub by: Option<String>,
    /// Their comment, or the reason.
    pub detail: Option<String>,
    /// A digest that it is about.
    pub digest: Option<Hash>,
    /// The log index, if known.
    pub index: Option<u64>,
}

/// The sort key of what happened: the moment, then cause before effect.
type Key = (Timestamp, u8);

/// The history of `release`, oldest first.
pub fn events(
    release: &Release,
    decisions: &[Decision],
    approvals: &[Approval],
    indexes: &LogIndexes,
) -> Vec<Event> {
    let mut all: Vec<(Key, Event)> = vec![((release.requested_at, 0), requested(release))];
    let mut seen = BTreeSet::new();
    for decision in decisions {
        for evidence in &decision.record.inputs.evidence {
            if seen.insert(evidence.digest) {
                let event = Event {
                    at: Moment::from(release.requested_at),
                    kind: "evidence",
                    text: format!("Evidence accepted, read as {}", evidence.format),
                    by: None,
                    detail: None,
                    digest: Some(Hash::from(&evidence.digest)),
                    index: indexes.evidence.get(&evidence.digest).copied(),
                };
                all.push(((release.requested_at, 1), event));
            }
        }
        all.push(((decision.record.decided_at, 3), decided(decision)));
    }
    all.extend(approvals.iter().map(|a| ((a.at, 2), voted(a, indexes))));
    all.sort_by_key(|(key, _)| *key);
    all.into_iter().map(|(_, event)| event).collect()
}

fn requested(release: &Release) -> Event {
    Event {
        at: Moment::from(release.requested_at),
        kind: "requested",
        text: format!("Release to {} requested", release.environment),
        by: Some(release.submitter.name.clone()),
        detail: (!release.comment.is_empty()).then(|| release.comment.clone()),
        digest: None,
        index: Some(release.log_index),
    }
}

fn voted(approval: &Approval, indexes: &LogIndexes) -> Event {
    let approves = approval.vote == Vote::Approve;
    Event {
        at: Moment::from(approval.at),
        kind: approval.vote.as_str(),
        text: if approves { "Approved".into() } else { "Rejected".into() },
        by: Some(approval.by.name.clone()),
        detail: (!approval.comment.is_empty()).then(|| approval.comment.clone()),
        digest: None,
        index: approval.id.as_ref().and_then(|id| indexes.approvals.get(id)).copied(),
    }
}

/// What was done to make a decision, in words.
fn signed(trigger: Option<Trigger>) -> &'static str {
    match trigger {
        Some(Trigger::Person) => "Evaluated again, and decision signed",
        Some(Trigger::Policy) => {
            "Evaluated again, as its policies, baselines or the engine changed, and decision signed"
        }
        _ => "Decision signed",
    }
}

fn decided(decision: &Decision) -> Event {
    let headline = Headline::of(&decision.record.verdict, &decision.record.approvals);
    Event {
        at: Moment::from(decision.record.decided_at),
        kind: headline.tone,
        text: format!("{}: {}", signed(decision.trigger), headline.word.to_lowercase()),
        by: None,
        detail: Some(headline.because),
        digest: None,
        index: Some(decision.record_index),
    }
}
