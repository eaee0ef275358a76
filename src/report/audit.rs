//! The audit report of a namespace for a period: every decision, control totals, and whether the population is
//! complete, which is computed from the log's indexes and never asserted.
//!
//! One clock decides what belongs to the period: that of the log's entries. A report may have any
//! length, so it is made in parts: the facts about the whole report are counted first
//! ([`Summary`]), then every line is made separately, and the end says what was listed.

mod csv;
mod json;
mod population;
mod rows;

pub use csv::Csv;
pub use json::Json;
pub use population::{Population, TableTally, Tally};
pub use rows::{AskedFor, AuditRow, ChangeLine, OverrideRow, VoteLine};

use super::values::{Moment, counted};
use crate::model::{Namespace, Timestamp};
use serde::Serialize;

/// The log head that the report is based on.
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

/// What a report is about.
#[derive(Debug, Clone, Copy)]
pub struct Period<'a> {
    /// The namespace of the log.
    pub namespace: &'a Namespace,
    /// The period's first moment.
    pub from: Timestamp,
    /// The moment just after the period.
    pub to: Timestamp,
    /// When the report is made, if the period has not ended; `None` if it has, because such a
    /// report never changes.
    pub so_far: Option<Timestamp>,
    /// The log head that covers the period.
    pub log: &'a LogHead,
}

/// One control total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Its name in CSV: `decisions.allow`.
    pub name: &'static str,
    /// Its name in the document.
    pub label: &'static str,
    /// How many.
    pub count: u64,
}

/// The facts about the whole report, before its lines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The namespace of the log.
    pub namespace: String,
    /// The period's first moment.
    pub from: Moment,
    /// The moment just after the period.
    pub to: Moment,
    /// Whether the period has not ended, so that more may come.
    pub so_far: bool,
    /// When it was made, if more may come.
    pub generated: Option<Moment>,
    /// Control totals.
    pub totals: Vec<Total>,
    /// Whether every entry of the period is accounted for.
    pub population: Population,
    /// The log head that it is based on.
    pub log: LogHead,
    /// How many decisions are to be listed.
    pub decisions: u64,
    /// How many approvals and rejections are to be listed.
    pub votes: u64,
}

/// What was listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Decisions.
    pub decisions: u64,
    /// Approvals and rejections.
    pub votes: u64,
    /// Findings that were waived.
    pub overrides: u64,
    /// Publications of policies and changes of users.
    pub changes: u64,
    /// Rows that are not listed, because they are not what was logged.
    pub unproved: u64,
    /// The first of them, a sentence each.
    pub problems: Vec<String>,
}

impl Listed {
    /// Notes a row that is not listed.
    pub fn unproved(&mut self, problem: String) {
        self.unproved += 1;
        if self.problems.len() < population::NAMED {
            self.problems.push(problem);
        }
    }
}

/// The end statement of a report: what it lists, and whether that is all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct End {
    /// Whether every entry is accounted for and every line is there.
    pub complete: bool,
    /// The same as a sentence.
    pub statement: String,
    /// How many decisions are listed.
    pub decisions: u64,
    /// How many approvals and rejections.
    pub votes: u64,
    /// How many overrides.
    pub overrides: u64,
    /// How many changes of policies and users.
    pub changes: u64,
    /// Why it is not complete, as far as that was found while it was made.
    pub problems: Vec<String>,
}

/// A whole report, for short ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// The facts about the whole report.
    pub summary: Summary,
    /// Every decision, oldest first.
    pub rows: Vec<AuditRow>,
    /// Every approval and rejection, oldest first.
    pub votes: Vec<VoteLine>,
    /// Every finding that was waived.
    pub overrides: Vec<OverrideRow>,
    /// Every publication of a policy and change of a user.
    pub changes: Vec<ChangeLine>,
}

impl Summary {
    /// The summary of a period with the counts of `tally`.
    pub fn new(period: &Period<'_>, tally: &Tally) -> Self {
        Self {
            namespace: period.namespace.to_string(),
            from: Moment::from(period.from),
            to: Moment::from(period.to),
            so_far: period.so_far.is_some(),
            generated: period.so_far.map(Moment::from),
            totals: totals(tally),
            population: Population::of(tally, period.log.size, period.so_far),
            log: period.log.clone(),
            decisions: tally.decisions.rows,
            votes: tally.votes.rows,
        }
    }

    /// The end statement for what was listed.
    pub fn end(&self, listed: &Listed) -> End {
        let all = listed.decisions == self.decisions && listed.votes == self.votes;
        let complete = all && listed.unproved == 0 && self.population.complete;
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let statement = format!(
            "End of the report: {}, {} and {} are listed. The report is {}.",
            counted(number(listed.decisions), "decision", "decisions"),
            counted(number(listed.votes), "approval or rejection", "approvals and rejections"),
            counted(number(listed.overrides), "override", "overrides"),
            if complete { "complete" } else { "not complete" }
        );
        let Listed { decisions, votes, overrides, changes, .. } = *listed;
        let mut problems = listed.problems.clone();
        let more =
            listed.unproved.saturating_sub(u64::try_from(problems.len()).unwrap_or(u64::MAX));
        if more > 0 {
            problems.push(format!("and {more} more rows that are not what was logged"));
        }
        End { complete, statement, decisions, votes, overrides, changes, problems }
    }
}

impl Audit {
    /// The report as CSV.
    pub fn csv(&self) -> String {
        let mut out = Csv::head();
        self.rows.iter().for_each(|row| Csv::decision(&mut out, row));
        self.changes.iter().for_each(|change| Csv::change(&mut out, change));
        out.push_str(&Csv::tail(&self.summary, &self.listed()));
        out
    }

    /// What was listed.
    pub fn listed(&self) -> Listed {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        Listed {
            decisions: count(self.rows.len()),
            votes: count(self.votes.len()),
            overrides: count(self.overrides.len()),
            changes: count(self.changes.len()),
            ..Listed::default()
        }
    }
}

fn totals(tally: &Tally) -> Vec<Total> {
    let total = |name, label, count| Total { name, label, count };
    let (decisions, votes) = (&tally.decisions, &tally.votes);
    vec![
        total("decisions", "Decisions", decisions.rows),
        total("decisions.allow", "Allowed", decisions.of("allow")),
        total("decisions.deny", "Denied", decisions.of("deny")),
        total("decisions.pending", "Waiting for approval", decisions.of("pending")),
        total("decisions.revoked", "Revoked", decisions.of("revoked")),
        total("releases", "Releases requested", tally.releases.rows),
        total("approvals", "Approvals", votes.of("approve")),
        total("rejections", "Rejections", votes.of("reject")),
        total("entries", "Log entries", tally.entries),
    ]
}

#[cfg(test)]
mod tests;
