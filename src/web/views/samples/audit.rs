//! Audit reports over the stories.

use super::{Story, at, head};
use crate::{
    model::{Approval, Decision, Namespace, Release},
    report::{
        Audit, AuditSource,
        audit::{EntryKind, LogEntry, LogHead},
    },
};
use std::collections::BTreeMap;

struct Rows {
    releases: Vec<Release>,
    decisions: Vec<Decision>,
    approvals: Vec<Approval>,
    entries: Vec<LogEntry>,
}

/// Lays the stories into one log without a gap, whatever indexes they had.
fn rows(stories: &[Story]) -> Rows {
    let mut rows = Rows { releases: Vec::new(), decisions: Vec::new(), approvals: Vec::new(), entries: Vec::new() };
    let mut events: BTreeMap<(i64, usize, u8, usize), EntryKind> = BTreeMap::new();
    for (place, story) in stories.iter().enumerate() {
        events.insert((story.release.requested_at.micros(), place, 0, 0), EntryKind::Release);
        for (i, approval) in story.approvals.iter().enumerate() {
            events.insert((approval.at.micros(), place, 1, i), EntryKind::Approval);
        }
        for (i, decision) in story.decisions.iter().enumerate() {
            events.insert((decision.record.decided_at.micros(), place, 2, i), EntryKind::Decision);
        }
        rows.releases.push(story.release.clone());
        rows.approvals.extend(story.approvals.clone());
    }
    for (((_, place, _, i), kind), index) in events.into_iter().zip(0_u64..) {
        rows.entries.push(LogEntry { index, kind });
        if kind == EntryKind::Decision {
            rows.decisions.push(Decision { record_index: index, ..stories[place].decisions[i].clone() });
        }
    }
    rows
}

fn report(rows: &Rows, log: &LogHead) -> Audit {
    let namespace: Namespace = "acme".parse().expect("a namespace");
    Audit::new(&AuditSource {
        namespace: &namespace,
        from: at("2026-11-01T00:00:00Z"),
        to: at("2026-12-01T00:00:00Z"),
        generated: Some(at("2026-12-01T08:00:00Z")),
        releases: &rows.releases,
        decisions: &rows.decisions,
        approvals: &rows.approvals,
        entries: &rows.entries,
        before: None,
        after: None,
        log,
    })
}

fn sized(rows: &Rows) -> LogHead {
    head(u64::try_from(rows.entries.len()).unwrap_or(0))
}

/// A whole month.
pub fn audit() -> Audit {
    let rows = rows(&Story::all());
    report(&rows, &sized(&rows))
}

/// A month of which some entries are gone.
pub fn gapped_audit() -> Audit {
    let mut rows = rows(&Story::all());
    let log = sized(&rows);
    rows.entries.drain(3..6);
    report(&rows, &log)
}

/// A month in which nothing happened.
pub fn empty_audit() -> Audit {
    let rows = rows(&[]);
    report(&rows, &sized(&rows))
}
