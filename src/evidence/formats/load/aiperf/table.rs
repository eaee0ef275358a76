//! `profile_export_aiperf.csv`, `…_genai_perf.csv`: several tables below each other, each with its
//! own header; and time slices.

use super::unit::{ours, unit};
use crate::evidence::{
    Declined, Document, EvidenceError,
    collector::Collector,
    table::Row,
    undefined::{Reading, reading_text},
};
use crate::model::Slice;

const TIMESLICES: [&str; 7] =
    ["Timeslice", "Start_NS", "End_NS", "Metric", "Unit", "Stat", "Value"];
const OLD_TIMESLICES: [&str; 5] = ["Timeslice", "Metric", "Unit", "Stat", "Value"];
const AGGREGATE: [&str; 5] = ["metric", "mean", "std", "ci_low", "ci_high"];

/// Columns that say which GPU a row describes.
const AXES: [(&str, &str); 4] = [
    ("Endpoint", "endpoint"),
    ("GPU_Index", "gpu_index"),
    ("GPU", "gpu"),
    ("Timeslice", "timeslice"),
];

pub(super) fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let header = document.header(b',')?;
    let has = |names: &[&str]| names.iter().all(|name| header.iter().any(|cell| cell == name));
    let statistics =
        header.first().is_some_and(|cell| cell == "Metric") && has(&["avg", "min", "max", "p99"]);
    // A run without requests has only the second table.
    let totals = || {
        header == ["Metric", "Value"]
            && document.text().is_ok_and(|text| {
                text.contains("Benchmark Duration (sec),") || text.contains("Request Throughput (")
            })
    };
    if statistics || has(&TIMESLICES) || has(&OLD_TIMESLICES) || has(&AGGREGATE) || totals() {
        Ok(())
    } else {
        Err(Declined::because("no header `Metric,avg,min,max,…`"))
    }
}

/// The columns of the table that a row belongs to.
#[derive(Default)]
struct Header<'t> {
    columns: Vec<&'t str>,
}

impl Header<'_> {
    fn get<'r>(&self, row: &'r Row, name: &str) -> Option<&'r str> {
        self.columns.iter().position(|column| *column == name).and_then(|i| row.get(i))
    }

    fn slice(&self, row: &Row) -> Slice {
        let axes = AXES
            .iter()
            .filter_map(|(name, axis)| Some(((*axis).to_owned(), self.get(row, name)?.to_owned())));
        Slice(axes.collect())
    }
}

pub(super) fn read(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
) -> Result<(), EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let mut header = Header::default();
    for row in table.all() {
        let first = row.get(0).unwrap_or_default();
        if matches!(first, "Metric" | "metric" | "Endpoint" | "Timeslice") {
            header.columns = row.cells().collect();
        } else if row.len() == header.columns.len() {
            cells(collector, &header, row);
        } else if matches!(first, "Aggregation Type" | "Total Runs" | "Successful Runs")
            || header.columns.first() == Some(&"metric")
        {
            collector.left_out("how runs were aggregated");
        } else {
            let message = format!(
                "the row has {} cells, its header {}: was the file cut off?",
                row.len(),
                header.columns.len()
            );
            return Err(document.invalid(collector.format(), row.at, message));
        }
    }
    let requests = |name: &str| {
        name.starts_with("Request Count")
            || name.starts_with("Request Latency")
            || name.starts_with("request_")
    };
    let measured = collector
        .evidence
        .measurements
        .iter()
        .any(|m| requests(&m.source_name) && m.value.is_some_and(|value| value > 0.0));
    if !measured {
        collector.check(
            "Request Count",
            false,
            Some("no request succeeded: nothing was measured".to_owned()),
        );
    }
    Ok(())
}

fn cells(collector: &mut Collector<'_>, header: &Header<'_>, row: &Row) {
    let Some(heading) = header.get(row, "Metric").or_else(|| header.get(row, "metric")) else {
        return;
    };
    let (plain, written) = split(heading);
    let written = header.get(row, "Unit").or_else(|| header.get(row, "unit")).unwrap_or(written);
    let slice = header.slice(row);
    let tag = tag(plain);
    if let (Some(stat), Some(value)) = (header.get(row, "Stat"), header.get(row, "Value")) {
        return cell(collector, &tag, &format!("{heading}.{stat}"), stat, written, &slice, value);
    }
    for (column, value) in header.columns.iter().zip(row.cells()) {
        let described = AXES.iter().any(|(axis, _)| axis == column);
        let about = [
            "Metric",
            "metric",
            "unit",
            "GPU_Name",
            "GPU_UUID",
            "Platform",
            "Hostname",
            "Namespace",
            "Pod Name",
        ];
        // The tool leaves the cell of a statistic empty if it does not compute it: there never was
        // a value.
        if described || about.contains(column) || value.is_empty() {
            continue;
        }
        let theirs =
            if *column == "Value" { heading.to_owned() } else { format!("{heading}.{column}") };
        cell(collector, &tag, &theirs, column, written, &slice, value);
    }
}

fn cell(
    collector: &mut Collector<'_>,
    tag: &str,
    theirs: &str,
    stat: &str,
    written: &str,
    slice: &Slice,
    value: &str,
) {
    // `GenAI-Perf` writes large numbers with commas.
    let plain = value.replace(',', "");
    let value =
        if matches!(reading_text(&plain), Some(Reading::Number(_))) { &plain } else { value };
    let (ours, q) = ours(tag, stat, theirs);
    if let Some(m) = collector.measure_text(ours, theirs, slice.clone(), value) {
        (m.quantile, m.unit) = (q, unit(written, stat));
    }
}

/// Splits `Request Latency (ms)` into the name and the unit in the last parentheses.
fn split(heading: &str) -> (&str, &str) {
    heading.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")).unwrap_or((heading, ""))
}

/// The heading as the JSON spells it: `request_latency`.
fn tag(heading: &str) -> String {
    let words = heading.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}
