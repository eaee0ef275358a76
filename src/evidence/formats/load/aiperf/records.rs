//! `profile_export.jsonl`: one line per request.

use super::unit::unit;
use crate::evidence::formats::common::text;
use crate::evidence::formats::load::sample::{Statistics, Written};
use crate::evidence::{
    Document, EvidenceError,
    collector::{Collector, finite},
    json::{Json, Number, Object, Value},
};
use crate::model::{Slice, Timestamp};
use crate::stats::proportion::float;
use std::collections::BTreeMap;

/// The values of one metric over all requests.
#[derive(Default)]
struct Values {
    unit: String,
    values: Vec<f64>,
}

pub(super) fn is_record(object: &Object<'_>) -> bool {
    let phased = object.get("metadata").is_some_and(|metadata| {
        metadata.get("benchmark_phase").is_some() || metadata.get("session_num").is_some()
    });
    phased && object.get("metrics").is_some_and(|metrics| metrics.as_object().is_some())
}

pub(super) fn read(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    lines: &[Json<'_>],
) -> Result<(), EvidenceError> {
    let mut metrics: BTreeMap<&str, Values> = BTreeMap::new();
    let (mut succeeded, mut failed, mut passed_over) = (0_u64, 0_u64, 0_u64);
    for line in lines {
        let object = line.as_object().filter(|object| is_record(object)).ok_or_else(|| {
            document.invalid(collector.format(), line.at, "the line is no record of a request")
        })?;
        let metadata = |key: &str| object.get("metadata").and_then(|metadata| metadata.get(key));
        // Warm-up requests and cancelled ones are not part of the measurement.
        let cancelled =
            matches!(metadata("was_cancelled").map(|flag| &flag.value), Some(Value::Bool(true)));
        if cancelled || text(metadata("benchmark_phase")).is_some_and(|phase| phase != "profiling")
        {
            passed_over += 1;
            continue;
        }
        let ended = metadata("request_end_ns").and_then(Json::as_number).and_then(Number::count);
        let ended = ended.and_then(|ns| i64::try_from(ns / 1000).ok()).map(Timestamp::from_micros);
        collector.evidence.produced_at = collector.evidence.produced_at.max(ended);
        if object.get("error").is_some_and(|error| error.value != Value::Null) {
            failed += 1;
        } else {
            succeeded += 1;
        }
        for member in collector.members(object.get("metrics")) {
            take(collector, metrics.entry(&member.key).or_default(), &member.key, &member.value);
        }
    }
    if passed_over > 0 {
        collector
            .warn(format!("{passed_over} requests of the warm-up, or cancelled, are passed over"));
    }
    finish(collector, metrics, succeeded, failed);
    Ok(())
}

fn take(collector: &mut Collector<'_>, values: &mut Values, key: &str, json: &Json<'_>) {
    let found = json.get("value").unwrap_or(json);
    if let Some(unit) = text(json.get("unit")) {
        unit.clone_into(&mut values.unit);
    }
    for one in found.as_array().unwrap_or(std::slice::from_ref(found)) {
        match finite(one) {
            Some(number) => values.values.push(number.value()),
            None => collector.left_out(key),
        }
    }
}

fn finish(
    collector: &mut Collector<'_>,
    metrics: BTreeMap<&str, Values>,
    succeeded: u64,
    failed: u64,
) {
    if succeeded == 0 {
        collector.check(
            "request_count",
            false,
            Some("no request succeeded: nothing was measured".to_owned()),
        );
    }
    for (name, value) in [("request_count", succeeded), ("error_request_count", failed)] {
        collector.number(name, name, Slice::overall(), float(value));
    }
    for (key, Values { unit: written, values }) in metrics {
        let path = |stat: &str| format!("{key}.{stat}");
        let metric = if key == "request_latency" { "latency" } else { key };
        let (written, unit) = (Written::Cut(0.0), unit(&written, "avg"));
        Statistics { metric, name: &path, mean: "avg", unit, written, slice: &Slice::overall() }
            .add(collector, values);
    }
}
