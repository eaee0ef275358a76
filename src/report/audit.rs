//! The audit report of a namespace for a period: every decision, control totals, and whether the population is
//! complete, which is computed from the log's indexes and never asserted.

mod population;
mod rows;

pub use population::{EntryKind, LogEntry, Population};
pub use rows::{AuditRow, OverrideRow, VoteLine};

use super::values::Moment;
use crate::model::{Approval, Decision, Namespace, Outcome, Release, Timestamp, Vote};
use serde::Serialize;

/// The log's head that the report was made under.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LogHead {
    /// How many entries it covers.
    pub size: u64,
    /// Its root hash, as the checkpoint writes it.
    pub root: String,
    /// The signed checkpoint, whole.
    pub checkpoint: String,
    /// The key that verifies it, as a signed-note verifier key.
    pub vkey: Option<String>,
}

/// Everything an audit report is made from; the caller reads it in one snapshot.
#[derive(Debug, Clone, Copy)]
pub struct AuditSource<'a> {
    /// Whose log.
    pub namespace: &'a Namespace,
    /// The period's first moment.
    pub from: Timestamp,
    /// The moment just after the period.
    pub to: Timestamp,
    /// When the report is made, if it is to say so; without it the same rows give the same bytes.
    pub generated: Option<Timestamp>,
    /// Every release that a decision here names, and those requested in the period.
    pub releases: &'a [Release],
    /// Every decision of the period.
    pub decisions: &'a [Decision],
    /// Every approval and rejection of the period.
    pub approvals: &'a [Approval],
    /// Every log entry of the period.
    pub entries: &'a [LogEntry],
    /// The index of the last entry before the period; `None` when it starts with the log.
    pub before: Option<u64>,
    /// The index of the first entry after the period; `None` when it ends with the log.
    pub after: Option<u64>,
    /// The head over all of it.
    pub log: &'a LogHead,
}

/// One control total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Its name in CSV: `decisions.allow`.
    pub name: &'static str,
    /// Its name on paper.
    pub label: &'static str,
    /// How many.
    pub count: u64,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// Whose log.
    pub namespace: String,
    /// The period's first moment.
    pub from: Moment,
    /// The moment just after the period.
    pub to: Moment,
    /// When it was made, if it says so.
    pub generated: Option<Moment>,
    /// Control totals.
    pub totals: Vec<Total>,
    /// Whether every entry of the period is accounted for.
    pub population: Population,
    /// The head that it was made under.
    pub log: LogHead,
    /// Every decision, oldest first.
    pub rows: Vec<AuditRow>,
    /// Every approval and rejection, oldest first.
    pub votes: Vec<VoteLine>,
    /// Every finding that a waiver stood in for.
    pub overrides: Vec<OverrideRow>,
}

impl Audit {
    /// The report of `source`.
    pub fn new(source: &AuditSource<'_>) -> Self {
        let mut decisions: Vec<&Decision> = source.decisions.iter().collect();
        decisions.sort_by_key(|d| d.record_index);
        let releases: rows::Releases<'_> = source.releases.iter().map(|r| (&r.id, r)).collect();
        let overrides: Vec<OverrideRow> = decisions.iter().flat_map(|d| rows::overrides(d)).collect();
        Self {
            namespace: source.namespace.to_string(),
            from: Moment::from(source.from),
            to: Moment::from(source.to),
            generated: source.generated.map(Moment::from),
            totals: totals(source, overrides.len()),
            population: Population::of(source),
            log: source.log.clone(),
            rows: decisions.iter().map(|d| rows::row(d, &releases)).collect(),
            votes: rows::votes(source.approvals, &releases),
            overrides,
        }
    }

    /// The report as CSV: one `decision` record for every decision, then one `total` record for every control total.
    pub fn csv(&self) -> String {
        rows::csv(self)
    }
}

fn totals(source: &AuditSource<'_>, overrides: usize) -> Vec<Total> {
    let decided = |outcome| source.decisions.iter().filter(|d| d.record.verdict.verdict == outcome).count();
    let votes = |vote| source.approvals.iter().filter(|a| a.vote == vote).count();
    let requested = source.releases.iter().filter(|r| (source.from..source.to).contains(&r.requested_at)).count();
    let total = |name, label, count| Total { name, label, count: u64::try_from(count).unwrap_or(u64::MAX) };
    vec![
        total("decisions", "Decisions", source.decisions.len()),
        total("decisions.allow", "Allowed", decided(Outcome::Allow)),
        total("decisions.deny", "Denied", decided(Outcome::Deny)),
        total("decisions.pending", "Waiting for approval", decided(Outcome::Pending)),
        total("decisions.revoked", "Revoked", decided(Outcome::Revoked)),
        total("releases", "Releases requested", requested),
        total("approvals", "Approvals", votes(Vote::Approve)),
        total("rejections", "Rejections", votes(Vote::Reject)),
        total("overrides", "Overrides (waived findings)", overrides),
        total("entries", "Log entries", source.entries.len()),
    ]
}

#[cfg(test)]
mod tests;
