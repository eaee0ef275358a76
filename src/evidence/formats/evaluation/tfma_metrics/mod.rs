//! TensorFlow Model Analysis: the metrics that its evaluator wrote.
//!
//! * As JSON: `MetricsForSlice` in protobuf's JSON (`json_format.MessageToJson`), one object, a
//!   list of them, or one per line; in the spelling of the proto or in camel case.
//! * As `TFRecord`: the file `metrics-00000-of-00001.tfrecord` itself. It is read through the same
//!   fields, so it gives the same measurements.
//! * As JSON of `EvalResult.slicing_metrics`, see `result`.
//!
//! `example_count` of the same slice is n for metrics that are not weighted. Values, intervals and
//! names: see `tfma::values`. Metrics of the first API are in a map (`post_export_metrics/auc`). A
//! slice that failed says so in a `debug_message`, which becomes a failed check. TFMA writes
//! doubles in full.

mod result;
#[cfg(test)]
mod tests;

use super::tfma::{
    key::{Group, Key, group},
    proto::Node,
    record::{self, Mistake},
    values::{Context, Writer},
    wire::Field,
};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Value},
    precision::Precision,
};
use crate::model::{Evidence, evidence::Producer};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "tfma-metrics",
    title: "TensorFlow Model Analysis: metrics of every slice, as JSON or TFRecord",
    family: Family::Evaluation,
    written_by: "tfma.run_model_analysis(…) writes metrics-*.tfrecord; json_format.MessageToJson(m) for m in \
            tfma.load_metrics(…)",
    reads: "every metric of every slice with the slice's unweighted `example_count` as n; exact counts of accuracy, \
            and of the other rates where the four counts stand beside them; TFMA's 95 % intervals. `auc` is summed \
            between thresholds and stays `auc`.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Intervals,
        Carries::Checks,
    ],
    recognised_by: "`slice_key` with `metric_keys_and_values`, in either spelling; `slicing_metrics`; a TFRecord of \
            `MetricsForSlice`",
    rule: "id = \"accuracy\"\nmetric = \"accuracy\"\nmin = 0.8",
    detect,
    read,
};

const ENTRIES: Field = Field("metric_keys_and_values", 51);
const MAP: Field = Field("metrics", 2);

