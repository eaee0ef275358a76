use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice, Unit};

fn found(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "evidently-legacy");
    evidence
}

fn report(metrics: &str) -> Evidence {
    versioned("0.6.7", metrics)
}

fn versioned(version: &str, metrics: &str) -> Evidence {
    found(&format!(
        r#"{{"version": "{version}", "metrics": [{metrics}], "timestamp": "2026-11-20 14:05:35.646185"}}"#
    ))
}

fn named<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

/// What Evidently 0.6.7 writes for scikit-learn's breast-cancer data: 61 of 64 and 103 of 107 right.
const QUALITY: &str = r#"{"metric": "ClassificationQualityMetric", "result": {"current": {"accuracy": 0.9590643274853801,
    "precision": 0.9716981132075472, "recall": 0.9626168224299065, "f1": 0.9671361502347418, "roc_auc": null, "log_loss": null,
    "tpr": 0.9626168224299065, "tnr": 0.953125, "fpr": 0.046875, "fnr": 0.037383177570093455},
    "reference": {"accuracy": 0.9, "precision": 0.9, "recall": 0.9, "tpr": 0.9}, "target_name": "target"}}"#;
const MATRIX: &str = r#"{"metric": "ClassificationConfusionMatrix", "result": {"current_matrix": {"labels": [0, 1],
    "values": [[61, 3], [4, 103]]}, "reference_matrix": null}}"#;

#[test]
fn the_confusion_matrix_gives_the_rows_and_the_counts() {
    let evidence = report(&format!("{QUALITY}, {MATRIX}"));
    let counts = |name: &str| {
        let m = named(&evidence, name);
        (m.metric.as_str(), m.n, m.successes, m.trials)
    };
    assert_eq!(counts("accuracy"), ("accuracy", Some(171), Some(164), Some(171)));
    assert_eq!(counts("recall"), ("recall", Some(171), Some(103), Some(107)));
    assert_eq!(counts("precision"), ("precision", Some(171), Some(103), Some(106)));
    assert_eq!(counts("tnr"), ("true_negative_rate", Some(171), Some(61), Some(64)));
    assert_eq!(counts("f1"), ("f1", Some(171), None, None));
    assert_eq!((named(&evidence, "roc_auc").value, counts("roc_auc").1), (None, Some(171)));
    // The reference keeps its own name, and gets none of ours.
    assert_eq!(
        counts("reference.recall"),
        ("ClassificationQualityMetric.reference.recall", None, None, None)
    );
    assert_eq!(report(QUALITY).measurements[0].n, None);
}

#[test]
fn a_matrix_of_other_rows_gives_no_counts() {
    let evidence = report(&format!("{QUALITY}, {}", MATRIX.replace("61", "60")));
    let recall = named(&evidence, "recall");
    assert_eq!((recall.trials, recall.successes), (None, None));
    assert_eq!((named(&evidence, "accuracy").n, named(&evidence, "accuracy").trials), (None, None));
}

#[test]
fn averages_of_many_classes_do_not_get_our_names() {
    let many = QUALITY.replace("\"tpr\": 0.9626168224299065", "\"tpr\": null");
    let evidence = report(&many);
    let recall = named(&evidence, "recall");
    assert_eq!(
        (recall.metric.as_str(), recall.aggregate),
        ("ClassificationQualityMetric.recall", true)
    );
    assert_eq!(named(&evidence, "accuracy").metric, "accuracy");
}

#[test]
fn classes_bring_their_support() {
    let by_class = r#"{"metric": "ClassificationQualityByClass", "result": {"columns": {"target_names": null}, "current": {"metrics": {
        "0": {"precision": 0.9384615384615385, "recall": 0.953125, "f1": 0.9457364341085271, "roc_auc": null, "support": 64.0},
        "1": {"precision": 0.9716981132075472, "recall": 0.9626168224299065, "f1": 0.9671361502347418, "support": 107.0}}, "roc_aucs": [1, 2]},
        "reference": null}}"#;
    let evidence = report(&format!("{by_class}, {QUALITY}"));
    let of = |class: &str, metric: &str| {
        let slice = Slice::one("class", class);
        let m =
            evidence.measurements.iter().find(|m| m.slice == slice && m.metric == metric).unwrap();
        (m.n, m.successes, m.trials)
    };
    assert_eq!(of("0", "recall"), (Some(64), Some(61), Some(64)));
    assert_eq!(of("1", "precision"), (Some(107), Some(103), Some(106)));
    assert_eq!(of("1", "f1"), (Some(107), None, None));
    let accuracy = evidence.measurements.iter().find(|m| m.metric == "accuracy").unwrap();
    assert_eq!((accuracy.n, accuracy.successes), (Some(171), Some(164)));
}

