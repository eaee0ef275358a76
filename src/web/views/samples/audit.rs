//! Audit reports over the stories.

use super::{Story, at, head};
use crate::{
    model::{Approval, Decision, Namespace, Release, Timestamp},
    report::{
        Audit,
        audit::{AuditRow, ChangeLine, OverrideRow, Period, Summary, TableTally, Tally, VoteLine},
    },
};
use std::collections::BTreeMap;

/// What happened, in the order of the log.
enum Event<'a> {
    Request,
    Vote(&'a Approval, &'a Release),
    Decided(&'a Decision, &'a Release),
}

/// Puts the stories into one log without gaps; they get new indexes.
fn events(stories: &[Story]) -> Vec<(Timestamp, Event<'_>)> {
    let mut events: BTreeMap<(i64, usize, u8, usize), Event<'_>> = BTreeMap::new();
    for (place, story) in stories.iter().enumerate() {
        events.insert((story.release.requested_at.micros(), place, 0, 0), Event::Request);
        for (i, approval) in story.approvals.iter().enumerate() {
            events
                .insert((approval.at.micros(), place, 1, i), Event::Vote(approval, &story.release));
        }
        for (i, decision) in story.decisions.iter().enumerate() {
            let decided = Event::Decided(decision, &story.release);
            events.insert((decision.record.decided_at.micros(), place, 2, i), decided);
        }
    }
    events.into_iter().map(|((at, ..), event)| (Timestamp::from_micros(at), event)).collect()
}

fn count(table: &mut TableTally, word: &str) {
    for number in [&mut table.rows, &mut table.logged, &mut table.named, &mut table.entries] {
        *number += 1;
    }
    *table.by_word.entry(word.to_owned()).or_default() += 1;
}

/// The report of a month; `gone` is the range of missing entries.
fn report(stories: &[Story], gone: Option<(u64, u64)>) -> Audit {
    let namespace: Namespace = "acme".parse().expect("a namespace");
    let mut audit = (Tally::default(), Vec::new(), Vec::new(), Vec::new());
    for ((at, event), index) in events(stories).into_iter().zip(0_u64..) {
        audit.0.end = index + 1;
        match event {
            Event::Request => count(&mut audit.0.releases, "production"),
            Event::Vote(approval, release) => {
                count(&mut audit.0.votes, approval.vote.as_str());
                audit.2.push(VoteLine::new(at, approval, Some(&release.into())));
            }
            Event::Decided(decision, release) => {
                count(&mut audit.0.decisions, decision.record.verdict.verdict.as_str());
                let decision = Decision { record_index: index, ..decision.clone() };
                audit.1.push(AuditRow::new(at, &decision, Some(&release.into())));
                audit.3.extend(OverrideRow::all(at, &decision));
            }
        }
    }
    let (mut tally, rows, votes, overrides) = audit;
    tally.entries = tally.end - gone.map_or(0, |(first, last)| last + 1 - first);
    tally.absent = gone.into_iter().collect();
    let log = head(tally.end);
    let (from, to) = (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    let period = Period { namespace: &namespace, from, to, so_far: None, log: &log };
    let change = |log_index, kind, subject: &str, what: &str, by: &str| ChangeLine {
        at: at("2026-11-20T09:00:00Z").into(),
        kind,
        subject: subject.to_owned(),
        what: what.to_owned(),
        by: by.to_owned(),
        log_index,
    };
    let changes = vec![
        change(
            11,
            "policy",
            "credit-risk",
            "policy credit-risk was published: sha256:2f05d4b6…",
            "Ada",
        ),
        change(12, "user", "bob", "user bob has now: model-risk, legal", ""),
    ];
    Audit { summary: Summary::new(&period, &tally), rows, votes, overrides, changes }
}

/// A whole month.
pub fn audit() -> Audit {
    report(&Story::all(), None)
}

/// A month with missing entries.
pub fn gapped_audit() -> Audit {
    report(&Story::all(), Some((3, 5)))
}

/// A month in which nothing happened.
pub fn empty_audit() -> Audit {
    report(&[], None)
}
