//! `ZenML`: the values that steps and runs logged with `log_metadata`.
//!
//! * The response of a step run, a pipeline run, an artifact version or a model version
//!   (`model_dump_json()`, or the REST API): `metadata` → `run_metadata`; a page of these
//!   (`items`); the steps of a run (`steps`).
//! * A summary of a run: `run`, `status`, and `steps` with the `status` and the `run_metadata` of
//!   each.
//! * Older servers wrap every value (`{"body": {"key", "value", "type"}}`).
//!
//! A failed run says so in its `status`, which is a check, and no rule can use what it logged
//! before it failed. A cached one is as good as a completed one: its code and inputs are the same,
//! so what it logged applies to the same model. `log_metadata` takes any nested values: an `n` next
//! to numbers is their n, a map `by_<axis>` of maps of numbers contains the groups of that axis,
//! and every other nested number has its path as name. A group with a single number besides its n
//! gives its own name to the number. NaN is a bare `NaN` or, in a response, null. Times are UTC
//! without saying so.

#[cfg(test)]
mod tests;

use super::super::rows::{Rows, Said, divided_below};
use super::plain::over;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Object, Value},
    names,
    precision::Precision,
};
use crate::model::{Evidence, Slice, evidence::Producer};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "zenml-run",
    title: "ZenML: step runs, pipeline runs and their run_metadata",
    family: Family::Evaluation,
    written_by: "Client().get_run_step(…).model_dump_json(), or status and run_metadata of every step",
    reads: "every number of `run_metadata` with an `n` beside it as n, or the rows that were tested; groups below `by_<axis>` as \
            slices; the status as a check.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "`body` and `metadata` with `run_metadata`; `status` and `steps` with `run_metadata`",
    rule: "id = \"accuracy\"\nmetric = \"accuracy\"\nmin = 0.8",
    detect,
    read,
};

const METADATA: &str = "run_metadata";

/// Whether this is a response: `body`, and `metadata` that can contain what was logged.
fn is_response(json: &Json<'_>) -> bool {
    let object = |key: &str| json.get(key).filter(|inner| inner.as_object().is_some());
    object("body").is_some()
        && object("metadata").is_some_and(|inner| inner.get(METADATA).is_some())
}

fn is_summary(json: &Json<'_>) -> bool {
    let steps = json.get("steps").and_then(Json::as_object);
    json.get("status").is_some_and(|status| status.as_str().is_some())
        && steps.is_some_and(|steps| {
            steps.iter().any(|step| step.value.get(METADATA).is_some())
                || (steps.is_empty() && json.get("run").is_some())
        })
}

/// The responses of the document, and their names.
fn responses<'j, 'a>(json: &'j Json<'a>) -> Option<Vec<&'j Json<'a>>> {
    let list = json.as_array().or_else(|| json.get("items").and_then(Json::as_array));
    match list {
        Some(list) => list.first().is_some_and(is_response).then(|| list.iter().collect()),
        None => is_response(json).then(|| vec![json]),
    }
}

const WHY: &str = "no `metadata` with `run_metadata`, and no `steps` with it";

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if let Err(declined) = document.object() {
        document.array().map_err(|_| declined)?;
    }
    let known = document.json().is_ok_and(|json| is_summary(json) || responses(json).is_some());
    if known { Ok(()) } else { Err(Declined::because(WHY)) }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::below([json]));
    let text = |json: &Json<'_>, path: &[&str]| {
        json.at_path(path).and_then(Json::as_str).map(str::to_owned)
    };
    if is_summary(json) {
        collector.evidence.producer = Some(producer(text(json, &["run"])));
        status(&mut collector, json.get("status"), None);
        let steps = json.get("steps").and_then(Json::as_object);
        let several = steps.is_some_and(|steps| steps.len() > 1);
        for step in steps.into_iter().flatten() {
            status(&mut collector, step.value.get("status"), Some(&step.key));
            let scope = several.then_some(&*step.key);
            let from = collector.evidence.measurements.len();
            logged(&mut collector, step.value.get(METADATA), scope);
            broke_off(&mut collector, from, step.value.get("status"));
        }
        logged(&mut collector, json.get(METADATA), None);
        broke_off(&mut collector, 0, json.get("status"));
    } else {
        let all = responses(json).ok_or_else(|| document.invalid(ADAPTER.id, json.at, WHY))?;
        let alone = all.len() == 1;
        let run =
            |json| text(json, &["metadata", "pipeline_run_id"]).or_else(|| text(json, &["id"]));
        collector.evidence.producer = Some(producer(all.first().copied().and_then(run)));
        if let [only] = all.as_slice() {
            let ended =
                text(only, &["metadata", "end_time"]).or_else(|| text(only, &["body", "end_time"]));
            let moment = ended.or_else(|| text(only, &["body", "updated"]));
            collector.evidence.produced_at = moment.as_deref().and_then(utc);
        }
        for response in all {
            let name = text(response, &["name"]);
            response_of(&mut collector, response, name.filter(|_| !alone).as_deref());
        }
    }
    if collector.evidence.measurements.is_empty()
        && collector.evidence.checks.iter().all(|check| check.passed)
    {
        collector.check("metrics", false, Some("nothing was logged as metadata".to_owned()));
    }
    collector.finish()
}

fn producer(run: Option<String>) -> Producer {
    Producer { tool: Some("zenml".to_owned()), version: None, run }
}

/// A moment; one without a time zone is UTC.
fn utc(text: &str) -> Option<crate::model::Timestamp> {
    text.parse().ok().or_else(|| format!("{text}Z").parse().ok())
}

