//! `perf_analyzer --profile-export-file`: the moments of every request, in nanoseconds, for each
//! load level.

use crate::evidence::formats::common::text;
use crate::evidence::formats::load::sample::{Ended, Statistics, Written};
use crate::evidence::{
    Declined, Document, EvidenceError,
    collector::Collector,
    json::{Json, Number},
};
use crate::model::{Producer, Slice, Unit};
use crate::stats::proportion::{counted, float};

/// Columns that set the load, and the axis of each.
pub(super) const LOADS: [(&str, &str); 5] = [
    ("Concurrency", "concurrency"),
    ("Request Rate", "request_rate"),
    ("Session Concurrency", "session_concurrency"),
    ("Periodic Concurrency", "periodic_concurrency"),
    ("Batch", "batch"),
];

fn is_experiment(json: &Json<'_>) -> bool {
    json.at_path(&["experiment", "mode"]).is_some()
        && json.get("requests").is_some_and(|list| list.as_array().is_some())
}

pub(super) fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let experiments = document.object()?.get("experiments").and_then(Json::as_array);
    if experiments.is_some_and(|list| !list.is_empty() && list.iter().all(is_experiment)) {
        Ok(())
    } else {
        Err(Declined::because("no `experiments` with `experiment.mode` and `requests`"))
    }
}

pub(super) fn read(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
) -> Result<(), EvidenceError> {
    document.require(collector.format(), detect(document))?;
    let json = document.json().map_err(Clone::clone)?;
    let version = text(json.get("version")).map(str::to_owned);
    collector.evidence.producer =
        Some(Producer { tool: Some("perf_analyzer".to_owned()), version, run: None });
    for experiment in collector.list(json.get("experiments")) {
        let mode = text(experiment.at_path(&["experiment", "mode"])).unwrap_or_default();
        let value = experiment.at_path(&["experiment", "value"]).and_then(Json::as_number);
        let axis = LOADS.iter().map(|(_, axis)| *axis).find(|axis| *axis == mode);
        let slice = axis
            .zip(value)
            .map_or_else(Slice::overall, |(axis, value)| Slice::one(axis, value.text()));
        let requests = collector.list(experiment.get("requests"));
        let took: Vec<f64> = requests.iter().filter_map(nanoseconds).collect();
        let failed = requests.len() - took.len();
        let (from, ended) = (
            collector.evidence.measurements.len(),
            Ended::of(counted(requests.len()), counted(failed)),
        );
        let name = |stat: &str| format!("{stat} latency");
        let (written, unit) = (Written::Cut(0.0), Some(Unit::Nanoseconds));
        Statistics { metric: "latency", name: &name, mean: "Avg", unit, written, slice: &slice }
            .add(collector, took);
        let of = if slice.is_overall() { String::new() } else { slice.to_string() };
        ended.tell(collector, from, &slice, &of);
    }
    Ok(())
}

/// The time from the request to its last response. Moments since 1970 in nanoseconds are larger
/// than a double represents exactly.
fn nanoseconds(request: &Json<'_>) -> Option<f64> {
    let moment = |json: &Json<'_>| json.as_number().and_then(Number::count);
    let last = request.get("response_timestamps")?.as_array()?.last()?;
    moment(last)?.checked_sub(moment(request.get("timestamp")?)?).map(float)
}
