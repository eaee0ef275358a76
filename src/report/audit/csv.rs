//! The report as CSV: one `decision` record for every decision, one `change` record for every
//! publication of a policy and change of a user, then one `total` record for every fact about the
//! whole report. The last record says whether the report is complete, so that a
//! truncated file can be recognised.

use super::{AuditRow, ChangeLine, Listed, Summary};
use crate::report::csv;

const COLUMNS: [&str; 20] = [
    "record",
    "decided_at",
    "decision",
    "release",
    "model",
    "version",
    "artifact",
    "environment",
    "verdict",
    "reason",
    "blocking",
    "observed",
    "policies",
    "approvers",
    "rejecters",
    "submitter",
    "record_index",
    "inputs_digest",
    "total",
    "count",
];

/// Writes the parts of a report.
#[derive(Debug, Clone, Copy)]
pub struct Csv;

impl Csv {
    /// The names of the columns.
    pub fn head() -> String {
        let mut out = String::new();
        csv::record(&mut out, COLUMNS);
        out
    }

    /// The record of a decision.
    pub fn decision(out: &mut String, row: &AuditRow) {
        let policies: Vec<String> =
            row.policies.iter().map(|p| format!("{}@{}", p.name, p.digest.full)).collect();
        let cells = [
            "decision",
            &row.at.iso,
            &row.decision,
            &row.release,
            &row.model,
            &row.version,
            row.artifact.as_ref().map_or("", |a| a.full.as_str()),
            &row.environment,
            row.outcome,
            &row.because,
            &row.blocking.join("; "),
            &row.observed.join("; "),
            &policies.join("; "),
            &row.approvers.join("; "),
            &row.rejecters.join("; "),
            &row.submitter,
            &row.record_index.to_string(),
            &row.inputs_digest.full,
            "",
            "",
        ];
        csv::record(out, cells);
    }

    /// The record of a publication of a policy, or of a change of a user: its sentence is the
    /// reason, who did it is the submitter.
    pub fn change(out: &mut String, change: &ChangeLine) {
        let mut cells = [""; COLUMNS.len()];
        let index = change.log_index.to_string();
        for (name, value) in [
            ("record", "change"),
            ("decided_at", change.at.iso.as_str()),
            ("reason", change.what.as_str()),
            ("submitter", change.by.as_str()),
            ("record_index", index.as_str()),
        ] {
            if let Some(cell) = COLUMNS.iter().zip(&mut cells).find(|(column, _)| **column == name)
            {
                *cell.1 = value;
            }
        }
        csv::record(out, cells);
    }

    /// The facts about the whole report.
    pub fn tail(summary: &Summary, listed: &Listed) -> String {
        let mut out = String::new();
        for total in &summary.totals {
            total_record(&mut out, total.name, &total.count.to_string());
        }
        let index = |i: Option<u64>| i.map(|i| i.to_string()).unwrap_or_default();
        let population = &summary.population;
        let facts = [
            ("overrides", listed.overrides.to_string()),
            ("changes", listed.changes.to_string()),
            ("namespace", summary.namespace.clone()),
            ("from", summary.from.iso.clone()),
            ("to", summary.to.iso.clone()),
            ("so_far", summary.so_far.to_string()),
            ("made_at", summary.generated.as_ref().map(|m| m.iso.clone()).unwrap_or_default()),
            ("log.first_index", index(population.first)),
            ("log.last_index", index(population.last)),
            ("log.tree_size", summary.log.size.to_string()),
            ("log.root", summary.log.root.clone()),
            ("population.complete", population.complete.to_string()),
            ("population.statement", population.statement.clone()),
        ];
        for (name, value) in facts {
            total_record(&mut out, name, &value);
        }
        for problem in &population.problems {
            total_record(&mut out, "population.problem", problem);
        }
        let end = summary.end(listed);
        for problem in &end.problems {
            total_record(&mut out, "report.problem", problem);
        }
        total_record(&mut out, "report.complete", &end.complete.to_string());
        out
    }
}

/// A record that uses only the last two columns; every record has the same number of columns.
fn total_record(out: &mut String, name: &str, value: &str) {
    let blank = std::iter::repeat_n("", COLUMNS.len().saturating_sub(3));
    csv::record(out, std::iter::once("total").chain(blank).chain([name, value]));
}
