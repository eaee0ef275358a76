//! `profile_export_aiperf.json`, its time slices, and aggregates over runs.

use super::{
    server,
    unit::{ours, unit},
};
use crate::evidence::formats::common::text;
use crate::evidence::undefined::reading;
use crate::evidence::{
    Declined, Document, EvidenceError,
    collector::{Collector, finite},
    json::{Json, Number, Object, Value},
    quoted,
};
use crate::model::{Interval, Producer, Slice};

/// Metrics of a run, which has at least one of them.
const METRICS: [&str; 9] = [
    "request_throughput",
    "request_latency",
    "request_count",
    "time_to_first_token",
    "inter_token_latency",
    "output_token_throughput",
    "benchmark_duration",
    "error_request_count",
    "input_sequence_length",
];

/// Keys that describe the run.
const ABOUT: [&str; 14] = [
    "schema_version",
    "aiperf_version",
    "benchmark_id",
    "input_config",
    "run_info",
    "start_time",
    "end_time",
    "start_ns",
    "end_ns",
    "timeslice_index",
    "is_complete",
    "was_cancelled",
    "incomplete_reason",
    "error_summary",
];

fn is_metric(json: &Json<'_>) -> bool {
    json.as_object().is_some_and(|object| object.has("unit") && object.len() > 1)
}

pub(super) fn detect(object: &Object<'_>) -> Result<(), Declined> {
    let marked =
        ["aiperf_version", "input_config", "benchmark_id", "telemetry_data", "telemetry_stats"]
            .iter()
            .any(|key| object.has(key));
    let metric =
        |object: &Object<'_>| METRICS.iter().any(|key| object.get(key).is_some_and(is_metric));
    let within = |key: &str| object.get(key).and_then(Json::as_object).is_some_and(metric);
    let slices = object
        .get("timeslices")
        .and_then(Json::as_array)
        .and_then(|slices| slices.first())
        .and_then(Json::as_object);
    if object.has("aiperf_version")
        || (marked && (metric(object) || within("metrics")))
        || slices.is_some_and(metric)
    {
        Ok(())
    } else {
        Err(Declined::because(
            "no metric such as `request_latency` with its `unit` beside `aiperf_version` or `input_config`",
        ))
    }
}

pub(super) fn read(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    object: &Object<'_>,
) -> Result<(), EvidenceError> {
    let version = text(object.get("aiperf_version")).map(str::to_owned);
    collector.evidence.producer =
        Some(Producer { tool: Some("aiperf".to_owned()), version, run: None });
    if let Some(slices) = object.get("timeslices").and_then(Json::as_array) {
        return timeslices(collector, document, slices);
    }
    if let Some(metrics) = object.get("metrics").and_then(Json::as_object) {
        if metrics.iter().any(|metric| server::is_metric(&metric.value)) {
            server::read(collector, metrics);
        } else {
            aggregate(collector, object, metrics);
        }
        measured(collector);
        return Ok(());
    }
    run(collector, object);
    metrics(collector, object, "", &Slice::overall());
    if !is_run(object) {
        measured(collector);
    } else if !has_requests(object) {
        collector.check(
            "request_count",
            false,
            Some("no request succeeded: nothing was measured".to_owned()),
        );
    }
    Ok(())
}

/// Whether this is the summary of one run, not one of the tool's other files.
fn is_run(object: &Object<'_>) -> bool {
    ["is_complete", "was_cancelled", "input_config"].iter().any(|key| object.has(key))
        || METRICS.iter().any(|key| object.has(key))
}

fn measured(collector: &mut Collector<'_>) {
    if collector.evidence.measurements.is_empty() {
        collector.check(
            "metrics",
            false,
            Some("no metric is in the file: nothing was measured".to_owned()),
        );
    }
}

/// Whether the file has a successful request. Old versions may omit the count.
fn has_requests(object: &Object<'_>) -> bool {
    let average = |key: &str| {
        object.get(key).and_then(|metric| metric.get("avg")).and_then(finite).map(Number::value)
    };
    average("request_count").or_else(|| average("request_latency")).is_some_and(|count| count > 0.0)
}

/// Adds how the run ended.
fn run(collector: &mut Collector<'_>, object: &Object<'_>) {
    if let Some(complete) = object.get("is_complete") {
        let why = text(object.get("incomplete_reason")).map(str::to_owned);
        collector.check("is_complete", complete.value == Value::Bool(true), why);
    }
    if let Some(cancelled) = object.get("was_cancelled") {
        collector.check("was_cancelled", cancelled.value == Value::Bool(false), None);
    }
    for error in collector.list(object.get("error_summary")) {
        let count =
            error.get("count").and_then(Json::as_number).map_or("some", |count| count.text());
        let kind = text(error.at_path(&["error_details", "type"])).unwrap_or("an unnamed error");
        collector.warn(format!("{count} requests failed: {}", quoted(kind)));
    }
    if object.has("end_time") {
        collector.warn("`end_time` has no zone: when the run was made is not known");
    }
}

