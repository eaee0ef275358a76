//! Giskard 2: `ScanReport.to_json()`, `ScanReport.to_dataframe()` and `TestSuiteResult.to_json()`.
//!
//! * A scan names each detector that was run and, by level (`major`, `medium`, `minor`), the
//!   description of each issue it found. Each issue is a check that failed; a detector without
//!   issues is one that passed. A detector that crashed looks the same as one that found nothing,
//!   unless the scan was run with `raise_exceptions=True`: a warning says so.
//! * The data frame has only the issues, each named by metric and slice (or transformation).
//!   `deviation` is prose. In `-26.82% than global` the leading percentage is read, and named
//!   `deviation:` and the metric. For a perturbation (`135/400 tested samples (33.75%) …`) the
//!   counts are read, and named by the metric. The frame is read as records, as a split table (as
//!   `to_mlflow` logs it), by column, and as CSV. A frame without issues looks like any other empty
//!   list, and is not recognised.
//! * A suite has tests by name, each `Passed` or `Failed`, with the value that was tested. A test
//!   that could not be run is `Failed`.
//!
//! Values of suites are full doubles; deviations have two decimals.

use super::common::joined;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Object},
    precision::Precision,
    undefined::{Reading, reading, reading_text},
};
use crate::model::{Evidence, Producer, Slice, Unit};
use crate::stats::proportion::float;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "giskard",
    title: "Giskard scan and test suite",
    family: Family::LanguageModels,
    written_by: "giskard.scan(model, dataset).to_json(\"scan.json\")",
    reads: "every issue of a scan as a check that failed, every detector that found none as one that passed; how far \
            a slice departs from the whole, in percent; every test of a suite as a check, with its value.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "detectors (`PerformanceBiasDetector`) with issues by level; records with `slicing_fn`, \
                    `transformation_fn` and `deviation`; tests with `result` and `metric_value` only",
    rule: "id = \"no-issues\"\ncheck = \"*\"",
    detect,
    read,
};

/// The columns that every data frame of issues has.
const COLUMNS: [&str; 3] = ["slicing_fn", "transformation_fn", "deviation"];

/// The shape of a document of Giskard.
enum Shape<'d, 'a> {
    Scan(&'d Object<'a>),
    Suite(&'d Object<'a>),
    Frame(Vec<Issue<'d>>),
}

/// A row of the data frame.
#[derive(Default)]
struct Issue<'d> {
    domain: Option<&'d str>,
    slice: Option<&'d str>,
    transformation: Option<&'d str>,
    metric: Option<&'d str>,
    deviation: Option<&'d str>,
    description: Option<&'d str>,
}

impl<'d> Issue<'d> {
    fn of(cell: impl Fn(&str) -> Option<&'d str>) -> Self {
        let cell = |key| cell(key).filter(|text| !text.is_empty());
        Self {
            domain: cell("domain"),
            slice: cell("slicing_fn"),
            transformation: cell("transformation_fn"),
            metric: cell("metric"),
            deviation: cell("deviation"),
            description: cell("description"),
        }
    }
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    shape(document).map(drop)
}

