//! Vertex AI: `ModelEvaluation` and `ModelEvaluationSlice`, as the API, the client libraries and `gcloud` write them.
//!
//! * The document is one evaluation, one slice, a list of either, or the answer of a list request
//!   (`modelEvaluations`, `modelEvaluationSlices`). The fields around `metrics` are in camel case
//!   or in the spelling of the proto.
//! * `metrics` follows the schema that `metricsSchemaUri` names. All its numbers are read, whatever
//!   the schema. Numbers in lists are named by the key that distinguishes the elements:
//!   `quantileMetrics[0.9].observedQuantile`.
//! * Among `confidenceMetrics`, the element at threshold 0.5 that does not limit the number of
//!   predictions gives the plain names (`precision`); the others are
//!   `confidenceMetrics[0.25].precision`.
//! * n is the sum of the confusion matrix. If the four counts of an element add up to it, they are
//!   exact counts of rows. If they add up to another number, they are micro-averaged over classes,
//!   and so are the rates next to them.
//! * 64-bit integers and NaN are text. `meanAbsolutePercentageError` is a percentage. `rSquared`
//!   keeps its name, because `AutoML` documents it as the square of Pearson's correlation; so does
//!   `auPrc`, which is not average precision.

#[cfg(test)]
mod tests;
pub(super) mod walk;

use super::plain::field;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Value},
    precision::Precision,
};
use crate::model::{DatasetRef, Evidence, Slice, Subject, evidence::Producer};
use walk::Walk;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "vertex-evaluation",
    title: "Vertex AI: ModelEvaluation and ModelEvaluationSlice",
    family: Family::Evaluation,
    written_by: "`curl …/v1/projects/…/models/…/evaluations/…`, its `slices`, or ModelEvaluation.to_json(…)",
    reads: "every number of `metrics`, whatever its schema; the slice; n from the confusion matrix; exact counts of \
            the rates where the four counts sum to n. The rates at confidence threshold 0.5 have plain names.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "`metrics` with a `metricsSchemaUri` of `modelevaluation` or a name that holds `/evaluations/`",
    rule: "id = \"recall\"\nmetric = \"recall\"\nmin = 0.8",
    detect,
    read,
};

/// Keys of an answer that lists evaluations or slices.
const LISTS: [&str; 2] = ["model_evaluations", "model_evaluation_slices"];

/// Whether this is an evaluation or a slice, judged by what its schema or its name refers to.
fn is_evaluation(json: &Json<'_>) -> bool {
    let text = |key| field(json, key).and_then(Json::as_str).unwrap_or_default();
    text("metrics_schema_uri").contains("/modelevaluation/")
        || text("name").contains("/evaluations/")
}

/// The evaluations of the document; `None` if it has none.
fn evaluations<'j, 'a>(json: &'j Json<'a>) -> Option<Vec<&'j Json<'a>>> {
    if let Some(list) = json.as_array() {
        return list.first().is_some_and(is_evaluation).then(|| list.iter().collect());
    }
    if let Some(list) = LISTS.iter().find_map(|key| field(json, key)) {
        return list.as_array().map(|list| list.iter().collect());
    }
    let wrapped =
        ["model_evaluation", "model_evaluation_slice"].iter().find_map(|key| field(json, key));
    if let Some(inner) = wrapped.filter(|inner| is_evaluation(inner)) {
        return Some(vec![inner]);
    }
    is_evaluation(json).then(|| vec![json])
}

