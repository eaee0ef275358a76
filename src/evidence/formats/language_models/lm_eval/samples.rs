//! `samples_*.jsonl`: a row for each document and filter. Before 0.4.3 the same rows are one JSON list.

use crate::evidence::{
    Collector, Declined, Document, EvidenceError,
    formats::language_models::common::over_tests,
    json::{Json, Number, Value},
    quoted,
};
use crate::model::{Evidence, Slice};
use crate::stats::proportion::{counted, float};
use std::collections::{BTreeMap, BTreeSet};

/// Keys of a row that are not metrics.
const NO_METRIC: [&str; 11] = [
    "doc_id",
    "doc",
    "target",
    "arguments",
    "resps",
    "filtered_resps",
    "filter",
    "metrics",
    "doc_hash",
    "prompt_hash",
    "target_hash",
];

/// The first row, if the document is a file of samples.
pub fn first<'d>(document: &'d Document<'_>) -> Option<&'d Json<'d>> {
    let text = document.text().ok()?;
    let is_row = |json: &Json<'_>| {
        ["doc_id", "doc", "target", "filtered_resps"].iter().all(|key| json.get(key).is_some())
    };
    if text.trim_start().starts_with('[') {
        return document.array().ok()?.first().filter(|row| is_row(row));
    }
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    if !line.contains("\"doc_id\"") || !line.contains("\"filtered_resps\"") {
        return None;
    }
    document.json_lines().ok()?.first().filter(|row| is_row(row))
}

/// The values of one metric under one filter, in all rows.
#[derive(Default)]
struct Tally {
    rows: u64,
    ones: u64,
    /// Whether some row has a value other than 0 and 1.
    others: bool,
}

pub fn read(
    document: &Document<'_>,
    mut collector: Collector<'_>,
) -> Result<Evidence, EvidenceError> {
    let rows = match document.array() {
        Ok(rows) => rows,
        Err(_) => document.json_lines().map_err(Clone::clone)?,
    };
    let mut filters: BTreeMap<&str, BTreeMap<&str, Tally>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut documents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        let Some(object) = row.as_object() else {
            return Err(document.invalid(
                collector.format(),
                row.at,
                format!("a row is no object but {}", row.kind()),
            ));
        };
        let filter = row.get("filter").and_then(Json::as_str).unwrap_or_default();
        *counts.entry(filter).or_default() += 1;
        if let Some(id) = row.get("doc_id").and_then(Json::as_number) {
            documents.entry(filter).or_default().insert(id.text());
        }
        let tallies = filters.entry(filter).or_default();
        for member in object.iter().filter(|member| !NO_METRIC.contains(&&*member.key)) {
            tallies.entry(&*member.key).or_default().add(&member.value);
        }
    }
    let Some(most) = counts.values().max().copied() else {
        return Err(document.refuse(
            collector.format(),
            Declined::because("no row with `doc_id` and `filtered_resps`"),
        ));
    };
    collector.warn("samples name neither their task nor how their values are aggregated");
    if let Some(m) = collector.number("rows", "rows", Slice::overall(), float(most)) {
        m.n = Some(most);
    }
    let single = filters.len() == 1;
    for (filter, tallies) in filters {
        for (metric, tally) in tallies {
            let theirs = if single { metric.to_owned() } else { format!("{metric},{filter}") };
            // A row may lack a metric: the metric was then measured on fewer rows than there are.
            if tally.others {
                collector.left_out(&theirs);
                continue;
            }
            let ours = if metric == "acc" { "accuracy" } else { &theirs };
            let value = float(tally.ones) / float(tally.rows);
            // A document that was asked several times is one document.
            let asked = documents.get(filter).map_or(tally.rows, |ids| counted(ids.len()));
            if let Some(m) = collector.number(ours, &theirs, Slice::overall(), value) {
                (m.n, m.trials, m.successes) =
                    (Some(tally.rows), Some(tally.rows), Some(tally.ones));
                if asked < tally.rows && asked > 0 {
                    m.n = Some(asked);
                    over_tests(m, asked);
                }
            }
            if asked < tally.rows {
                collector.warn(format!("{} rows are of {asked} documents", tally.rows));
            }
            if Some(&tally.rows) != counts.get(filter) {
                collector.warn(format!("{} is in {} rows only", quoted(&theirs), tally.rows));
            }
        }
    }
    collector.finish()
}

impl Tally {
    fn add(&mut self, json: &Json<'_>) {
        self.rows += 1;
        match json.as_number().map(Number::value) {
            Some(1.0) => self.ones += 1,
            Some(0.0) => {}
            _ if json.value == Value::Bool(true) => self.ones += 1,
            _ if json.value == Value::Bool(false) => {}
            _ => self.others = true,
        }
    }
}