fn shape<'d, 'a>(document: &'d Document<'a>) -> Result<Shape<'d, 'a>, Declined> {
    if !document.looks_like_json() {
        let header = document.header(b',')?;
        if COLUMNS.iter().any(|column| !header.iter().any(|cell| cell == column)) {
            return Err(Declined::because(
                "no columns `slicing_fn`, `transformation_fn` and `deviation`",
            ));
        }
        let table = document.csv().map_err(|error| Declined::because(error.to_string()))?;
        let issue =
            |row: &'d crate::evidence::table::Row| Issue::of(|key| row.get(table.column(key)?));
        return Ok(Shape::Frame(table.rows().iter().map(issue).collect()));
    }
    if let Ok(records) = document.array() {
        let is_issue = |json: &Json<'_>| COLUMNS.iter().all(|column| json.get(column).is_some());
        if records.is_empty() || !records.iter().all(is_issue) {
            return Err(Declined::because(
                "no records with `slicing_fn`, `transformation_fn` and `deviation`",
            ));
        }
        return Ok(Shape::Frame(
            records.iter().map(|record| Issue::of(|key| record.text(key))).collect(),
        ));
    }
    let object = document.object()?;
    let all = |is: fn(&Json<'_>) -> bool| {
        !object.is_empty() && object.iter().all(|member| is(&member.value))
    };
    if object.iter().any(|member| member.key.ends_with("Detector")) && all(is_detector) {
        return Ok(Shape::Scan(object));
    }
    if all(is_test) {
        return Ok(Shape::Suite(object));
    }
    if COLUMNS
        .iter()
        .all(|column| object.get(column).is_some_and(|json| json.as_object().is_some()))
    {
        return Ok(Shape::Frame(by_column(object)));
    }
    split(object).map(Shape::Frame)
}

/// Whether the value is the issues of a detector: lists of texts by level.
fn is_detector(json: &Json<'_>) -> bool {
    let is_list = |json: &Json<'_>| {
        json.as_array().is_some_and(|list| list.iter().all(|issue| issue.as_str().is_some()))
    };
    json.as_object().is_some_and(|levels| levels.iter().all(|level| is_list(&level.value)))
}

fn is_test(json: &Json<'_>) -> bool {
    let result = json.text("result");
    json.as_object().is_some_and(|test| test.len() == 2)
        && matches!(result, Some("Passed" | "Failed"))
        && json.get("metric_value").is_some()
}

/// Reads `{"slicing_fn": {"0": …}}`, as pandas writes by default.
fn by_column<'d>(object: &'d Object<'_>) -> Vec<Issue<'d>> {
    let rows = object.get("deviation").and_then(Json::as_object).into_iter().flatten();
    rows.map(|row| Issue::of(|key| object.get(key)?.text(&row.key))).collect()
}

/// Reads `{"columns": […], "data": [[…]]}`, as MLflow writes tables.
fn split<'d>(object: &'d Object<'_>) -> Result<Vec<Issue<'d>>, Declined> {
    let columns = object.get("columns").and_then(Json::as_array).unwrap_or_default();
    let place = |key: &str| columns.iter().position(|column| column.as_str() == Some(key));
    if COLUMNS.iter().any(|column| place(column).is_none()) {
        return Err(Declined::because(
            "no detectors, no tests with `result` and `metric_value`, and no columns `slicing_fn`",
        ));
    }
    let rows = object.get("data").and_then(Json::as_array).unwrap_or_default().iter();
    Ok(rows.map(|row| Issue::of(|key| row.as_array()?.get(place(key)?)?.as_str())).collect())
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let shape = shape(document).map_err(|declined| match document.json() {
        Err(error) if document.looks_like_json() => EvidenceError::Json(error.clone()),
        _ => document.refuse(ADAPTER.id, declined),
    })?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer =
        Some(Producer { tool: Some("giskard".to_owned()), version: None, run: None });
    match shape {
        Shape::Scan(detectors) => scan(&mut collector, detectors),
        Shape::Suite(tests) => suite(&mut collector, tests),
        Shape::Frame(issues) if issues.is_empty() => {
            collector.check(
                "issues",
                false,
                Some("the table has no row, which no scan writes".to_owned()),
            );
        }
        Shape::Frame(issues) => issues.iter().for_each(|issue| frame(&mut collector, issue)),
    }
    collector.finish()
}

fn scan(collector: &mut Collector<'_>, detectors: &Object<'_>) {
    let mut silent = false;
    for detector in detectors {
        let mut found = false;
        for level in collector.members(Some(&detector.value)) {
            for issue in collector.list(Some(&level.value)).iter().filter_map(Json::as_str) {
                found = true;
                collector.check(format!("{issue} [{}, {}]", detector.key, level.key), false, None);
            }
        }
        if !found {
            silent = true;
            collector.check(&*detector.key, true, Some("no issue was found".to_owned()));
        }
    }
    if silent {
        collector.warn(
            "a detector that broke off or did not apply is written as one that found nothing",
        );
    }
}

