//! `mlperf_log_detail.txt`, and the logs of `MLPerf` training that share its lines.

use super::names::{LINE, describe, kind};
use crate::evidence::{
    Document, EvidenceError,
    collector::Collector,
    json::{self, Json, Number, Value},
    undefined::reading,
};
use crate::model::{Producer, Slice};

const VALIDITY: &str = "result_validity";

/// What the log said so far.
#[derive(Default)]
struct Log {
    /// Whether it is the log of a benchmark, not of a training run.
    loadgen: bool,
    /// Whether it says how the run ended.
    ended: bool,
    multi_stream: bool,
    n: Option<u64>,
}

pub(super) fn read(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    text: &str,
) -> Result<(), EvidenceError> {
    let mut log = look(text);
    let mut at = document.bytes().len().saturating_sub(text.len());
    for line in text.split_inclusive('\n') {
        if let Some((key, object)) = parts(line) {
            let start = line.find(object).unwrap_or(0);
            let parsed = json::parse(object.as_bytes()).map_err(|error| {
                document.invalid(
                    collector.format(),
                    at + start,
                    format!("behind `{LINE}…` stands no JSON: {error}"),
                )
            })?;
            entry(collector, &mut log, key, &parsed);
        }
        at += line.len();
    }
    if !log.ended && log.loadgen {
        collector.check(
            VALIDITY,
            false,
            Some("the log holds no result: nothing was measured, or it was cut off".to_owned()),
        );
    } else if !log.ended {
        collector.check(
            "run_stop",
            false,
            Some("the log does not say that the run ended".to_owned()),
        );
    }
    Ok(())
}

/// The key before the JSON, if there is one, and the JSON. Lines of other formats are skipped.
fn parts(line: &str) -> Option<(Option<&str>, &str)> {
    let rest = line.trim().strip_prefix(LINE)?;
    if let Some(object) = rest.strip_prefix("LOG ") {
        return Some((None, object.trim()));
    }
    // `:::MLPv0.5.0 resnet 1541185563.527 (train.py:12) eval_accuracy: {"epoch": 3, "value": 0.6}`
    let (_, rest) = rest.split_once(") ")?;
    let (key, value) = rest.split_once(": ")?;
    Some((Some(key), value.trim()))
}

/// Finds what must be known before the first number: results may be in any order.
fn look(text: &str) -> Log {
    let mut log = Log::default();
    let (mut scenario, mut per_query, mut queries) = (String::new(), None, None);
    for (_, object) in text.lines().filter_map(parts) {
        if !(object.contains("\"effective_s") || object.contains("result_query_count")) {
            continue;
        }
        let Ok(json) = json::parse(object.as_bytes()) else { continue };
        let value = json.get("value");
        let number = value.and_then(Json::as_number).and_then(Number::count);
        match json.get("key").and_then(Json::as_str) {
            Some("effective_scenario") => {
                value.and_then(Json::as_str).unwrap_or_default().clone_into(&mut scenario);
            }
            Some("effective_samples_per_query") => per_query = number,
            Some("result_query_count") => queries = number,
            _ => {}
        }
    }
    log.multi_stream = scenario == "MultiStream";
    log.n =
        queries.filter(|_| matches!(&*scenario, "SingleStream" | "Server") && per_query == Some(1));
    log
}

fn entry(collector: &mut Collector<'_>, log: &mut Log, key: Option<&str>, json: &Json<'_>) {
    let Some(name) = key.or_else(|| json.get("key").and_then(Json::as_str)) else { return };
    let value = json.get("value").unwrap_or(json);
    if json.get("namespace").and_then(Json::as_str) == Some("mlperf::logging") {
        log.loadgen = true;
    }
    let flagged = |flag: &str| {
        matches!(json.at_path(&["metadata", flag]).map(|flag| &flag.value), Some(Value::Bool(true)))
    };
    if flagged("is_error") || flagged("is_warning") {
        collector.warn(format!("LoadGen: {name}: {}", value.as_str().unwrap_or(value.kind())));
    }
    match (name, &value.value) {
        ("loadgen_version", Value::String(version)) => {
            collector.evidence.producer = Some(Producer {
                tool: Some("mlperf-loadgen".to_owned()),
                version: version.split_whitespace().next().map(str::to_owned),
                run: None,
            });
        }
        ("test_datetime", Value::String(moment)) => {
            collector.evidence.produced_at = moment.parse().ok();
        }
        (VALIDITY, Value::String(validity)) => {
            log.ended = true;
            collector.check(name, validity == "VALID", Some(validity.to_string()));
        }
        ("result_invalid_reason", Value::String(reason)) => {
            collector.warn(format!("LoadGen: {}", reason.trim()));
        }
        ("run_stop", _) => {
            log.ended = true;
            let status = json
                .at_path(&["metadata", "status"])
                .or_else(|| json.get("status"))
                .or_else(|| json.get("success"))
                .unwrap_or(value);
            let passed =
                status.as_str() == Some("success") || matches!(status.value, Value::Bool(true));
            collector.check(name, passed, status.as_str().map(str::to_owned));
        }
        (_, Value::Bool(met))
            if name.starts_with("result_") || name.starts_with("early_stopping_") =>
        {
            collector.check(name, *met, None);
        }
        ("num_errors", _) => {
            collector.check(
                name,
                value.as_number().is_some_and(|count| count.value() == 0.0),
                None,
            );
            collector.measure(name, name, Slice::overall(), value);
        }
        _ => number(collector, log, name, json, value),
    }
}

fn number(collector: &mut Collector<'_>, log: &Log, name: &str, json: &Json<'_>, value: &Json<'_>) {
    let result = name.starts_with("result_") || name.starts_with("early_stopping_");
    let evaluated = name.starts_with("eval_") && name != "eval_samples";
    if !(result || evaluated) || reading(value).is_none() {
        return;
    }
    if evaluated {
        let step = ["epoch_num", "step_num", "samples_count", "epoch"]
            .iter()
            .find_map(|key| json.at_path(&["metadata", key]).or_else(|| json.get(key)));
        let step = step
            .and_then(Json::as_number)
            .and_then(Number::count)
            .and_then(|step| i64::try_from(step).ok());
        if let Some(m) = collector.measure(name, name, Slice::overall(), value) {
            m.step = step;
        }
        return;
    }
    let described = kind(name, log.multi_stream);
    if let Some(m) =
        collector.measure(described.metric.unwrap_or(name), name, Slice::overall(), value)
    {
        describe(m, described, log.n);
    }
}
