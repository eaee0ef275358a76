//! Weights & Biases: the summary and the history of a run.
//!
//! * `wandb-summary.json`, or `dict(run.summary)` dumped: metrics flat or nested, together with
//!   `_step`, `_runtime`, `_timestamp` and `_wandb`. Nested names are joined with dots, as W&B does
//!   (`loss.min` of `define_metric(…, summary="min")`);
//! * the answer of its GraphQL API for one run: `summaryMetrics` is that JSON again, as text. If
//!   there are several runs, the first is read, and a warning counts the others;
//! * the history, as JSON Lines or as a list of rows with `_step`: the last row that has a metric
//!   gives its value.
//!
//! NaN and infinities are bare words or text. A number within text (`summary["text"] = "0.9"`) is
//! read as a number, because a summary contains only results. A warning names values with a `_type`
//! (tables, images, histograms), text and booleans. The file does not say on how many rows a metric
//! was computed: a metric `test/n` is a separate number.

mod shape;
#[cfg(test)]
mod tests;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{self, Json, Member, Object, Value},
    names,
    precision::Precision,
    quoted,
    undefined::reading_text,
};
use crate::model::{Evidence, Producer, Slice, Timestamp};
use crate::stats::proportion::float;
use shape::{Run, Shape};
use std::collections::HashMap;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "wandb-summary",
    title: "Weights & Biases: wandb-summary.json, a run of the GraphQL API, a run's history",
    family: Family::Evaluation,
    written_by: "json.dump(dict(wandb.Api().run(\"team/project/run\").summary), file)",
    reads: "every number by its path; of a history each metric's last value with its step; whether the run finished.",
    carries: &[Carries::Metrics, Carries::Checks],
    recognised_by: "`_step`, `_runtime` or `_wandb` beside metrics; `summaryMetrics`",
    rule: "id = \"accuracy-floor\"\nmetric = \"test/accuracy\"\nsource = \"wandb-summary\"\nmin = 0.9\npoint_estimate = \"allow\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    Shape::of(document).map(|_| ()).map_err(Declined::because)
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let at = document.json().map_or(0, |json| json.at);
    let refuse = |why: String| document.invalid(ADAPTER.id, at, why);
    let mut collector = Collector::new(document, ADAPTER.id);
    collector.evidence.producer =
        Some(Producer { tool: Some("wandb".to_owned()), version: None, run: None });
    // A submission that names this format may contain a summary without bookkeeping keys.
    let shape = match Shape::of(document) {
        Ok(shape) => shape,
        Err(why) => Shape::Summary(document.object().map_err(|_| refuse(why))?),
    };
    match shape {
        Shape::Summary(object) => collector = summary(object, collector),
        Shape::Run(run) => collector = of_run(&run, collector, &refuse)?,
        Shape::History(rows) => collector = history(&rows, collector),
    }
    if collector.evidence.measurements.is_empty() {
        collector.check("metrics", false, Some("no metric was logged".to_owned()));
    }
    let run = collector.evidence.checks.iter().find(|check| check.name == "wandb/run-finished");
    let state = run.and_then(|run| run.detail.as_deref()?.strip_prefix("state "));
    // The last values of a run that broke off might not be those of its model.
    if let Some(state) =
        state.filter(|state| matches!(*state, "crashed" | "failed" | "killed" | "preempted"))
    {
        let why = format!("the run broke off, its state is {state}");
        collector.evidence.measurements.iter_mut().for_each(|m| m.unfit = Some(why.clone()));
    }
    collector.finish()
}

/// Whether a key is W&B's own: those begin with an underscore.
fn is_bookkeeping(key: &str) -> bool {
    key.starts_with('_')
}

fn summary<'d>(object: &Object<'_>, collector: Collector<'d>) -> Collector<'d> {
    let metrics = || object.iter().filter(|member| !is_bookkeeping(&member.key));
    let mut collector =
        collector.precision(Precision::below(metrics().map(|member| &member.value)));
    collector.evidence.produced_at = object.get("_timestamp").and_then(moment);
    for member in metrics() {
        value(&member.key, &member.value, None, &mut collector);
    }
    collector
}

