//! Evidently up to 0.6 (called `evidently.legacy` since): `Report.json()`, `TestSuite.json()`,
//! `as_dict()`, `save_json()` and the whole snapshot of `save()`.
//!
//! A report lists metrics by their class, and each class has its own shape of result. All numbers
//! are read and named by their keys:
//!
//! * below `current` by their own path, below `reference` with the prefix `reference.`: a rule on
//!   `recall` never selects the reference's;
//! * `column_name`, `drift_by_columns` and keys that end in `_by_column` give the slice `column`,
//!   classes the slice `class`;
//! * our names are used only for the same quantity. `precision`, `recall` and `f1` are averages
//!   over the classes unless there are two classes, which the rates `tpr` … `fnr` show.
//!   `mean_abs_perc_error` is a percentage. `rmse` before 0.4 is the mean squared error: the root
//!   was missing;
//! * n and exact counts come from the confusion matrix and the supports of the same report.
//!   Evidently counts them without the rows that have no label or prediction;
//! * a low `drift_score` means drift if the method is a p-value. `drift_detected` is the tool's own
//!   verdict, and a check. `dataset_drift` is false if some columns drifted, but fewer than the
//!   required share.
//!
//! A suite lists tests, and only SUCCESS passes. WARNING (a failed test that was not critical),
//! ERROR and SKIPPED do not, although `summary` counts a warning as a success and does not count an
//! error as a failure.

mod counts;
mod report;
mod suite;
#[cfg(test)]
mod tests;

use super::common::{list, nothing_ran, object, produced_at, producer, text_at};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Object},
    precision::Precision,
};
use crate::model::Evidence;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "evidently-legacy",
    title: "Evidently up to 0.6: Report and TestSuite as JSON",
    family: Family::Data,
    written_by: "report.save_json(\"report.json\"), suite.save_json(\"suite.json\")",
    reads: "the numbers of every metric by column and class, current and reference apart; n and counts from the confusion \
            matrix; every test, and whether drift was detected, as checks. Only the status SUCCESS passes.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "`metrics` with `metric` and `result`, or `tests` with `status` and `group` beside `summary.all_passed`",
    rule: "id = \"data-tests\"\ncheck = \"evidently-legacy/*\"",
    detect,
    read,
};

fn is_metric(json: &Json<'_>) -> bool {
    json.as_object().is_some_and(|metric| {
        metric.text("metric").is_some()
            && metric.get("result").is_some_and(|result| result.as_object().is_some())
    })
}

fn is_test(json: &Json<'_>) -> bool {
    json.as_object().is_some_and(|test| {
        ["name", "status", "group", "description"].iter().all(|key| test.has(key))
    })
}

fn is_suite(object: &Object<'_>) -> bool {
    let tests = object.get("tests").and_then(Json::as_array);
    let summary = object.get("summary").is_some_and(|summary| summary.get("all_passed").is_some());
    summary && tests.is_some_and(|tests| tests.first().is_none_or(is_test))
}

/// The metrics, their results and the whole `suite` of a file that `Report.save()` or `TestSuite.save()` wrote.
fn snapshot<'j>(
    object: &'j Object<'j>,
) -> Option<(&'j [Json<'j>], &'j [Json<'j>], &'j Object<'j>)> {
    let suite = object.get("suite")?.as_object()?;
    object.get("metrics_ids")?.as_array()?;
    Some((suite.get("metrics")?.as_array()?, suite.get("metric_results")?.as_array()?, suite))
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let metrics = object.get("metrics").and_then(Json::as_array);
    let stamped = object.has("version") && object.has("timestamp");
    let report = metrics.is_some_and(|metrics| metrics.first().map_or(stamped, is_metric));
    if report || is_suite(object) || snapshot(object).is_some() {
        return Ok(());
    }
    Err(Declined::because(
        "no `metrics` with `metric` and `result`, and no `tests` beside `summary.all_passed`",
    ))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let top = object(&ADAPTER, document)?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    producer(&mut collector, "evidently", top.text("version"));
    produced_at(&mut collector, "timestamp", top.text("timestamp"));
    let rmse = report::rmse(top.text("version"));
    if let Some((metrics, results, suite)) = snapshot(top) {
        saved(&mut collector, top, metrics, results);
        let tests = collector.list(suite.get("test_results"));
        if !tests.is_empty() || !collector.list(top.get("test_ids")).is_empty() {
            suite::read(&mut collector, suite, tests);
        } else if results.is_empty() {
            nothing_ran(&mut collector, "metrics", "the snapshot has no metric and no test");
        }
    } else if top.has("tests") {
        suite::read(&mut collector, top, list(&ADAPTER, document, top, "tests")?);
        let metrics = collector.list(top.get("metric_results"));
        report::read(&mut collector, metrics, rmse);
    } else {
        let metrics = list(&ADAPTER, document, top, "metrics")?;
        if metrics.is_empty() {
            nothing_ran(&mut collector, "metrics", "the report has no metric");
        }
        report::read(&mut collector, metrics, rmse);
    }
    collector.finish()
}

/// The metrics of a saved report. `metrics_ids` omits metrics that were only computed for other
/// metrics.
fn saved(
    collector: &mut Collector<'_>,
    top: &Object<'_>,
    metrics: &[Json<'_>],
    results: &[Json<'_>],
) {
    let ids = collector.list(top.get("metrics_ids"));
    let ids = ids.iter().filter_map(|id| usize::try_from(id.as_number()?.count()?).ok());
    let named: Vec<_> = ids
        .map(|id| {
            let kind =
                metrics.get(id).and_then(|metric| text_at(metric, &["type"])).unwrap_or("metric");
            (kind.rsplit([':', '.']).next().unwrap_or(kind).to_owned(), results.get(id))
        })
        .collect();
    report::results(collector, &named, None);
}
