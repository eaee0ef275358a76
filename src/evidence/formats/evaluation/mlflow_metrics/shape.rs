//! Which of MLflow's documents it is, and where its metrics are.

use super::entry::{Entry, whole};
use crate::evidence::{
    json::{Json, Object},
    quoted,
    undefined::reading,
};
use crate::model::{Check, DatasetRef, Evidence, Link, Producer, Subject};
use std::collections::HashMap;

/// Whether a flat object with a number of this name is the evaluator's: its count of rows and its
/// sums, with any prefix, or a metric with a version (`toxicity/v1/mean`).
fn is_evaluator(name: &str) -> bool {
    const ENDS: [&str; 5] =
        ["example_count", "sum_on_target", "mean_on_target", "sum_on_label", "mean_on_label"];
    let version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    ENDS.iter().any(|end| name.ends_with(end)) || name.split('/').skip(1).any(version)
}

/// Whether this is the name of a score over all rows, as scorers of language models write it:
/// `Correctness/mean`.
fn is_aggregated(name: &str) -> bool {
    const AGGREGATIONS: [&str; 7] = ["mean", "median", "variance", "p90", "min", "max", "ratio"];
    name.rsplit_once('/').is_some_and(|(_, aggregation)| AGGREGATIONS.contains(&aggregation))
}

/// One of MLflow's documents.
pub(super) enum Shape<'j> {
    Saved(&'j Object<'j>),
    Run(&'j Json<'j>),
    Runs(&'j [Json<'j>]),
    Model { model: &'j Json<'j>, others: usize },
    History { entries: Vec<Entry<'j>>, more: bool },
    ModelVersion(&'j Json<'j>),
}

/// A flat object of numbers.
pub(super) fn flat<'j>(object: &'j Object<'j>) -> Option<Shape<'j>> {
    let numbers =
        !object.is_empty() && object.iter().all(|member| reading(&member.value).is_some());
    numbers.then_some(Shape::Saved(object))
}

fn is_run(json: &Json<'_>) -> bool {
    json.get("info")
        .is_some_and(|info| info.get("run_id").or_else(|| info.get("run_uuid")).is_some())
}

fn is_model(json: &Json<'_>) -> bool {
    json.at_path(&["info", "model_id"]).is_some()
}

impl<'j> Shape<'j> {
    /// A model of MLflow 3, or the first of several.
    fn model(object: &'j Object<'j>) -> Option<Self> {
        if let Some(model) = object.get("model").filter(|model| is_model(model)) {
            return Some(Self::Model { model, others: 0 });
        }
        let models = object.get("models")?.as_array()?;
        let model = models.first().filter(|_| models.iter().all(is_model))?;
        Some(Self::Model { model, others: models.len().saturating_sub(1) })
    }

    /// Which document it is, or why it is none of MLflow's.
    pub(super) fn of(json: &'j Json<'j>) -> Result<Self, String> {
        let object =
            json.as_object().ok_or_else(|| format!("not a JSON object but {}", json.kind()))?;
        if is_run(json) && object.has("data") {
            return Ok(Self::Run(json));
        }
        if let Some(run) = object.get("run").filter(|run| is_run(run)) {
            return Ok(Self::Run(run));
        }
        if let Some(runs) = object.get("runs").and_then(Json::as_array)
            && !runs.is_empty()
            && runs.iter().all(is_run)
        {
            return Ok(Self::Runs(runs));
        }
        if let Some(model) = Self::model(object) {
            return Ok(model);
        }
        if let Some(metrics) = object.get("metrics").and_then(Json::as_array) {
            let entry = |json: &'j Json<'j>| {
                json.as_object().and_then(Entry::logged).filter(|e| e.logged_at.is_some())
            };
            let entries: Option<Vec<_>> = metrics.iter().map(entry).collect();
            let entries = entries.filter(|entries| !entries.is_empty());
            let more = object
                .get("next_page_token")
                .and_then(Json::as_str)
                .is_some_and(|token| !token.is_empty());
            return entries.map(|entries| Self::History { entries, more }).ok_or_else(|| {
                "`metrics` is no list of `key`, `value` and `timestamp`".to_owned()
            });
        }
        if let Some(version) = object.get("model_version").filter(|v| v.get("version").is_some()) {
            return Ok(Self::ModelVersion(version));
        }
        if object.has("entity") && object.has("action") {
            return Err(
                "a webhook delivery of MLflow names a model version but carries no metrics: send its run".to_owned()
            );
        }
        if !object.iter().any(|m| is_evaluator(&m.key))
            && (object.is_empty() || !object.iter().all(|m| is_aggregated(&m.key)))
        {
            return Err("no `run`, `runs`, `metrics` or `model_version`, and none of the evaluator's names such as \
                 `example_count`"
                .to_owned());
        }
        flat(object).ok_or_else(|| {
            let other = object.iter().find(|member| reading(&member.value).is_none());
            let name = other.map_or_else(String::new, |member| quoted(&member.key));
            format!("{name} is not a number, and metrics.json is a flat object of numbers")
        })
    }