fn of_run<'d>(
    run: &Run<'_>,
    mut collector: Collector<'d>,
    refuse: &dyn Fn(String) -> EvidenceError,
) -> Result<Collector<'d>, EvidenceError> {
    if run.others > 0 {
        collector.warn(format!(
            "{} runs: only the first is read and {} are left out; send one run",
            run.others + 1,
            run.others
        ));
    }
    if let Some(producer) = &mut collector.evidence.producer {
        producer.run = run.name.map(str::to_owned);
    }
    if let Some(state) = run.state {
        collector.check("wandb/run-finished", state == "finished", Some(format!("state {state}")));
        if state != "finished" {
            collector.warn(format!("the run has not finished: its state is {}", quoted(state)));
        }
    }
    match &run.summary.value {
        Value::Object(object) => Ok(summary(object, collector)),
        Value::String(text) => {
            let inner = json::parse(text.as_bytes()).map_err(|error| {
                refuse(format!("`summaryMetrics` is text that is no JSON: {error}"))
            })?;
            let object = inner.as_object().ok_or_else(|| {
                refuse(format!("`summaryMetrics` is not an object but {}", inner.kind()))
            })?;
            Ok(summary(object, collector))
        }
        Value::Null => {
            collector.warn("the run has no summary");
            Ok(collector)
        }
        _ => Err(refuse(format!("`summaryMetrics` is {}", run.summary.kind()))),
    }
}

/// Reads the last value of every metric, in the order of their first.
fn history<'d>(rows: &[&Object<'_>], collector: Collector<'d>) -> Collector<'d> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut last = Vec::new();
    for row in rows {
        let step = row.get("_step").and_then(whole);
        // Rows have null for the metrics that were logged in other rows.
        let logged =
            |m: &&Member<'_>| !is_bookkeeping(&m.key) && !matches!(m.value.value, Value::Null);
        for member in row.iter().filter(logged) {
            let place = *places.entry(&member.key).or_insert(last.len());
            match last.get_mut(place) {
                None => last.push((&*member.key, &member.value, step)),
                Some(known) if step >= known.2 => *known = (&*member.key, &member.value, step),
                Some(_) => {}
            }
        }
    }
    let mut collector =
        collector.precision(Precision::below(last.iter().map(|(_, value, _)| *value)));
    collector.evidence.produced_at =
        rows.iter().filter_map(|row| row.get("_timestamp").and_then(moment)).max();
    for (name, json, step) in last {
        value(name, json, step, &mut collector);
    }
    collector
}

/// Reads one value of a summary, including everything below it.
fn value(path: &str, json: &Json<'_>, step: Option<i64>, collector: &mut Collector<'_>) {
    let measured = match &json.value {
        Value::Object(object) if object.has("_type") => return collector.left_out(path),
        Value::Object(object) => {
            for member in object.iter().filter(|member| !is_bookkeeping(&member.key)) {
                value(&format!("{path}.{}", member.key), &member.value, step, collector);
            }
            return;
        }
        Value::String(text) if reading_text(text).is_some() && !text.is_empty() => {
            collector.measure_text(names::of_sklearn(path), path, Slice::overall(), text)
        }
        Value::String(_) | Value::Bool(_) | Value::Array(_) => return collector.left_out(path),
        Value::Null | Value::Number(_) | Value::NonFinite(_) => {
            collector.measure(names::of_sklearn(path), path, Slice::overall(), json)
        }
    };
    if let Some(m) = measured {
        m.step = step;
    }
}

/// A moment in seconds since the epoch.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "within 0…2^53, checked first"
)]
fn moment(json: &Json<'_>) -> Option<Timestamp> {
    let micros = (json.as_number()?.value() * 1e6).round();
    (0.0..=float(1 << 53)).contains(&micros).then_some(Timestamp::from_micros(micros as i64))
}

fn whole(json: &Json<'_>) -> Option<i64> {
    i64::try_from(json.as_number()?.count()?).ok()
}
