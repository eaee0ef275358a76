//! Evidence as `modelgate.evidence/v1`, for `check` and for any other program that reads it.

use crate::model::{Evidence, Interval, Measurement};
use serde_json::{Map, Value, json};

/// The value of the key `schema`.
pub const SCHEMA: &str = "modelgate.evidence/v1";

/// The document with the content of `evidence`. Each measurement keeps its first interval, which a
/// reader takes as claimed. The format has no comparisons. A value that no rule can use is written
/// as undefined.
pub fn write(evidence: &Evidence) -> Value {
    let mut document = Map::new();
    document.insert("schema".to_owned(), json!(SCHEMA));
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|v| !v.is_null()) {
            document.insert(key.to_owned(), value);
        }
    };
    put("subject", evidence.subject.as_ref().map(|s| json!(s)));
    put("dataset", evidence.dataset.as_ref().map(|d| json!(d)));
    put("producer", evidence.producer.as_ref().map(|p| json!(p)));
    put("produced_at", evidence.produced_at.map(|at| json!(at)));
    put("measurements", Some(evidence.measurements.iter().map(measurement).collect()));
    put("checks", (!evidence.checks.is_empty()).then(|| json!(evidence.checks)));
    put("links", (!evidence.links.is_empty()).then(|| json!(evidence.links)));
    Value::Object(document)
}

fn measurement(m: &Measurement) -> Value {
    let mut out = Map::new();
    out.insert("metric".to_owned(), json!(m.metric));
    let fit = m.unfit.is_none();
    out.insert("value".to_owned(), json!(m.value.filter(|_| fit)));
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(key.to_owned(), value);
        }
    };
    put("source_name", (m.source_name != m.metric).then(|| json!(m.source_name)));
    put("n", m.n.map(|n| json!(n)));
    put("trials", m.trials.map(|n| json!(n)));
    put("successes", m.successes.filter(|_| fit).map(|n| json!(n)));
    put("slice", (!m.slice.is_overall()).then(|| json!(m.slice)));
    put("aggregate", m.aggregate.then_some(json!(true)));
    put("quantile", m.quantile.map(|q| json!(q)));
    put("unit", m.unit.map(|u| json!(u)));
    put("dataset", m.dataset.as_ref().map(|d| json!(d)));
    put("step", m.step.map(|s| json!(s)));
    put("scope", m.scope.as_ref().map(|s| json!(s)));
    put(
        "interval",
        m.intervals.iter().find(|i| fit && (i.lower.is_some() || i.upper.is_some())).map(interval),
    );
    Value::Object(out)
}

fn interval(i: &Interval) -> Value {
    json!({
        "method": i.method, "confidence": i.confidence, "sides": i.sides, "lower": i.lower, "upper": i.upper
    })
}
