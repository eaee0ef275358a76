//! ONNX Runtime's profile: `SessionOptions.enable_profiling`, then `end_profiling()`.
//!
//! The file is a Chrome trace: a list of events, or an object with `traceEvents`. Each request is
//! one event `model_run` of the category `Session`; its duration is in whole microseconds,
//! truncated. The statistics of those durations are computed here: count, mean and percentiles
//! (interpolated as NumPy does), with the whole sample for the percentiles. The first runs warm up
//! caches and are counted like all others, because the file does not distinguish them. The
//! durations of single operators are not read.

use super::sample::{Statistics, Written};
use crate::evidence::formats::common::text;
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::{Collector, finite},
    json::Json,
};
use crate::model::{Evidence, Producer, Slice, Unit};
use crate::stats::proportion::{counted, float};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "onnxruntime-profile",
    title: "ONNX Runtime's profile (Chrome trace)",
    family: Family::Load,
    written_by: "options.enable_profiling = True; …; session.end_profiling()",
    reads: "count, mean, extremes and percentiles of `model_run` in microseconds, with n and the whole sample: exact bounds on \
            any quantile. Times of loading and of initialization.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Checks],
    recognised_by: "events with `cat` `Session` or `Node`, `ph`, `ts`, `dur` and names such as `model_run`",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"2 ms\"",
    detect,
    read,
};

/// How many events are searched for those of the session.
const LOOKED_AT: usize = 20;

/// Events that only a session writes.
const SESSION: [&str; 5] = [
    "model_run",
    "session_initialization",
    "model_loading_uri",
    "model_loading_array",
    "model_loading_from_saved_proto",
];

fn events<'d>(document: &'d Document<'_>) -> Result<&'d [Json<'d>], Declined> {
    if let Ok(list) = document.array() {
        return Ok(list);
    }
    let inside = document.object()?.get("traceEvents").and_then(Json::as_array);
    inside.ok_or_else(|| {
        Declined::because("neither a list of events nor an object with `traceEvents`")
    })
}

fn is_event(json: &Json<'_>) -> bool {
    json.as_object()
        .is_some_and(|event| ["cat", "ph", "ts", "name"].iter().all(|key| event.has(key)))
}

fn is_session(json: &Json<'_>) -> bool {
    let category = text(json.get("cat"));
    let name = text(json.get("name")).unwrap_or_default();
    let operator = || {
        json.at_path(&["args", "op_name"]).is_some()
            && json.at_path(&["args", "provider"]).is_some()
    };
    (category == Some("Session") && SESSION.contains(&name))
        || (category == Some("Node") && operator())
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let first = events(document)?.iter().take(LOOKED_AT);
    if first.clone().all(is_event) && first.into_iter().any(is_session) {
        Ok(())
    } else {
        Err(Declined::because("no events of an ONNX Runtime session"))
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let list = document.require(ADAPTER.id, events(document))?;
    let mut collector = Collector::new(document, ADAPTER.id);
    let mut runs = Vec::new();
    for event in list {
        let (name, category) = (
            text(event.get("name")).unwrap_or_default(),
            text(event.get("cat")).unwrap_or_default(),
        );
        if category != "Session" {
            collector.left_out(if category == "Node" {
                "times of single operators"
            } else {
                "events of other categories"
            });
        } else if name == "model_run" {
            let took = event.get("dur").and_then(finite).filter(|took| took.value() >= 0.0);
            let took = took.ok_or_else(|| {
                document.invalid(ADAPTER.id, event.at, "a `model_run` without a duration")
            })?;
            runs.push(took.value());
        } else if SESSION.contains(&name)
            && let Some(dur) = event.get("dur")
            && let Some(m) = collector.measure(name, name, Slice::overall(), dur)
        {
            m.unit = Some(Unit::Microseconds);
            m.rounding = m.rounding.max(1.0);
        } else {
            collector.left_out("other events of the session");
        }
    }
    collector.evidence.producer =
        Some(Producer { tool: Some("onnxruntime".to_owned()), ..Producer::default() });
    collector.number(
        "model_run_count",
        "model_run_count",
        Slice::overall(),
        float(counted(runs.len())),
    );
    if runs.is_empty() {
        collector.check(
            "model_run",
            false,
            Some("the model was never run: nothing was measured".to_owned()),
        );
    }
    let name = |stat: &str| format!("model_run_{stat}_us");
    let slice = &Slice::overall();
    let (written, unit) = (Written::Cut(1.0), Some(Unit::Microseconds));
    Statistics { metric: "latency", name: &name, mean: "mean", unit, written, slice }
        .add(&mut collector, runs);
    collector.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn of(text: &str) -> Result<Evidence, EvidenceError> {
        read(&Document::new(Digest::of(text.as_bytes()), text.as_bytes()))
    }

    fn event(name: &str, dur: &str) -> String {
        format!(
            r#"{{"cat" : "Session","pid" :1,"tid" :1,"dur" :{dur},"ts" :5,"ph" : "X","name" :"{name}","args" : {{}}}}"#
        )
    }

    #[test]
    fn runs_are_a_sample_with_its_bounds() {
        let runs: Vec<String> = [10, 30, 20].map(|us| event("model_run", &us.to_string())).into();
        let evidence = of(&format!("[{}]", runs.join(","))).unwrap();
        let p50 =
            evidence.measurements.iter().find(|m| m.source_name == "model_run_p50_us").unwrap();
        assert_eq!(
            (p50.value, p50.n, p50.quantile, p50.metric.as_str()),
            (Some(20.0), Some(3), Some(0.5), "latency")
        );
        let sample = p50.distribution.as_ref().unwrap();
        assert_eq!(
            (sample.count(), sample.buckets[0].low, sample.buckets[0].high),
            (3, 10.0, 11.0)
        );
    }

    #[test]
    fn no_run_is_a_failed_check_and_a_run_without_duration_is_refused() {
        let evidence = of(&format!("[{}]", event("session_initialization", "13150"))).unwrap();
        assert!(!evidence.checks[0].passed);
        assert_eq!(evidence.measurements[1].value, Some(0.0));
        assert_eq!(
            of(&format!("[{}]", event("model_run", "\"x\""))).unwrap_err().code(),
            "evidence-invalid"
        );
        assert!(of(r#"[{"cat":"toplevel","ph":"X","ts":1,"name":"f"}]"#).is_err());
    }
}