fn suite(collector: &mut Collector<'_>, tests: &Object<'_>) {
    for test in tests {
        let passed = test.value.text("result") == Some("Passed");
        let value = test.value.get("metric_value");
        // A comparison with NaN may come out either way.
        let undefined =
            value.is_some_and(|value| matches!(reading(value), Some(Reading::Undefined(_))));
        let written =
            value.and_then(Json::as_number).map(|number| format!("metric_value {}", number.text()));
        let written = written.or_else(|| undefined.then(|| "metric_value is undefined".to_owned()));
        collector.check(&*test.key, passed && !undefined, written);
        if let Some(value) = value {
            collector.measure(&test.key, &test.key, Slice::overall(), value);
        }
    }
}

fn frame(collector: &mut Collector<'_>, issue: &Issue<'_>) {
    let place = issue.slice.or(issue.transformation);
    let named: Vec<&str> = [issue.metric, place].into_iter().flatten().collect();
    let name = if named.is_empty() {
        issue.description.unwrap_or("issue").to_owned()
    } else {
        named.join(" ")
    };
    let detail =
        [issue.domain, issue.deviation, issue.description].map(|text| text.map(str::to_owned));
    collector.check(name, false, joined(detail));
    let slice = match (issue.slice, issue.transformation) {
        (Some(slice), _) => Slice::one("slicing_fn", slice),
        (None, Some(transformation)) => Slice::one("transformation_fn", transformation),
        (None, None) => Slice::overall(),
    };
    if let Some((metric, (changed, tested))) = issue.metric.zip(issue.deviation.and_then(counts)) {
        if let Some(m) = collector.number(metric, metric, slice, float(changed) / float(tested)) {
            (m.n, m.trials, m.successes) = (Some(tested), Some(tested), Some(changed));
        }
        return;
    }
    let percent =
        issue.deviation.and_then(|text| Some((text.split_once("% than global")?.0, text)));
    let Some((metric, (percent, _))) = issue.metric.zip(percent) else { return };
    let Some(number) = Number::parse(percent)
        .filter(|_| matches!(reading_text(percent), Some(Reading::Number(_))))
    else {
        return;
    };
    let theirs = format!("deviation:{metric}");
    if let Some(m) = collector.number(&theirs, &theirs, slice, number.value()) {
        (m.unit, m.rounding) = (Some(Unit::Percent), number.rounding());
    }
}