#[test]
fn drift_is_a_score_by_column_and_a_verdict() {
    let drift = r#"{"metric": "DataDriftTable", "result": {"number_of_columns": 2, "number_of_drifted_columns": 1,
        "share_of_drifted_columns": 0.5, "dataset_drift": true, "drift_by_columns": {
          "age": {"column_name": "age", "column_type": "num", "stattest_name": "K-S p_value", "stattest_threshold": 0.05,
                  "drift_score": 0.0002, "drift_detected": true, "current": {"small_distribution": {"x": [1, 2], "y": [1]}}},
          "sex": {"column_name": "sex", "stattest_name": "PSI", "drift_score": 0.04, "drift_detected": false}}}},
        {"metric": "ColumnDriftMetric", "result": {"column_name": "zip", "stattest_name": "PSI", "drift_score": 0.3, "drift_detected": true}}"#;
    let evidence = report(drift);
    let scores: Vec<_> = evidence
        .measurements
        .iter()
        .filter(|m| m.source_name == "drift_score")
        .map(|m| (m.slice.clone(), m.value))
        .collect();
    assert_eq!(
        scores,
        [
            (Slice::one("column", "age"), Some(0.0002)),
            (Slice::one("column", "sex"), Some(0.04)),
            (Slice::one("column", "zip"), Some(0.3)),
        ]
    );
    let psi = evidence.measurements.iter().filter(|m| m.metric == "psi").count();
    assert_eq!(psi, 2, "a p-value is no PSI");
    let checks: Vec<_> =
        evidence.checks.iter().map(|check| (check.name.as_str(), check.passed)).collect();
    assert_eq!(
        checks,
        [
            ("dataset_drift", false),
            ("drift_detected [age]", false),
            ("drift_detected [sex]", true),
            ("drift_detected [zip]", false),
        ]
    );
    assert_eq!(named(&evidence, "share_of_drifted_columns").value, Some(0.5));
}

#[test]
fn columns_rows_and_percentages_are_told() {
    let summary = r#"{"metric": "ColumnSummaryMetric", "result": {"column_name": "age", "reference_characteristics": {"number_of_rows": 500, "missing": 1},
        "current_characteristics": {"number_of_rows": 400, "missing": 6, "missing_percentage": 1.5, "mean": NaN, "most_common": 17}}},
        {"metric": "DatasetSummaryMetric", "result": {"current": {"number_of_rows": 400, "nans_by_columns": {"age": 6}}, "reference": null}},
        {"metric": "RegressionQualityMetric", "result": {"current": {"rmse": 1.5, "mean_abs_perc_error": 21.0, "underperformance":
        {"majority": {"mean_error": -0.1}}}, "rmse_default": 2.9}}"#;
    let evidence = report(summary);
    let missing = named(&evidence, "missing_percentage");
    assert_eq!(
        (missing.n, missing.unit, missing.slice.clone()),
        (Some(400), Some(Unit::Percent), Slice::one("column", "age"))
    );
    assert_eq!(
        (named(&evidence, "mean").value, named(&evidence, "reference.missing").n),
        (None, Some(500))
    );
    let nans = named(&evidence, "nans_by_columns");
    assert_eq!((nans.slice.clone(), nans.n), (Slice::one("column", "age"), Some(400)));
    assert_eq!(named(&evidence, "rmse").metric, "root_mean_squared_error");
    assert_eq!(named(&versioned("0.3.3", summary), "rmse").metric, "mean_squared_error");
    assert_eq!(named(&versioned("?", summary), "rmse").metric, "RegressionQualityMetric.rmse");
    let mape = named(&evidence, "mean_abs_perc_error");
    assert_eq!(
        (mape.metric.as_str(), mape.unit),
        ("mean_absolute_percentage_error", Some(Unit::Percent))
    );
    assert_eq!(named(&evidence, "underperformance.majority.mean_error").value, Some(-0.1));
    assert!(evidence.measurements.iter().all(|m| m.source_name != "most_common"));
}

fn suite(tests: &str, total: u32) -> Evidence {
    found(&format!(
        r#"{{"tests": [{tests}], "summary": {{"all_passed": true, "total_tests": {total}, "by_status": {{"SUCCESS": 1}}}}}}"#
    ))
}