/// Keys that name the slice of a record, and keys that contain its metrics.
const SLICE: [&str; 4] = ["slice_key", "sliceKey", "cross_slice_key", "crossSliceKey"];
const METRICS: [&str; 3] = ["metric_keys_and_values", "metricKeysAndValues", "metrics"];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let declined = || Declined::because("no `slice_key` with `metric_keys_and_values`");
    if record::begins(document.bytes()) {
        return if is_record(document.bytes()) {
            Ok(())
        } else {
            Err(Declined::because("a TFRecord, but not of metrics for slices"))
        };
    }
    if document.json().is_ok_and(|json| result::slices(json).is_some()) {
        return Ok(());
    }
    match document.array() {
        Ok(list) if list.iter().take(100).any(is_group) => Ok(()),
        Ok(_) => Err(declined()),
        Err(why) => {
            if document.object().is_ok() {
                return if document.json().is_ok_and(is_group) { Ok(()) } else { Err(declined()) };
            }
            let lines = document.looks_like_json() && names_a_slice(document);
            let first = || document.json_lines().ok().and_then(<[Json<'_>]>::first);
            if lines && first().is_some_and(is_group) { Ok(()) } else { Err(why) }
        }
    }
}

/// Whether the first kilobytes name a slice: a cheap check before all lines are parsed.
fn names_a_slice(document: &Document<'_>) -> bool {
    let start = document.bytes().get(..4096).unwrap_or(document.bytes());
    SLICE.iter().any(|key| memchr::memmem::find(start, key.as_bytes()).is_some())
}

fn is_group(json: &Json<'_>) -> bool {
    let held = |key: &str| match json.get(key).map(|json| &json.value) {
        Some(Value::Array(_)) => key != "metrics",
        Some(Value::Object(map)) => {
            key == "metrics" && map.iter().all(|member| member.value.as_object().is_some())
        }
        _ => false,
    };
    SLICE.iter().any(|key| json.get(key).is_some_and(|slice| slice.as_object().is_some()))
        && METRICS.iter().any(|key| held(key))
}

/// Whether the first record contains metrics: it has a slice, even an empty one, and no fields of
/// TFMA's other records.
fn is_record(bytes: &[u8]) -> bool {
    let Ok(records) = record::records(bytes) else { return true };
    let Some((at, first)) = records.first() else { return false };
    let shape = Node::Wire(first, *at).shape().unwrap_or_default();
    shape.iter().any(|field| matches!(field, (1 | 3, 2)))
        && shape.iter().all(|field| matches!(field, (1 | 2 | 3 | 51, 2)))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let mut collector = Collector::new(document, ADAPTER.id);
    let refused = |Mistake { at, what }| document.invalid(ADAPTER.id, at, what);
    if record::begins(document.bytes()) {
        collector = collector.precision(Precision::Full);
        let records = record::records(document.bytes()).map_err(refused)?;
        let nodes: Vec<_> = records.iter().map(|(at, record)| Node::Wire(record, *at)).collect();
        all(&mut collector, &nodes).map_err(refused)?;
        return collector.finish();
    }
    if let Some((json, slices)) =
        document.json().ok().and_then(|json| Some((json, result::slices(json)?)))
    {
        collector = collector.precision(Precision::below([json]));
        result::read(&mut collector, slices).map_err(refused)?;
        said(&mut collector);
        return collector.finish();
    }
    let one;
    let groups = match document.json() {
        Ok(Json { value: Value::Array(list), .. }) => list.as_slice(),
        Ok(json) => {
            one = json;
            std::slice::from_ref(one)
        }
        Err(error) => match document.json_lines() {
            Ok(lines) if !lines.is_empty() => lines,
            _ => return Err(EvidenceError::Json(error.clone())),
        },
    };
    if let Some(odd) = groups.iter().find(|json| json.as_object().is_none()) {
        let what = format!("a slice's metrics are an object, not {}", odd.kind());
        return Err(document.invalid(ADAPTER.id, odd.at, what));
    }
    if !groups.is_empty() && !groups.iter().any(is_group) {
        let why = "no `slice_key` with `metric_keys_and_values`";
        return Err(document.invalid(ADAPTER.id, groups.first().map_or(0, |json| json.at), why));
    }
    collector = collector.precision(Precision::below(groups));
    let nodes: Vec<_> = groups.iter().map(Node::Json).collect();
    all(&mut collector, &nodes).map_err(refused)?;
    collector.finish()
}

fn all(collector: &mut Collector<'_>, records: &[Node<'_>]) -> Result<(), Mistake> {
    for record in records {
        let group = group(*record, 1, 3)?;
        slice(collector, *record, &group)?;
    }
    said(collector);
    Ok(())
}

/// Adds the facts about all metrics together: the tool, a warning on `auc`, a failed check if there
/// is no metric.
fn said(collector: &mut Collector<'_>) {
    let tool = Some("tensorflow-model-analysis".to_owned());
    collector.evidence.producer = Some(Producer { tool, ..Producer::default() });
    let areas = |m: &crate::model::Measurement| m.source_name.starts_with("auc");
    if collector.evidence.measurements.iter().any(areas) {
        collector
            .warn("`auc` is a sum between thresholds, close to the exact area and not equal to it; it stays `auc`");
    }
    if collector.evidence.measurements.is_empty() && collector.evidence.checks.is_empty() {
        collector.check("metrics", false, Some("the evaluation holds no metric".to_owned()));
    }
}

fn slice(collector: &mut Collector<'_>, record: Node<'_>, group: &Group) -> Result<(), Mistake> {
    let mut entries = Vec::new();
    let mut intervals = Vec::new();
    for entry in record.messages(&ENTRIES)? {
        let key = entry.message(&Field("key", 1))?.map_or_else(|| Ok(Key::default()), Key::of)?;
        if key.name.is_empty() {
            return Err(Mistake::new(entry.at(), "a metric has no name"));
        }
        let Some(value) = entry.message(&Field("value", 2))? else {
            collector.left_out(&format!("{} (no value)", key.name));
            continue;
        };
        entries.push((key, value));
        intervals.push(entry.message(&Field("confidence_interval", 3))?);
    }
    for (name, value) in record.map(&MAP)? {
        entries.push((Key::named(name), value));
        intervals.push(None);
    }
    let context = Context::of(&entries)?;
    let mut writer = Writer { collector, group, context: &context };
    for ((key, value), interval) in entries.iter().zip(intervals) {
        writer.metric(key, *value, interval)?;
    }
    Ok(())
}