/// Reads `135/400 tested samples (33.75%) changed prediction after perturbation`.
fn counts(deviation: &str) -> Option<(u64, u64)> {
    let (counts, _) = deviation.split_once(" tested samples (")?;
    let (changed, tested) = counts.split_once('/')?;
    let (changed, tested) = (changed.parse().ok()?, tested.parse().ok()?);
    (tested > 0 && changed <= tested).then_some((changed, tested))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::read;

    fn evidence(text: &str) -> Evidence {
        let evidence = read(text.as_bytes(), None).unwrap();
        assert_eq!(evidence.format, "giskard");
        evidence
    }

    fn checks(evidence: &Evidence) -> Vec<(&str, bool)> {
        evidence.checks.iter().map(|c| (c.name.as_str(), c.passed)).collect()
    }

    #[test]
    fn a_scan_has_a_check_for_each_issue_and_each_silent_detector() {
        let evidence = evidence(
            r#"{"EthicalBiasDetector": {}, "PerformanceBiasDetector": {"major": ["a", "b"], "medium": ["c"]}}"#,
        );
        assert_eq!(
            checks(&evidence),
            [
                ("EthicalBiasDetector", true),
                ("a [PerformanceBiasDetector, major]", false),
                ("b [PerformanceBiasDetector, major]", false),
                ("c [PerformanceBiasDetector, medium]", false),
            ]
        );
        assert!(evidence.warnings[0].contains("broke off"), "{:?}", evidence.warnings);
    }

    #[test]
    fn every_spelling_of_the_data_frame_says_the_same() {
        let records = r#"[{"domain": null, "slicing_fn": "`a` < 1", "transformation_fn": null, "metric": "Recall", "deviation": "-26.82% than global", "description": "x"},
            {"slicing_fn": null, "transformation_fn": "Add typos", "metric": "Fail rate", "deviation": "3/10 tested samples (30.0%) changed prediction after perturbation", "description": "y"}]"#;
        let split = r#"{"columns": ["slicing_fn", "transformation_fn", "metric", "deviation", "description"],
            "data": [["`a` < 1", null, "Recall", "-26.82% than global", "x"], [null, "Add typos", "Fail rate", "3/10 tested samples (30.0%)", "y"]]}"#;
        let columns = r#"{"slicing_fn": {"0": "`a` < 1", "1": null}, "transformation_fn": {"0": null, "1": "Add typos"}, "metric": {"0": "Recall", "1": "Fail rate"},
            "deviation": {"0": "-26.82% than global", "1": "3/10"}, "description": {"0": "x", "1": "y"}}"#;
        let table = ",domain,slicing_fn,transformation_fn,metric,deviation,description\n0,,`a` < 1,,Recall,-26.82% than global,x\n1,,,Add typos,Fail rate,3/10,y\n";
        for text in [records, split, columns, table] {
            let evidence = evidence(text);
            assert_eq!(
                checks(&evidence),
                [("Recall `a` < 1", false), ("Fail rate Add typos", false)],
                "{text}"
            );
            let (m, others) = evidence.measurements.split_first().unwrap();
            for m in others {
                assert_eq!(
                    (m.source_name.as_str(), m.successes, m.n, m.trials),
                    ("Fail rate", Some(3), Some(10), Some(10))
                );
                assert_eq!(
                    (m.value, &m.slice),
                    (Some(0.3), &Slice::one("transformation_fn", "Add typos"))
                );
            }
            assert_eq!(others.len(), usize::from(text.contains("tested samples (")), "{text}");
            assert_eq!(
                (m.source_name.as_str(), m.value, m.unit, m.rounding),
                ("deviation:Recall", Some(-26.82), Some(Unit::Percent), 0.005)
            );
            assert_eq!(m.slice, Slice::one("slicing_fn", "`a` < 1"));
        }
    }

    #[test]
    fn a_suite_has_a_value_for_each_test() {
        let evidence = evidence(
            r#"{"F1 on all": {"result": "Passed", "metric_value": 0.91}, "drift": {"result": "Failed", "metric_value": null}}"#,
        );
        assert_eq!(checks(&evidence), [("F1 on all", true), ("drift", false)]);
        assert_eq!(
            evidence.measurements.iter().map(|m| m.value).collect::<Vec<_>>(),
            [Some(0.91), None]
        );
    }

    #[test]
    fn what_is_not_giskards_is_not_understood() {
        for text in [
            "{}",
            r#"{"XDetector": 3}"#,
            r#"{"a": {"result": "Maybe", "metric_value": 1}}"#,
            r#"[{"slicing_fn": "a"}]"#,
        ] {
            assert_eq!(
                read(text.as_bytes(), None).unwrap_err().code(),
                "evidence-not-understood",
                "{text}"
            );
            assert_eq!(
                read(text.as_bytes(), Some("giskard")).unwrap_err().code(),
                "evidence-invalid",
                "{text}"
            );
        }
        let bare = evidence("slicing_fn,transformation_fn,deviation\n");
        assert_eq!(checks(&bare), [("issues", false)]);
    }
}
