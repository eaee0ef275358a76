//! The report as CSV: one `decision` record for every decision, then one `total` record for every
//! fact about the whole report. The last record says whether the report is complete, so that a
//! truncated file can be recognised.

use super::{AuditRow, Listed, Summary};
use crate::report::csv;

const COLUMNS: [&str; 19] = [
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
        total_record(&mut out, "report.complete", &summary.end(listed).complete.to_string());
        out
    }
}

/// A record that uses only the last two columns; every record has the same number of columns.
fn total_record(out: &mut String, name: &str, value: &str) {
    let blank = std::iter::repeat_n("", COLUMNS.len().saturating_sub(3));
    csv::record(out, std::iter::once("total").chain(blank).chain([name, value]));
}
