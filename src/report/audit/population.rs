//! Whether a report covers everything that happened in its period.

use crate::{
    model::{Timestamp, number::grouped},
    report::values::counted,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The counts of a table in a period, against the log entries that its rows belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableTally {
    /// Its rows.
    pub rows: u64,
    /// Its rows by verdict or by vote.
    pub by_word: BTreeMap<String, u64>,
    /// Its rows whose entry is in the log and of the right kind.
    pub logged: u64,
    /// The entries that its rows name, each counted once.
    pub named: u64,
    /// The entries of that kind in the log.
    pub entries: u64,
    /// Entries of that kind that no row names; some of them.
    pub unlisted: Vec<u64>,
    /// Rows whose entry is not in the log, by their ids; some of them.
    pub unlogged: Vec<(String, u64)>,
    /// Entries that two rows name; some of them.
    pub twice: Vec<u64>,
}

/// The counts of the log and the tables in a period, by the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// The first index of the period.
    pub start: u64,
    /// The index after its last.
    pub end: u64,
    /// How many entries are there.
    pub entries: u64,
    /// The missing ranges, first and last index; some of them.
    pub absent: Vec<(u64, u64)>,
    /// Decisions.
    pub decisions: TableTally,
    /// Approvals and rejections.
    pub votes: TableTally,
    /// Requests for releases.
    pub releases: TableTally,
}

/// Whether every entry of the period is accounted for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Population {
    /// Whether nothing is missing and nothing is superfluous.
    pub complete: bool,
    /// The first index of the period; `None` when it has no entries.
    pub first: Option<u64>,
    /// The last index of the period.
    pub last: Option<u64>,
    /// The computed statement.
    pub statement: String,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
}

/// How many problems of one sort are listed. A tally names one more than these, so that the report
/// can say that there are more.
pub const NAMED: usize = 10;

impl TableTally {
    /// Its rows with that verdict or vote.
    pub fn of(&self, word: &str) -> u64 {
        self.by_word.get(word).copied().unwrap_or(0)
    }

    /// Whether its rows and the entries of its kind are the same, one for one.
    pub fn holds(&self) -> bool {
        self.rows == self.entries && self.logged == self.rows && self.named == self.rows
    }

    fn problems(&self, one: &str, many: &str) -> Vec<String> {
        if self.holds() {
            return Vec::new();
        }
        let mut problems: Vec<String> = self
            .twice
            .iter()
            .map(|index| format!("the {one} at entry {index} is listed twice"))
            .collect();
        problems.extend(
            self.unlogged
                .iter()
                .map(|(id, index)| format!("{one} {id} has no entry {index} in the log")),
        );
        problems.extend(
            self.unlisted
                .iter()
                .map(|index| format!("entry {index} is a {one} that is not listed")),
        );
        let mut problems = shorten(problems);
        let logged = counted(usize::try_from(self.entries).unwrap_or(usize::MAX), one, many);
        problems.push(format!("the log holds {logged}, {} listed", grouped(self.rows)));
        problems
    }
}

impl Population {
    /// The conclusion from a tally. A complete population has indexes without a gap from the first
    /// to the last, a row for every entry of a decision, a release or an approval, and an entry for
    /// every row.
    pub fn of(tally: &Tally, size: u64, so_far: Option<Timestamp>) -> Self {
        let mut problems = shorten(tally.absent.iter().map(|range| missing(*range)).collect());
        let indexes = tally.end.checked_sub(tally.start);
        if problems.is_empty() && indexes != Some(tally.entries) {
            let indexes = grouped(indexes.unwrap_or(0));
            problems.push(format!(
                "the period has {indexes} indexes and {} entries",
                grouped(tally.entries)
            ));
        }
        problems.extend(tally.decisions.problems("decision", "decisions"));
        problems.extend(tally.votes.problems("approval or rejection", "approvals and rejections"));
        problems.extend(tally.releases.problems("release request", "release requests"));
        let complete = problems.is_empty();
        let mut statement = statement(tally, size, complete);
        if let Some(moment) = so_far {
            statement = format!("So far, until {moment}, as the period has not ended: {statement}");
        }
        let any = tally.entries > 0;
        let (first, last) =
            (any.then_some(tally.start), any.then_some(tally.end.saturating_sub(1)));
        Self { complete, first, last, statement, problems }
    }
}

fn missing((first, last): (u64, u64)) -> String {
    if first == last {
        format!("entry {first} is missing")
    } else {
        format!("entries {first} to {last} are missing")
    }
}

fn shorten(mut problems: Vec<String>) -> Vec<String> {
    if problems.len() > NAMED {
        problems.truncate(NAMED);
        problems.push("and more of this sort".to_owned());
    }
    problems
}

fn statement(tally: &Tally, size: u64, complete: bool) -> String {
    if !complete {
        return "Not every entry of this period is accounted for.".to_owned();
    }
    let size = grouped(size);
    if tally.entries == 0 {
        return format!("No entry was made in this period; the log holds {size} in all.");
    }
    let (start, last) = (tally.start, tally.end.saturating_sub(1));
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let decisions = counted(number(tally.decisions.rows), "decision", "decisions");
    let entries = counted(number(tally.entries), "entry", "entries");
    format!(
        "Entries {start} to {last} of a log of {size}: {entries}, no gaps. The log holds {decisions} in this period, and \
         all are listed here."
    )
}