    /// Its metrics; other facts are added to `evidence`.
    pub(super) fn read(self, evidence: &mut Evidence) -> Result<Vec<Entry<'j>>, String> {
        match self {
            Self::Saved(object) => Ok(object.iter().map(|m| Entry::saved(&m.key, &m.value)).collect()),
            Self::Run(json) => run(json, evidence),
            Self::Runs(runs) => {
                let first = runs.first().ok_or("there is no run")?;
                if let others @ 1.. = runs.len() - 1 {
                    let name = quoted(text(first, &["info", "run_name"]).unwrap_or("without a name"));
                    evidence.warnings.push(format!(
                        "{} runs: only the first, {name}, is read and {others} are left out; send one run",
                        runs.len()
                    ));
                }
                run(first, evidence)
            }
            Self::Model { model, others } => logged_model(model, others, evidence),
            Self::History { more: true, .. } => Err(
                "this is one page of a longer history, and its last step may not be the last: send all pages as one"
                    .to_owned(),
            ),
            Self::History { entries, .. } => Ok(latest(entries, evidence)),
            Self::ModelVersion(json) => {
                version(json, evidence);
                Ok(Vec::new())
            }
        }
    }
}

/// The text at the end of a path of keys.
fn text<'j>(json: &'j Json<'_>, path: &[&str]) -> Option<&'j str> {
    let end = path.iter().try_fold(json, |json, key| json.get(key))?;
    end.as_str().filter(|text| !text.is_empty())
}

fn run<'j>(json: &'j Json<'j>, evidence: &mut Evidence) -> Result<Vec<Entry<'j>>, String> {
    let id = text(json, &["info", "run_id"]).or_else(|| text(json, &["info", "run_uuid"]));
    evidence.producer = Some(Producer {
        tool: Some("mlflow".to_owned()),
        version: None,
        run: id.map(str::to_owned),
    });
    if let Some(status) = status(json) {
        let deleted = text(json, &["info", "lifecycle_stage"]) == Some("deleted");
        let passed = status == "FINISHED" && !deleted;
        let detail = Some(format!("status {status}{}", if deleted { ", deleted" } else { "" }));
        evidence.checks.push(Check { name: "mlflow/run-finished".to_owned(), passed, detail });
        if status != "FINISHED" {
            evidence
                .warnings
                .push(format!("the run has not finished: its status is {}", quoted(status)));
        }
    }
    if text(json, &["info", "lifecycle_stage"]) == Some("deleted") {
        evidence.warnings.push("the run is deleted".to_owned());
    }
    dataset(json, evidence);
    let Some(metrics) = json.at_path(&["data", "metrics"]) else {
        evidence.warnings.push("the run has no metrics".to_owned());
        return Ok(Vec::new());
    };
    logged(metrics)
}

/// The status with which the run ended. A status that is not text is not a success.
fn status<'j>(json: &'j Json<'_>) -> Option<&'j str> {
    json.at_path(&["info", "status"]).map(|status| status.as_str().unwrap_or(status.kind()))
}