#[test]
fn only_success_passes() {
    let tests = ["SUCCESS", "FAIL", "WARNING", "ERROR", "SKIPPED"].map(|status| {
        format!(r#"{{"name": "Number of Rows", "description": "few", "status": "{status}", "group": "data", "parameters": {{"value": 4.0,
            "condition": {{"gte": 10}}, "column_name": "age"}}}}"#)
    });
    let evidence = suite(&tests.join(","), 5);
    let passed: Vec<_> = evidence.checks.iter().map(|check| check.passed).collect();
    assert_eq!(passed, [true, false, false, false, false]);
    assert_eq!(evidence.checks[2].name, "Number of Rows [age]");
    assert_eq!(evidence.checks[2].detail.as_deref(), Some("WARNING: few"));
    let value = named(&evidence, "Number of Rows");
    assert_eq!((value.value, value.slice.clone()), (Some(4.0), Slice::one("column", "age")));
}

#[test]
fn an_empty_run_is_not_good_news() {
    assert!(suite("", 0).checks.iter().any(|check| check.name == "tests" && !check.passed));
    let cut = r#"{"name": "a", "description": "", "status": "SUCCESS", "group": "g"}"#;
    assert!(suite(cut, 2).checks.iter().any(|check| check.name == "tests" && !check.passed));
    assert!(!report("").checks[0].passed);
    let broken =
        read(br#"{"metrics": [{"metric": "A", "result": null}]}"#, Some("evidently-legacy"))
            .unwrap();
    assert_eq!((broken.checks[0].name.as_str(), broken.checks[0].passed), ("A", false));
}

#[test]
fn what_is_no_report_is_refused_with_its_place() {
    let error = read(br#"{"metrics": 7}"#, Some("evidently-legacy")).unwrap_err();
    assert!(error.to_string().contains("line 1, column 13"), "{error}");
    assert!(read(b"[]", Some("evidently-legacy")).is_err());
}

#[test]
fn a_whole_snapshot_says_the_same_as_its_report() {
    let text = r#"{"id": "x", "suite": {"metrics": [{"type": "evidently:metric:Inner"}, {"type": "evidently:metric:ClassificationQualityMetric"}],
        "metric_results": [{"type": "evidently:metric_result:Inner", "current": {"value": 7}}, {"type": "evidently:metric_result:Q",
            "current": {"type": "evidently:metric_result:D", "accuracy": 0.5, "roc_auc": null, "tpr": null, "plot_data": null}}],
        "test_results": [{"name": "Accuracy Score", "description": "", "status": "FAIL", "group": "g", "parameters": {"type": "p", "value": 0.5}}]},
        "metrics_ids": [1], "test_ids": [0], "timestamp": "2026-11-21T19:24:31"}"#;
    let evidence = found(text);
    let names: Vec<_> =
        evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value)).collect();
    assert_eq!(names, [("accuracy", Some(0.5)), ("roc_auc", None), ("Accuracy Score", Some(0.5))]);
    assert_eq!(
        (evidence.checks[0].name.as_str(), evidence.checks[0].passed),
        ("Accuracy Score", false)
    );
}

#[test]
fn columns_may_be_called_anything() {
    let summary = r#"{"metric": "DatasetSummaryMetric", "result": {"current": {"number_of_rows": 4,
        "nans_by_columns": {"x": 1, "y": 2, "accuracy": 3, "labels": 4, "reference": 5, "columns": 6}}, "reference": null}}"#;
    let evidence = report(summary);
    let found: Vec<_> = evidence
        .measurements
        .iter()
        .filter(|m| m.source_name == "nans_by_columns")
        .map(|m| (m.slice.clone(), m.value, m.n))
        .collect();
    let columns = ["x", "y", "accuracy", "labels", "reference", "columns"];
    let want: Vec<_> = columns
        .iter()
        .zip([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        .map(|(c, v)| (Slice::one("column", *c), Some(v), Some(4)))
        .collect();
    assert_eq!(found, want);
}

#[test]
fn what_stands_below_a_column_is_no_column() {
    let missing = r#"{"metric": "DatasetMissingValuesMetric", "result": {"current": {"number_of_rows": 4,
        "different_missing_values_by_column": {"age": {"": 1, "null": 2}}}}}"#;
    let evidence = report(missing);
    let empty = named(&evidence, "different_missing_values_by_column.");
    assert_eq!((empty.slice.clone(), empty.value), (Slice::one("column", "age"), Some(1.0)));
    assert_eq!(
        named(&evidence, "different_missing_values_by_column.null").slice,
        Slice::one("column", "age")
    );
}

#[test]
fn a_score_that_is_no_number_detects_nothing() {
    let drift = r#"{"metric": "ColumnDriftMetric", "result": {"column_name": "zip", "stattest_name": "PSI", "drift_score": NaN, "drift_detected": false}}"#;
    assert!(!report(drift).checks[0].passed);
}
