//! NVIDIA `AIPerf` and its predecessor `GenAI-Perf`: `profile_export_aiperf.json` and `.csv`, time
//! slices, aggregates over runs, and `profile_export.jsonl`, one line per request.
//!
//! A metric is an object with a `unit` and statistics: `avg`, `min`, `max`, `std`, `sum`, `p1` …
//! `p99`, and in newer versions `count`, which is the n of that metric. `request_latency` becomes
//! `latency`. The percentiles of the other metrics keep the metric's own name, so that a rule can
//! select one quantile of `time_to_first_token`. The tool omits metrics without an observation: a
//! run without a successful request has no `request_count`, and fails that check. `KB` and similar
//! units are powers of 1024. The CSV rounds to two decimals and names metrics by their headings.
//! Times are local, without a zone; only the lines of requests have exact moments.

mod json;
mod records;
mod server;
mod table;
#[cfg(test)]
mod tests;
mod unit;

use super::sample::Ended;
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family, collector::Collector,
    counts::whole, json::Json, precision::Precision,
};
use crate::model::{Evidence, Producer};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "aiperf",
    title: "NVIDIA AIPerf and GenAI-Perf: JSON, CSV, and the lines of requests",
    family: Family::Load,
    written_by: "aiperf profile --model MODEL --url URL …",
    reads: "every statistic of every metric with its unit, and `count` as n; GPU telemetry. Lines of requests give the whole sample: \
            exact bounds on any quantile of latency.",
    carries: &[
        Carries::Metrics,
        Carries::SampleSize,
        Carries::Slices,
        Carries::Intervals,
        Carries::Checks,
    ],
    recognised_by: "`request_latency` or another metric with `unit` and `avg` beside `input_config` or `aiperf_version`; `Metric,avg,min,max`; \
                    lines with `metadata.benchmark_phase` and `metrics`",
    rule: "id = \"ttft\"\nmetric = \"time_to_first_token\"\nquantile = 0.99\nmax = \"200 ms\"\npoint_estimate = \"allow\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if !document.looks_like_json() {
        return table::detect(document);
    }
    match document.object() {
        Ok(object) if records::is_record(object) => Ok(()),
        Ok(object) => json::detect(object),
        Err(declined) => {
            let lines = document.json().is_err().then(|| document.json_lines().ok()).flatten();
            let first = lines.and_then(|lines| lines.first()).and_then(Json::as_object);
            if first.is_some_and(records::is_record) { Ok(()) } else { Err(declined) }
        }
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let mut collector = Collector::new(document, ADAPTER.id);
    collector.evidence.producer =
        Some(Producer { tool: Some("aiperf".to_owned()), ..Producer::default() });
    if !document.looks_like_json() {
        table::read(&mut collector, document)?;
        failures(&mut collector);
        return collector.finish();
    }
    collector = collector.precision(Precision::Full);
    match document.json() {
        Ok(json) => match json.as_object() {
            Some(object) if !records::is_record(object) => {
                self::json::read(&mut collector, document, object)?;
            }
            _ => records::read(&mut collector, document, std::slice::from_ref(json))?,
        },
        Err(_) => {
            records::read(&mut collector, document, document.json_lines().map_err(Clone::clone)?)?;
        }
    }
    failures(&mut collector);
    collector.finish()
}

/// Adds a failed check if requests failed. They are in no latency, so a run that lost some is worse
/// than its numbers.
fn failures(collector: &mut Collector<'_>) {
    let counts = [
        "error_request_count",
        "error_request_count.avg",
        "Error Request Count",
        "Error Request Count.avg",
    ];
    let failed =
        collector.evidence.measurements.iter().filter(|m| counts.contains(&m.source_name.as_str()));
    let failed: Vec<Option<f64>> = failed.map(|m| m.value).collect();
    if failed.iter().any(|failed| *failed != Some(0.0)) {
        survivors(collector, &failed);
        let said = failed
            .iter()
            .map(|failed| failed.map_or("an unknown number of".to_owned(), |n| n.to_string()));
        let said = format!("{} requests failed", said.collect::<Vec<_>>().join(" + "));
        collector.check("requests succeeded", false, Some(said));
    }
}

/// Marks the times of a run that lost too many of its requests.
fn survivors(collector: &mut Collector<'_>, failed: &[Option<f64>]) {
    let counts = ["request_count", "request_count.avg", "Request Count", "Request Count.avg"];
    let stated =
        collector.evidence.measurements.iter().find(|m| counts.contains(&m.source_name.as_str()));
    let good = stated.and_then(|m| m.value).and_then(whole);
    let failed = failed.iter().map(|failed| failed.and_then(whole)).sum::<Option<u64>>();
    if let Some((good, failed)) = good.zip(failed) {
        Ended::of(good.saturating_add(failed), failed).mark(collector, 0, |m| m.slice.is_overall());
    }
}