const WHY: &str = "no `metrics` with a `metricsSchemaUri` of `modelevaluation`, and no name that holds `/evaluations/`";

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if let Err(declined) = document.object() {
        document.array().map_err(|_| declined)?;
    }
    let found = document.json().ok().and_then(evaluations);
    found.map(|_| ()).ok_or_else(|| Declined::because(WHY))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let all = evaluations(json).ok_or_else(|| document.invalid(ADAPTER.id, json.at, WHY))?;
    let mut collector =
        Collector::new(document, ADAPTER.id).precision(Precision::below(all.iter().copied()));
    about(&mut collector, &all);
    let whole = all.iter().filter(|json| slice_of(json).is_none()).count();
    for evaluation in &all {
        if evaluation.as_object().is_none() {
            let what = format!("an evaluation is an object, not {}", evaluation.kind());
            return Err(document.invalid(ADAPTER.id, evaluation.at, what));
        }
        let named = field(evaluation, "display_name")
            .or_else(|| field(evaluation, "name"))
            .and_then(Json::as_str);
        let slice = slice_of(evaluation).map_or_else(Slice::overall, group);
        for part in ["model_explanation", "explanation_specs"] {
            if field(evaluation, part).is_some() {
                collector.left_out(part);
            }
        }
        let scope = named.filter(|_| whole > 1).map(str::to_owned);
        match field(evaluation, "metrics") {
            Some(metrics @ Json { value: Value::Object(object), .. }) if !object.is_empty() => {
                Walk::new(&mut collector, slice, scope, metrics).all();
            }
            Some(Json { at, value, .. }) if !matches!(value, Value::Object(_)) => {
                return Err(document.invalid(ADAPTER.id, *at, "`metrics` is no object"));
            }
            _ => {
                collector.check(
                    format!("metrics [{slice}]"),
                    false,
                    Some("the evaluation holds no metric".to_owned()),
                );
            }
        }
    }
    if all.is_empty() {
        collector.check("metrics", false, Some("the list holds no evaluation".to_owned()));
    }
    if field(json, "next_page_token").and_then(Json::as_str).is_some_and(|token| !token.is_empty())
    {
        collector.warn("this is one page of several: the others are not in this document");
    }
    collector.finish()
}

/// The slice of a slice's evaluation; some client libraries call it `slice_`.
fn slice_of<'j, 'a>(json: &'j Json<'a>) -> Option<&'j Json<'a>> {
    field(json, "slice").or_else(|| json.get("slice_")).filter(|slice| slice.as_object().is_some())
}

fn group(slice: &Json<'_>) -> Slice {
    let text = |key| field(slice, key).and_then(Json::as_str).unwrap_or_default();
    Slice::one(text("dimension"), text("value"))
}

/// Adds model, time and data set, if all evaluations agree on them.
fn about(collector: &mut Collector<'_>, all: &[&Json<'_>]) {
    let same = |key: &str| {
        let mut texts = all.iter().map(|json| field(json, key).and_then(Json::as_str));
        let first = texts.next().flatten();
        first.filter(|first| texts.all(|text| text == Some(first)))
    };
    collector.evidence.produced_at = same("create_time").and_then(|time| time.parse().ok());
    let name =
        all.first().and_then(|json| field(json, "name")).and_then(Json::as_str).unwrap_or_default();
    let evaluation = name.split("/slices/").next().unwrap_or_default();
    collector.evidence.producer = Some(Producer {
        tool: Some("vertex-ai".to_owned()),
        version: None,
        run: (!evaluation.is_empty()).then(|| evaluation.to_owned()),
    });
    let model = name.split_once("/models/").and_then(|(_, rest)| rest.split('/').next());
    if let Some(model) = model.filter(|model| all.iter().all(|json| belongs(json, model))) {
        let (id, version) = model
            .split_once('@')
            .map_or((model, None), |(id, version)| (id, Some(version.to_owned())));
        collector.evidence.subject =
            Some(Subject { model: id.parse().ok(), version, digest: None });
    }
    let paths = all
        .first()
        .and_then(|json| field(json, "metadata"))
        .and_then(|m| field(m, "evaluation_dataset_path"));
    let path = paths.and_then(|paths| paths.as_str().or_else(|| only(paths.as_array()?)));
    if let Some(path) = path {
        collector.evidence.dataset = Some(DatasetRef { name: Some(path.to_owned()), digest: None });
    }
}

fn only<'j>(list: &'j [Json<'_>]) -> Option<&'j str> {
    if let [only] = list { only.as_str() } else { None }
}

fn belongs(json: &Json<'_>, model: &str) -> bool {
    let name = field(json, "name").and_then(Json::as_str).unwrap_or_default();
    name.split_once("/models/").and_then(|(_, rest)| rest.split('/').next()) == Some(model)
}
