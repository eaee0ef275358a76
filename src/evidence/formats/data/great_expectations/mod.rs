//! Great Expectations: validation results and checkpoint results as JSON, versions 0.13 to 1.x.
//!
//! * `ExpectationSuiteValidationResult.to_json_dict()`, and its short form `describe()`;
//! * a checkpoint's result: `run_results` (0.x wraps each in `validation_result`), and `CheckpointResult.describe()`;
//! * one `ExpectationValidationResult`.
//!
//! Every expectation is a check, named by its type and column:
//! `expect_column_values_to_be_between [age]`. The type is `expectation_type` before 1.0 and in
//! every `describe()`, and `type` since. An expectation that raised an exception did not pass, even
//! if `success` is true; `exception_info` is the exception itself or an object of several, one per
//! metric.
//!
//! What the tool calls vacuously true is a failure here, and so is the overall `success` that is
//! based on it: an expectation that examined no row or only nulls, a suite without expectations. A
//! suite that counts more expectations than it lists (`only_return_failures`) fails, too.
//!
//! `unexpected_percent` and the like are percentages (of the values that are not null), while
//! `mostly` is a fraction. `element_count` is n. The result format `BOOLEAN_ONLY` leaves `result`
//! empty. Names repeat for every expectation, so a rule on one of them includes the type, as in
//! `expect_column_mean_to_be_between.observed_value`.

mod result;
#[cfg(test)]
mod tests;

use super::common::{flag, nothing_ran, object, produced_at, producer, text_at};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Object},
    precision::Precision,
};
use crate::model::{Check, DatasetRef, Evidence, Slice, Unit};
use crate::stats::proportion::counted;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "great-expectations",
    title: "Great Expectations validation results and checkpoint results",
    family: Family::Data,
    written_by: "json.dump(batch.validate(suite).to_json_dict(), file), or checkpoint.run().describe()",
    reads: "every expectation as a check by its type and column; its percentages, counts and observed values with the \
            rows they rest on; the statistics of suites and checkpoints. Percentages stay percentages.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Checks],
    recognised_by: "`results` with `expectation_config`, `run_results`, or `validation_results` with `expectations`",
    rule: "id = \"data-tests\"\ncheck = \"great-expectations/*\"",
    detect,
    read,
};

/// Which of the tool's documents it is, recognised by the lists it has.
enum Shape<'j> {
    /// A validation: the object itself.
    Suite(&'j Object<'j>),
    /// A checkpoint: its validations by name.
    Checkpoint(Vec<(String, &'j Json<'j>)>),
    /// One expectation.
    Single(&'j Json<'j>),
}

fn is_result(json: &Json<'_>) -> bool {
    json.as_object().is_some_and(|result| {
        result.has("success")
            && (result.has("expectation_config") || result.has("expectation_type"))
    })
}

fn is_suite(object: &Object<'_>) -> bool {
    let results =
        object.get("results").or_else(|| object.get("expectations")).and_then(Json::as_array);
    let counted = object
        .get("statistics")
        .is_some_and(|statistics| statistics.get("evaluated_expectations").is_some());
    let meta =
        object.get("meta").is_some_and(|meta| meta.get("great_expectations_version").is_some());
    object.has("success")
        && results.is_some_and(|results| match results.first() {
            Some(first) => is_result(first),
            None => counted || meta,
        })
}