/// The metrics of a list of `key` and `value`, or of the object that the Python client and
/// `mlflow runs describe` make of it.
fn logged<'j>(metrics: &'j Json<'j>) -> Result<Vec<Entry<'j>>, String> {
    if let Some(object) = metrics.as_object() {
        return Ok(object
            .iter()
            .map(|member| Entry::described(&member.key, &member.value))
            .collect());
    }
    let logged = |json: &'j Json<'j>| json.as_object().and_then(Entry::logged);
    let entries: Option<Vec<_>> =
        metrics.as_array().and_then(|list| list.iter().map(logged).collect());
    entries.ok_or_else(|| "`data.metrics` is no list of `key` and `value`".to_owned())
}

fn logged_model<'j>(
    json: &'j Json<'j>,
    others: usize,
    evidence: &mut Evidence,
) -> Result<Vec<Entry<'j>>, String> {
    if others > 0 {
        let warning = format!(
            "{} models: only the first is read and {others} are left out; send one model",
            others + 1
        );
        evidence.warnings.push(warning);
    }
    let run = text(json, &["info", "model_id"]).map(str::to_owned);
    evidence.producer = Some(Producer { tool: Some("mlflow".to_owned()), version: None, run });
    if let Some(status) = status(json) {
        let passed = status == "LOGGED_MODEL_READY";
        evidence.checks.push(Check {
            name: "mlflow/model-ready".to_owned(),
            passed,
            detail: Some(format!("status {status}")),
        });
    }
    let Some(metrics) = json.at_path(&["data", "metrics"]) else {
        evidence.warnings.push("the model has no metrics".to_owned());
        return Ok(Vec::new());
    };
    logged(metrics)
}

/// Adds the data set, if the run names only one.
fn dataset(json: &Json<'_>, evidence: &mut Evidence) {
    let inputs =
        json.get("inputs").and_then(|inputs| inputs.get("dataset_inputs")).and_then(Json::as_array);
    let mut names: Vec<&str> = inputs
        .unwrap_or(&[])
        .iter()
        .filter_map(|input| text(input, &["dataset", "name"]))
        .collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => {}
        [name] => {
            evidence.dataset = Some(DatasetRef { name: Some((*name).to_owned()), digest: None });
        }
        several => {
            let list: Vec<String> = several.iter().take(10).map(|name| quoted(name)).collect();
            evidence.warnings.push(format!(
                "the run names {} data sets ({}); MLflow does not say which one its metrics are of",
                several.len(),
                list.join(", ")
            ));
        }
    }
}

/// The last value of every metric of the first run, in the order of their first entry.
fn latest<'j>(entries: Vec<Entry<'j>>, evidence: &mut Evidence) -> Vec<Entry<'j>> {
    let first = entries.first().and_then(|entry| entry.run);
    let all = entries.len();
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut out: Vec<Entry<'j>> = Vec::new();
    let mut read = 0;
    for entry in entries.into_iter().filter(|entry| entry.run == first) {
        read += 1;
        let place = *places.entry((entry.name, entry.dataset)).or_insert(out.len());
        match out.get_mut(place) {
            None => out.push(entry),
            Some(last) if entry.age() >= last.age() => *last = entry,
            Some(_) => {}
        }
    }
    if read < all {
        evidence.warnings.push(format!(
            "the history is of several runs: only the first is read, {} values are left out",
            all - read
        ));
    }
    out
}

/// Reads a registered version: it says which version it is, and has no numbers.
fn version(json: &Json<'_>, evidence: &mut Evidence) {
    let number = json
        .get("version")
        .and_then(|v| v.as_str().map(str::to_owned).or_else(|| whole(v).map(|v| v.to_string())));
    let model = text(json, &["name"]).and_then(|name| name.parse().ok());
    evidence.subject = Some(Subject { model, version: number, digest: None });
    if let Some(source) = text(json, &["source"]) {
        evidence.links.push(Link {
            rel: "mlflow-source".to_owned(),
            href: source.to_owned(),
            digest: None,
        });
    }
    evidence
        .warnings
        .push("a registered model version carries no metrics: send its run too".to_owned());
}
