//! Whether a report covers everything that happened in its period.

use super::AuditSource;
use crate::{
    model::number::grouped,
    report::values::counted,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a log entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// The signed record of a decision.
    Decision,
    /// A verification summary.
    Summary,
    /// A release was requested.
    Release,
    /// An approval or a rejection.
    Approval,
    /// Evidence was accepted.
    Evidence,
    /// A policy was published.
    Policy,
    /// Anything else: keys, users, …
    Other,
}

/// One entry of the log, as far as a report needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEntry {
    /// Its index, from 0.
    pub index: u64,
    /// What it records.
    pub kind: EntryKind,
}

/// Whether every entry of the period is accounted for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Population {
    /// Whether nothing is missing and nothing is too much.
    pub complete: bool,
    /// The first index of the period; `None` when it has no entries.
    pub first: Option<u64>,
    /// The last index of the period.
    pub last: Option<u64>,
    /// The statement, computed.
    pub statement: String,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
}

/// How many problems of one sort are named one by one.
const NAMED: usize = 10;

impl Population {
    /// Checks `source` against itself: indexes without a gap up to both neighbours, and for every entry of a
    /// decision, a release or an approval its row, and for every row its entry.
    pub fn of(source: &AuditSource<'_>) -> Self {
        let mut problems = Vec::new();
        let mut kinds: BTreeMap<u64, EntryKind> = BTreeMap::new();
        for entry in source.entries {
            if kinds.insert(entry.index, entry.kind).is_some() {
                problems.push(format!("entry {} is listed twice", entry.index));
            }
        }
        let (first, last) = (kinds.keys().next().copied(), kinds.keys().next_back().copied());
        let start = source.before.map_or(0, |i| i.saturating_add(1));
        let end = source.after.unwrap_or(source.log.size);
        problems.extend(gaps(&kinds, start, end));
        problems.extend(outside(&kinds, start, end, source.log.size));
        problems.extend(unmatched(source, &kinds));
        let statement = statement(source, &kinds, start, end, problems.is_empty());
        Self { complete: problems.is_empty(), first, last, statement, problems }
    }
}

/// The absent indexes of `start..end`, as ranges, so that a huge hole costs one line.
fn gaps(kinds: &BTreeMap<u64, EntryKind>, start: u64, end: u64) -> Vec<String> {
    let mut problems = Vec::new();
    let mut next = start;
    let present = kinds.keys().copied().filter(|i| (start..end).contains(i));
    for index in present.chain((end > start).then_some(end)) {
        if index > next {
            let last = index - 1;
            problems.push(if last == next {
                format!("entry {next} is missing")
            } else {
                format!("entries {next} to {last} are missing")
            });
        }
        next = index.saturating_add(1);
    }
    if end < start {
        problems.push(format!("the period starts after entry {start} and ends before entry {end}"));
    }
    shorten(problems)
}

fn outside(kinds: &BTreeMap<u64, EntryKind>, start: u64, end: u64, size: u64) -> Vec<String> {
    let mut problems = Vec::new();
    for index in kinds.keys().copied().filter(|i| !(start..end).contains(i)) {
        problems.push(if index >= size {
            format!("entry {index} lies beyond the checkpoint, which covers {}", grouped(size))
        } else {
            format!("entry {index} lies outside the period")
        });
    }
    shorten(problems)
}

fn unmatched(source: &AuditSource<'_>, kinds: &BTreeMap<u64, EntryKind>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut listed = BTreeSet::new();
    for decision in source.decisions {
        if !listed.insert(decision.record_index) {
            problems.push(format!("the decision at entry {} is listed twice", decision.record_index));
        }
        if kinds.get(&decision.record_index) != Some(&EntryKind::Decision) {
            problems.push(format!("decision {} has no entry {} in the log", decision.id, decision.record_index));
        }
    }
    for (index, _) in kinds.iter().filter(|(i, k)| **k == EntryKind::Decision && !listed.contains(i)) {
        problems.push(format!("entry {index} is a decision that is not listed"));
    }
    let count = |kind| kinds.values().filter(|k| **k == kind).count();
    let (logged, given) = (count(EntryKind::Approval), source.approvals.len());
    if logged != given {
        problems.push(format!("the log holds {}, {given} listed", counted(logged, "approval or rejection", "approvals and rejections")));
    }
    let requested = source.releases.iter().filter(|r| (source.from..source.to).contains(&r.requested_at)).count();
    let logged = count(EntryKind::Release);
    if logged != requested {
        problems.push(format!("the log holds {}, {requested} counted", counted(logged, "release request", "release requests")));
    }
    shorten(problems)
}

fn shorten(mut problems: Vec<String>) -> Vec<String> {
    let more = problems.len().saturating_sub(NAMED);
    if more > 0 {
        problems.truncate(NAMED);
        problems.push(format!("and {more} more of this sort"));
    }
    problems
}

fn statement(source: &AuditSource<'_>, kinds: &BTreeMap<u64, EntryKind>, start: u64, end: u64, complete: bool) -> String {
    if !complete {
        return "Not every entry of this period is accounted for.".to_owned();
    }
    let size = grouped(source.log.size);
    if kinds.is_empty() {
        return format!("No entry was made in this period; the log holds {size} in all.");
    }
    let last = end.saturating_sub(1);
    let decisions = counted(source.decisions.len(), "decision", "decisions");
    let entries = counted(kinds.len(), "entry", "entries");
    format!(
        "Entries {start} to {last} of a log of {size}: {entries}, no gaps. The log holds {decisions} in this period, and \
         all are listed here."
    )
}
