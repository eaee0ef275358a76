//! Kubeflow Pipelines: the metrics of a step.
//!
//! * v1, `mlpipeline-metrics.json`: `metrics`, a list of `name`, `numberValue` and `format`; the
//!   API spells it `number_value`. A `PERCENTAGE` is still written as a fraction, so it has no unit
//!   here.
//! * v2, `executor_output.json`: `artifacts` → name → `artifacts` → `metadata`. Numbers among
//!   `parameterValues` (`parameters` in older versions) are what the step returned.
//! * v2, artifacts by name, or a single one, with `metadata` and their schema (`system.Metrics`).
//!
//! The metadata of `Metrics` is flat; an `n` in it is the n of that artifact.
//! `ClassificationMetrics` has a confusion matrix, whose sum is n, and points of a ROC curve
//! (`confidenceMetrics[0.8].recall`), which are not the metric itself at any threshold. If several
//! artifacts have metrics, `scope` is the artifact's name. kfp refuses NaN and infinities.

#[cfg(test)]
mod tests;

use super::{
    super::rows::{self, Rows, members},
    plain::{field, measure, over},
    vertex_evaluation::walk::Walk,
};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Object, Value},
    names,
    precision::Precision,
};
use crate::model::{Evidence, Slice, evidence::Producer};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "kubeflow-metrics",
    title: "Kubeflow Pipelines: mlpipeline-metrics.json, executor_output.json, artifact metadata",
    family: Family::Evaluation,
    written_by: "Output[Metrics].log_metric(…), Output[ClassificationMetrics].log_confusion_matrix(…); v1 components by \
            hand",
    reads: "every number in the metadata of artifacts, with an `n` among it, the rows that were tested, or the sum of a confusion \
            matrix, as n; \
            points of a ROC curve by their threshold; what the step returned.",
    carries: &[
        Carries::Metrics,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Slices,
        Carries::Checks,
    ],
    recognised_by: "`metrics` of `name` and `numberValue`; `artifacts` → name → `artifacts`; objects with `uri` or schema and \
            `metadata`",
    rule: "id = \"accuracy\"\nmetric = \"accuracy\"\nmin = 0.8",
    detect,
    read,
};

/// The shape of a document of Kubeflow Pipelines.
enum Shape<'j, 'a> {
    First(&'j [Json<'a>]),
    Output(&'j Object<'a>),
    Artifacts(Vec<(&'j str, &'j Json<'a>)>),
}

fn is_scalar(json: &Json<'_>) -> bool {
    field(json, "name").and_then(Json::as_str).is_some() && field(json, "number_value").is_some()
}

/// The schema of an artifact, in any place where a version of kfp writes it.
fn schema<'j>(json: &'j Json<'_>) -> Option<&'j str> {
    let named =
        ["schema", "schema_title"].iter().find_map(|key| field(json, key)).and_then(Json::as_str);
    let typed =
        || field(json, "type").and_then(|of| field(of, "schema_title")).and_then(Json::as_str);
    named
        .or_else(typed)
        .filter(|schema| schema.starts_with("system.") || schema.starts_with("google."))
}

fn is_artifact(json: &Json<'_>) -> bool {
    let metadata = json.get("metadata").is_some_and(|metadata| metadata.as_object().is_some());
    metadata
        && (schema(json).is_some() || (json.get("uri").is_some() && json.get("name").is_some()))
}

/// Whether the object is the output of a step: artifacts in lists by name, or returned values
/// alone.
fn is_output(object: &Object<'_>) -> bool {
    let listed =
        |json: &Json<'_>| json.get("artifacts").is_some_and(|list| list.as_array().is_some());
    let artifacts = object.get("artifacts").and_then(Json::as_object);
    let returned = ["parameterValues", "parameters"]
        .iter()
        .any(|key| object.get(key).is_some_and(|of| of.as_object().is_some()));
    match artifacts {
        Some(artifacts) => {
            artifacts.iter().all(|artifact| listed(&artifact.value))
                && (returned || !artifacts.is_empty())
        }
        None => object.has("parameterValues") && returned,
    }
}

fn shape<'j, 'a>(json: &'j Json<'a>) -> Result<Shape<'j, 'a>, &'static str> {
    let object = json.as_object().ok_or("not an object")?;
    let run = json.get("run").unwrap_or(json);
    if let Some(list) = run.get("metrics").and_then(Json::as_array) {
        let alone = object.len() == 1;
        return if list.iter().any(is_scalar) || (list.is_empty() && alone) {
            Ok(Shape::First(list))
        } else {
            Err("no `numberValue` among `metrics`")
        };
    }
    if is_output(object) {
        return Ok(Shape::Output(object));
    }
    if schema(json).is_some() && is_artifact(json) {
        let name = json.get("name").and_then(Json::as_str).unwrap_or_default();
        return Ok(Shape::Artifacts(vec![(name, json)]));
    }
    if !object.is_empty() && object.iter().all(|member| is_artifact(&member.value)) {
        return Ok(Shape::Artifacts(
            object.iter().map(|member| (&*member.key, &member.value)).collect(),
        ));
    }
    Err("no `metrics` with `numberValue`, no `artifacts`, no object with `metadata` and a schema")
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    document.object()?;
    let json = document.json().map_err(|error| Declined::because(error.to_string()))?;
    shape(json).map(|_| ()).map_err(Declined::because)
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let shape = shape(json).map_err(|why| document.invalid(ADAPTER.id, json.at, why))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::below([json]));
    collector.evidence.producer =
        Some(Producer { tool: Some("kubeflow-pipelines".to_owned()), ..Producer::default() });
    match shape {
        Shape::First(list) => first(&mut collector, list),
        Shape::Artifacts(artifacts) => second(&mut collector, &artifacts, None),
        Shape::Output(object) => {
            let mut artifacts = Vec::new();
            for member in collector.members(object.get("artifacts")) {
                let list = collector.list(member.value.get("artifacts"));
                artifacts.extend(list.iter().map(|artifact| (&*member.key, artifact)));
            }
            let returned_objects = ["parameterValues", "parameters"]
                .iter()
                .filter_map(|key| object.get(key)?.as_object());
            let divided = returned_objects.flat_map(members).collect::<Vec<_>>();
            second(&mut collector, &artifacts, rows::divided(divided));
            returned(&mut collector, object);
        }
    }
    ended(&mut collector, json);
    if collector.evidence.measurements.is_empty() {
        collector.check("metrics", false, Some("the step logged no metric".to_owned()));
    }
    collector.finish()
}