fn shape<'j>(json: &'j Json<'j>) -> Option<Shape<'j>> {
    let object = json.as_object()?;
    if is_suite(object) {
        return Some(Shape::Suite(object));
    }
    if let Some(list) = object.get("validation_results").and_then(Json::as_array) {
        let named = list.iter().zip(1_u32..).map(|(one, i)| (i.to_string(), one)).collect();
        let known = list.iter().all(|one| one.as_object().is_some_and(is_suite));
        return (known && object.has("success")).then_some(Shape::Checkpoint(named));
    }
    if let Some(runs) = object.get("run_results").and_then(Json::as_object) {
        let named: Vec<_> = runs
            .iter()
            .map(|run| {
                (run.key.to_string(), run.value.get("validation_result").unwrap_or(&run.value))
            })
            .collect();
        let known = named.iter().all(|(_, one)| one.as_object().is_some_and(is_suite));
        return (known && object.has("success")).then_some(Shape::Checkpoint(named));
    }
    (is_result(json) && object.has("result")).then_some(Shape::Single(json))
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    document.object()?;
    match document.json().ok().and_then(shape) {
        Some(_) => Ok(()),
        None => Err(Declined::because(
            "no `success` beside `results`, `run_results` or `validation_results` of expectations",
        )),
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let top = object(&ADAPTER, document)?;
    let json = document.json().map_err(Clone::clone)?;
    let shape = shape(json)
        .ok_or_else(|| document.invalid(ADAPTER.id, json.at, "no results of expectations"))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    producer(&mut collector, "great_expectations", version(json));
    let moment = text_at(json, &["meta", "run_id", "run_time"])
        .or_else(|| text_at(json, &["run_id", "run_time"]));
    produced_at(&mut collector, "run_time", moment);
    match shape {
        Shape::Single(one) => _ = result::read(&mut collector, one, None),
        Shape::Suite(suite) => {
            let at = collector.evidence.checks.len();
            let empty = self::suite(&mut collector, suite);
            passed(&mut collector, at, "success".to_owned(), top, empty);
        }
        Shape::Checkpoint(validations) => {
            let at = collector.evidence.checks.len();
            statistics(&mut collector, top, "checkpoint.", None);
            let mut empty =
                validations.is_empty().then(|| "the checkpoint has no validation".to_owned());
            if let Some(why) = &empty {
                nothing_ran(&mut collector, "validations", why);
            }
            for (name, validation) in validations {
                let Some(one) = validation.as_object() else { continue };
                let here = collector.evidence.checks.len();
                let found = suite(&mut collector, one);
                passed(&mut collector, here, format!("success [{name}]"), one, found.clone());
                empty = empty.or(found);
            }
            passed(&mut collector, at, "success".to_owned(), top, empty);
        }
    }
    if collector.evidence.dataset.as_ref().is_some_and(|known| known.name.is_none()) {
        collector.evidence.dataset = None;
    }
    collector.finish()
}

/// The version. A checkpoint stores it in its validations.
fn version<'j>(json: &'j Json<'j>) -> Option<&'j str> {
    let of = |json: &'j Json<'j>| text_at(json, &["meta", "great_expectations_version"]);
    let runs = json.get("run_results").and_then(Json::as_object);
    let first = runs
        .and_then(|runs| runs.iter().next())
        .map(|run| run.value.get("validation_result").unwrap_or(&run.value));
    of(json).or_else(|| first.and_then(of))
}

/// Adds the tool's verdict on the whole, before the checks from `at` on. `empty` says why the
/// verdict is based on no data, if it is.
fn passed(
    collector: &mut Collector<'_>,
    at: usize,
    name: String,
    object: &Object<'_>,
    empty: Option<String>,
) {
    let success = flag(object, "success");
    let detail = success.is_none().then(|| "`success` is neither true nor false".to_owned());
    let passed = success == Some(true) && empty.is_none();
    collector.evidence.checks.insert(at, Check { name, passed, detail: detail.or(empty) });
}

/// Reads one validation: its statistics and its expectations. Returns why it is based on no data,
/// if it is.
fn suite(collector: &mut Collector<'_>, suite: &Object<'_>) -> Option<String> {
    let meta = suite.get("meta");
    let batch = ["active_batch_definition", "batch_spec", "batch_kwargs"];
    let asset = meta
        .and_then(|meta| batch.iter().find_map(|batch| text_at(meta, &[batch, "data_asset_name"])));
    match (&collector.evidence.dataset, asset) {
        (None, Some(name)) => {
            collector.evidence.dataset =
                Some(DatasetRef { name: Some(name.to_owned()), digest: None });
        }
        // Several data sets in one document: every number gets its own.
        (Some(known), Some(name)) if known.name.as_deref() != Some(name) => {
            let known = known.name.clone();
            for m in collector.evidence.measurements.iter_mut().filter(|m| m.dataset.is_none()) {
                m.dataset.clone_from(&known);
            }
            collector.evidence.dataset = Some(DatasetRef::default());
        }
        _ => {}
    }
    let own = collector.evidence.dataset.as_ref().is_some_and(|known| known.name.is_none());
    let dataset = asset.filter(|_| own);
    statistics(collector, suite, "", dataset);
    let results = collector.list(suite.get("results").or_else(|| suite.get("expectations")));
    let evaluated =
        suite.get("statistics").and_then(|statistics| statistics.get("evaluated_expectations"));
    let (counted, listed) =
        (evaluated.and_then(Json::as_number).and_then(Number::count), counted(results.len()));
    let mut empty = match counted {
        Some(counted) if counted > listed => {
            Some(format!("{counted} expectations are counted, {listed} are listed"))
        }
        _ if results.is_empty() => Some("the suite has no expectation".to_owned()),
        _ => None,
    };
    if let Some(why) = &empty {
        nothing_ran(collector, "expectations", why);
    }
    let vacuous = results.iter().filter(|one| result::read(collector, one, dataset)).count();
    if vacuous > 0 {
        empty
            .get_or_insert_with(|| format!("{vacuous} of {listed} expectations looked at nothing"));
    }
    if let Some(url) = suite.text("result_url") {
        collector.link("validation-result", url);
    }
    empty
}

fn statistics(
    collector: &mut Collector<'_>,
    object: &Object<'_>,
    prefix: &str,
    dataset: Option<&str>,
) {
    let Some(statistics) = object.get("statistics").and_then(Json::as_object) else { return };
    for member in statistics {
        let ours = format!("{prefix}{}", member.key);
        if let Some(m) = collector.measure(&ours, &member.key, Slice::overall(), &member.value) {
            m.unit = member.key.ends_with("percent").then_some(Unit::Percent);
            m.dataset = dataset.map(str::to_owned);
        }
    }
}