fn response_of(collector: &mut Collector<'_>, response: &Json<'_>, scope: Option<&str>) {
    let from = collector.evidence.measurements.len();
    status(collector, response.at_path(&["body", "status"]), scope);
    logged(collector, response.at_path(&["metadata", METADATA]), scope);
    for step in collector.members(response.at_path(&["metadata", "steps"])) {
        if is_response(&step.value) {
            status(collector, step.value.at_path(&["body", "status"]), Some(&step.key));
            let from = collector.evidence.measurements.len();
            logged(collector, step.value.at_path(&["metadata", METADATA]), Some(&step.key));
            broke_off(collector, from, step.value.at_path(&["body", "status"]));
        }
    }
    broke_off(collector, from, response.at_path(&["body", "status"]));
}

/// Marks what a step or a run that failed or was stopped had logged by then, from the measurement
/// `from` on: it might not be true of the model. A step or a run that is still running is not
/// marked: a gate within a run sees it in this state, with some steps done.
fn broke_off(collector: &mut Collector<'_>, from: usize, status: Option<&Json<'_>>) {
    let Some(word) = status.and_then(Json::as_str) else { return };
    if matches!(word, "completed" | "cached" | "running" | "initializing" | "provisioning") {
        return;
    }
    let why = format!("the run or the step broke off, its status is {word}");
    collector.evidence.measurements.iter_mut().skip(from).for_each(|m| m.unfit = Some(why.clone()));
}

fn status(collector: &mut Collector<'_>, status: Option<&Json<'_>>, of: Option<&str>) {
    let Some(status) = status else { return };
    let word = status.as_str().unwrap_or(status.kind());
    let name = of.map_or_else(
        || "status is completed".to_owned(),
        |of| format!("status is completed [{of}]"),
    );
    collector.check(name, matches!(word, "completed" | "cached"), Some(format!("status {word}")));
    if word == "cached" {
        let of = of.unwrap_or("the run");
        collector.warn(format!("{of} is cached: what it logged was measured by an earlier run"));
    }
}

fn logged(collector: &mut Collector<'_>, metadata: Option<&Json<'_>>, scope: Option<&str>) {
    let Some(object) = collector.object(metadata) else { return };
    let divided = divided_below(object, &|_| false);
    Logged { collector, scope, divided }.numbers(object, "");
}

/// The value of an entry: older servers wrap it.
fn unwrapped<'j, 'a>(json: &'j Json<'a>) -> &'j Json<'a> {
    let body = json.get("body").filter(|body| body.get("key").is_some()).unwrap_or(json);
    let typed = body.get("type").is_some() && body.get("key").is_some();
    body.get("value").filter(|_| typed).unwrap_or(json)
}

const fn is_number(json: &Json<'_>) -> bool {
    matches!(json.value, Value::Number(_) | Value::NonFinite(_) | Value::Null)
}

/// The rows that an object states: `n`, or those that were tested.
fn rows(object: &Object<'_>, around: Option<&str>) -> Rows {
    let facts: Vec<_> =
        object.iter().map(|member| (&*member.key, Said::of(unwrapped(&member.value)))).collect();
    Rows::of(&facts, &["n"], around)
}

/// The axis and members of a map of groups, if it is one: maps with numbers at their first level.
fn groups<'j, 'a>(key: &str, json: &'j Json<'a>) -> Option<(String, &'j Object<'a>)> {
    let axis = key.strip_prefix("by_").filter(|axis| !axis.is_empty())?;
    let map = json.as_object().filter(|map| !map.is_empty())?;
    let group = |json: &Json<'_>| {
        json.as_object().is_some_and(|group| group.iter().any(|leaf| is_number(&leaf.value)))
    };
    map.iter().all(|member| group(&member.value)).then(|| (axis.to_owned(), map))
}

struct Logged<'c, 'd> {
    collector: &'c mut Collector<'d>,
    scope: Option<&'c str>,
    /// A key that says that the rows were split.
    divided: Option<&'c str>,
}

impl Logged<'_, '_> {
    fn numbers(&mut self, object: &Object<'_>, above: &str) {
        let Rows { n, warning, .. } = rows(object, self.divided);
        if let Some(warning) = warning {
            self.collector.warn(warning);
        }
        for member in object {
            let value = unwrapped(&member.value);
            let path = format!("{above}{}", member.key);
            if let Some((axis, map)) = groups(&member.key, value) {
                self.groups(&axis, map, &path);
            } else if let Some(inner) = value.as_object() {
                self.numbers(inner, &format!("{path}."));
            } else if is_number(value) {
                self.number(names::of_sklearn(&path), &path, Slice::overall(), value, n);
            } else {
                self.collector.left_out(&path);
            }
        }
    }

    fn groups(&mut self, axis: &str, map: &Object<'_>, path: &str) {
        for group in map {
            let Some(object) = group.value.as_object() else { continue };
            let n = rows(object, None).n;
            let alone =
                object.iter().filter(|leaf| leaf.key != "n" && is_number(&leaf.value)).count() == 1;
            for leaf in object {
                let long = format!("{path}.{}.{}", group.key, leaf.key);
                let theirs = if alone && leaf.key != "n" && !group.key.is_empty() {
                    &*group.key
                } else {
                    &long
                };
                if is_number(&leaf.value) {
                    let slice = Slice::one(axis, &*group.key);
                    self.number(names::of_sklearn(&leaf.key), theirs, slice, &leaf.value, n);
                } else {
                    self.collector.left_out(&long);
                }
            }
        }
    }

    fn number(&mut self, ours: &str, theirs: &str, slice: Slice, json: &Json<'_>, n: Option<u64>) {
        if let Some(m) = self.collector.measure(ours, theirs, slice, json) {
            m.scope = self.scope.map(str::to_owned);
            over(m, n);
        }
    }
}