/// Reads every metric of an object. Those within `warmup_metrics`, telemetry and the like are named
/// by their path.
fn metrics(collector: &mut Collector<'_>, object: &Object<'_>, path: &str, slice: &Slice) {
    for member in object {
        let key = &*member.key;
        if path.is_empty() && ABOUT.contains(&key) {
            continue;
        }
        let here = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match member.value.as_object() {
            Some(metric) if is_metric(&member.value) => {
                self::metric(collector, metric, key, &here, slice);
            }
            Some(inner) if !matches!(key, "summary" | "sessions" | "branch_stats") => {
                metrics(collector, inner, &here, slice);
            }
            Some(_) => collector.left_out(&here),
            None if METRICS.contains(&key) => {
                collector.object(Some(&member.value));
            }
            None if member.value.value != Value::Null => collector.left_out(&here),
            None => {}
        }
    }
}

/// Reads the statistics of one metric.
fn metric(
    collector: &mut Collector<'_>,
    metric: &Object<'_>,
    name: &str,
    path: &str,
    slice: &Slice,
) {
    let written = text(metric.get("unit")).unwrap_or_default();
    let n = metric.get("count").and_then(Json::as_number).and_then(Number::count);
    // Warm-up and telemetry also have percentiles, but a rule on the metric must not select them.
    let name = if path == name { name } else { path };
    if path == "error_request_count" && metric.get("avg").is_none_or(|avg| reading(avg).is_none()) {
        collector.mistake(
            metric.iter().next().map_or(0, |member| member.key_at),
            "how many requests failed is no number",
        );
    }
    for member in metric {
        let (stat, json) = (&*member.key, &member.value);
        if stat == "unit" {
            continue;
        }
        if let Some(inner) = json.as_object() {
            // `GenAI-Perf` writes the statistics of each GPU below the metric.
            self::metric(collector, inner, "", &format!("{path}.{stat}"), slice);
            continue;
        }
        let theirs = format!("{path}.{stat}");
        let (ours, q) = ours(name, stat, &theirs);
        if let Some(m) = collector.measure(ours, &theirs, slice.clone(), json) {
            (m.quantile, m.unit, m.n) = (q, unit(written, stat), n.filter(|_| stat != "count"));
        }
    }
}

fn timeslices(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    slices: &[Json<'_>],
) -> Result<(), EvidenceError> {
    if slices.is_empty() {
        collector.check(
            "timeslices",
            false,
            Some("no time slice: nothing was measured".to_owned()),
        );
    }
    for (index, json) in slices.iter().enumerate() {
        let object = json.as_object().ok_or_else(|| {
            document.invalid(
                collector.format(),
                json.at,
                format!("a time slice is {}", json.kind()),
            )
        })?;
        let stated =
            object.get("timeslice_index").and_then(Json::as_number).and_then(Number::count);
        let index = stated.map_or_else(|| index.to_string(), |index| index.to_string());
        metrics(collector, object, "", &Slice::one("timeslice", index));
    }
    Ok(())
}

/// Reads means over runs, with the interval that the tool computed.
fn aggregate(collector: &mut Collector<'_>, object: &Object<'_>, metrics: &Object<'_>) {
    let about = |key: &str| object.get("metadata").and_then(|metadata| metadata.get(key));
    let n = about("num_successful_runs").and_then(Json::as_number).and_then(Number::count);
    let confidence = about("confidence_level")
        .and_then(finite)
        .map(Number::value)
        .filter(|c| *c > 0.0 && *c < 1.0);
    if let Some(failed) = about("failed_runs") {
        let failed = collector.list(Some(failed));
        collector.check(
            "failed_runs",
            failed.is_empty(),
            Some(format!("{} runs failed", failed.len())),
        );
    }
    if n == Some(0) || metrics.is_empty() {
        collector.check(
            "num_successful_runs",
            false,
            Some("no run succeeded: nothing was measured".to_owned()),
        );
    }
    for member in metrics {
        let Some(metric) = member.value.as_object() else {
            collector.left_out(&member.key);
            continue;
        };
        let written = text(metric.get("unit")).unwrap_or_default();
        let edge = |key: &str| metric.get(key).and_then(finite).map(Number::value);
        for stat in metric.iter().filter(|stat| stat.key != "unit") {
            let path = format!("{}.{}", member.key, stat.key);
            let Some(m) = collector.measure(&path, &path, Slice::overall(), &stat.value) else {
                continue;
            };
            (m.n, m.unit) = (
                n,
                unit(written, &stat.key).filter(|_| !matches!(&*stat.key, "cv" | "t_critical")),
            );
            if let (true, Some(confidence), Some(lower), Some(upper)) =
                (stat.key == "mean", confidence, edge("ci_low"), edge("ci_high"))
            {
                let (lower, upper) = (Some(lower), Some(upper));
                m.intervals.push(Interval {
                    method: "t over runs".to_owned(),
                    confidence,
                    sides: 2,
                    lower,
                    upper,
                });
            }
        }
    }
}
