use crate::evidence::read;
use crate::model::{Evidence, Slice, Unit};

fn found(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "deepchecks");
    evidence
}

fn suite(results: &str) -> Evidence {
    found(&format!(
        r#"{{"name": "Model Evaluation Suite", "results": [{results}], "type": "SuiteResult"}}"#
    ))
}

fn check(header: &str, value: &str) -> String {
    format!(
        r#"{{"type": "CheckResult", "check": {{"name": "Some Check", "params": {{}}, "summary": ""}}, "header": "{header}",
            "value": {value}, "conditions_results": [], "display": []}}"#
    )
}

fn values(evidence: &Evidence) -> Vec<(&str, Option<f64>)> {
    evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value)).collect()
}

#[test]
fn only_pass_passes_and_prose_is_the_detail() {
    let conditions = ["PASS", "FAIL", "WARN", "ERROR", ""].map(|status| {
        format!(
            r#"{{"Status": "{status}", "Condition": "score < 0.15", "More Info": "Found 0.18"}}"#
        )
    });
    let result = check("Drift", "null").replace(
        "\"conditions_results\": []",
        &format!("\"conditions_results\": [{}]", conditions.join(",")),
    );
    let evidence = suite(&result);
    let passed: Vec<_> = evidence.checks.iter().map(|check| check.passed).collect();
    assert_eq!(passed, [true, false, false, false, false]);
    assert_eq!(evidence.checks[1].name, "Drift: score < 0.15");
    assert_eq!(evidence.checks[1].detail.as_deref(), Some("FAIL: Found 0.18"));
}

#[test]
fn a_check_that_could_not_run_and_an_empty_suite_are_not_good_news() {
    let failure = r#"{"header": "Boosting Overfit", "type": "CheckFailure", "check": {"name": "Boosting Overfit"}, "exception": "no model"}"#;
    for evidence in [suite(failure), found(failure)] {
        assert_eq!(
            (evidence.checks[0].name.as_str(), evidence.checks[0].passed),
            ("Boosting Overfit", false)
        );
        assert_eq!(evidence.checks[0].detail.as_deref(), Some("did not run: no model"));
    }
    for empty in ["", &check("a", "1")] {
        let evidence = suite(empty);
        assert_eq!(
            (evidence.checks[0].name.as_str(), evidence.checks[0].passed),
            ("conditions", false)
        );
    }
    assert!(!suite("7").checks[0].passed);
}

#[test]
fn numbers_go_by_the_header_and_the_path() {
    assert_eq!(
        values(&suite(&check("Data Duplicates", "0.05"))),
        [("Data Duplicates", Some(0.05))]
    );
    assert_eq!(values(&suite(&check("D", "NaN"))), [("D", None)]);
    let tree = r#"{"1.0": {"dtype": "float64", "value": 0.85}, "Method": "Cramer's V", "frame": {"comp": true, "values": "eJw", "meta": {"a": 1}}}"#;
    let evidence = suite(&check("ROC", tree));
    assert_eq!(values(&evidence), [("ROC.1.0", Some(0.85))]);
    assert_eq!(evidence.warnings, ["not read: `ROC.Method`; `ROC.frame`"]);
    let matrix = r#""[{\"0\":1540,\"1\":175},{\"0\":338,\"1\":447}]""#;
    assert_eq!(values(&suite(&check("M", matrix)))[2], ("M.1.0", Some(338.0)));
    assert!(suite(&check("Outliers", "[0.0, 0.1]")).measurements.is_empty());
    let time = check("Model Inference Time - Test", "1.4e-05")
        .replace("Some Check", "Model Inference Time");
    assert_eq!(suite(&time).measurements[0].unit, Some(Unit::Seconds));
}

#[test]
fn scores_of_classes_bring_their_samples() {
    let rows = r#""[{\"Dataset\":\"Test\",\"Class\":1.0,\"Metric\":\"Recall\",\"Value\":0.3728070175,\"Number of samples\":912},
        {\"Dataset\":\"Test\",\"Class\":null,\"Metric\":\"F1\",\"Value\":0.5,\"Number of samples\":3000}]""#
        .replace('\n', " ");
    let evidence = suite(&check("Train Test Performance", &rows));
    let [recall, average] = evidence.measurements.as_slice() else { panic!() };
    assert_eq!((recall.metric.as_str(), recall.source_name.as_str()), ("recall", "Recall"));
    assert_eq!((recall.n, recall.trials, recall.successes), (Some(912), Some(912), Some(340)));
    assert_eq!(
        (recall.slice.clone(), recall.dataset.as_deref()),
        (Slice::one("class", "1.0"), Some("Test"))
    );
    assert_eq!((average.metric.as_str(), average.n), ("Train Test Performance.F1", Some(3000)));
}

#[test]
fn results_within_text_are_read_too() {
    let inner = check("Data Duplicates", "0.5").replace('"', "\\\"").replace('\n', " ");
    assert_eq!(values(&suite(&format!("\"{inner}\"")))[0], ("Data Duplicates", Some(0.5)));
}

/// `TrainTestPerformance` on a regression: the errors are negative, and keep the scorers' names.
#[test]
fn r2_has_our_name_and_negative_errors_do_not() {
    let rows = r#""[{\"Dataset\":\"Test\",\"Metric\":\"Neg RMSE\",\"Value\":-0.1861410034,\"Number of samples\":333},
        {\"Dataset\":\"Test\",\"Metric\":\"R2\",\"Value\":0.9731740087,\"Number of samples\":333}]""#
        .replace('\n', "");
    let evidence = suite(&check("Train Test Performance", &rows));
    let names: Vec<_> = evidence
        .measurements
        .iter()
        .map(|m| (m.metric.as_str(), m.source_name.as_str(), m.n))
        .collect();
    assert_eq!(
        names,
        [("Train Test Performance.Neg RMSE", "Neg RMSE", Some(333)), ("r2", "R2", Some(333))]
    );
}

#[test]
fn conditions_that_cannot_be_read_are_no_good_news() {
    let result =
        check("Drift", "null").replace("\"conditions_results\": []", "\"conditions_results\": {}");
    let error = read(result.as_bytes(), Some("deepchecks")).unwrap_err();
    assert!(error.to_string().contains("a list was expected, not an object"), "{error}");
}