/// Adds how the run ended, if the document says so. The metrics of a run that did not succeed might
/// not be those of its model.
fn ended(collector: &mut Collector<'_>, json: &Json<'_>) {
    let run = json.get("run").unwrap_or(json);
    let Some(word) =
        ["status", "state"].iter().find_map(|key| run.text(key)).filter(|word| !word.is_empty())
    else {
        return;
    };
    let passed = word.eq_ignore_ascii_case("succeeded");
    collector.check("run succeeded", passed, Some(format!("status {word}")));
    if !passed && !word.eq_ignore_ascii_case("running") {
        let why = format!("the run did not succeed, its status is {word}");
        collector.evidence.measurements.iter_mut().for_each(|m| m.unfit = Some(why.clone()));
    }
}

fn first(collector: &mut Collector<'_>, list: &[Json<'_>]) {
    for metric in list {
        match (field(metric, "name").and_then(Json::as_str), field(metric, "number_value")) {
            (Some(name), Some(value)) => {
                measure(collector, names::of_sklearn(name), name, Slice::overall(), value);
            }
            (name, _) => collector.left_out(name.unwrap_or("a metric without a name")),
        }
    }
}

/// Keys of the metadata of classification metrics.
const CURVES: [&str; 2] = ["confidenceMetrics", "confusionMatrix"];
const SLICES: &str = "evaluationSlices";

/// Reads artifacts of v2. `divided` is a key that the step returned, if one says that the rows were
/// split.
fn second(collector: &mut Collector<'_>, artifacts: &[(&str, &Json<'_>)], divided: Option<&str>) {
    let metadata = |artifact: &Json<'_>| {
        artifact.get("metadata").and_then(Json::as_object).is_some_and(|m| !m.is_empty())
    };
    let several = artifacts.iter().filter(|(_, artifact)| metadata(artifact)).count() > 1;
    for (name, artifact) in artifacts {
        let Some((json, object)) =
            artifact.get("metadata").zip(collector.object(artifact.get("metadata")))
        else {
            continue;
        };
        let scope = several.then(|| (*name).to_owned());
        if object.iter().any(|member| CURVES.contains(&&*member.key)) {
            let walk = Walk::new(collector, Slice::overall(), scope, json);
            if schema(artifact).is_some_and(|schema| schema.starts_with("google.")) {
                walk.all();
            } else {
                walk.points();
            }
        } else if let Some(list) = object.get(SLICES).and_then(Json::as_array) {
            for slice in list {
                let of = slice.get("slice").and_then(Json::as_str).unwrap_or_default();
                if let Some(metrics) = slice.get("sliceClassificationMetrics") {
                    Walk::new(collector, Slice::one("slice", of), scope.clone(), metrics).points();
                }
            }
        } else {
            flat(collector, object, scope.as_deref(), divided);
        }
    }
}

/// Reads flat metadata; a value that is not a number is left out.
fn flat(
    collector: &mut Collector<'_>,
    object: &Object<'_>,
    scope: Option<&str>,
    divided: Option<&str>,
) {
    let facts: Vec<_> = members(object).collect();
    let Rows { n, warning, .. } = Rows::of(&facts, &["n"], divided);
    if let Some(warning) = warning {
        collector.warn(warning);
    }
    for member in object {
        if !matches!(member.value.value, Value::Number(_) | Value::NonFinite(_) | Value::Null) {
            collector.left_out(&member.key);
            continue;
        }
        let ours = names::of_sklearn(&member.key);
        if let Some(m) = collector.measure(ours, &member.key, Slice::overall(), &member.value) {
            m.scope = scope.map(str::to_owned);
            over(m, n);
        }
    }
}

/// Reads what the step returned: bare values, or typed ones in older versions.
fn returned(collector: &mut Collector<'_>, object: &Object<'_>) {
    for key in ["parameterValues", "parameters"] {
        for member in collector.members(object.get(key)) {
            let typed =
                ["double_value", "int_value"].iter().find_map(|kind| field(&member.value, kind));
            let value = typed.unwrap_or(&member.value);
            let name = format!("{key}.{}", member.key);
            if typed.is_some() || matches!(value.value, Value::Number(_) | Value::NonFinite(_)) {
                measure(collector, &name, &name, Slice::overall(), value);
            } else {
                collector.left_out(&name);
            }
        }
    }
}
