use super::*;
use crate::model::Digest;

fn open(text: &str) -> Result<Evidence, EvidenceError> {
    read(&Document::new(Digest::of(b""), text.as_bytes()))
}

fn seen(text: &str) -> bool {
    detect(&Document::new(Digest::of(b""), text.as_bytes())).is_ok()
}

/// An evaluation with these metrics.
fn evaluation(metrics: &str) -> Evidence {
    let text = format!(
        r#"{{"name": "projects/1/locations/l/models/42@3/evaluations/7", "metrics_schema_uri":
        "gs://google-cloud-aiplatform/schema/modelevaluation/any_metrics_1.0.0.yaml", "metrics": {metrics}}}"#
    );
    assert!(seen(&text), "{text}");
    open(&text).unwrap()
}

fn names(evidence: &Evidence) -> Vec<(&str, &str, Option<f64>)> {
    evidence
        .measurements
        .iter()
        .map(|m| (m.metric.as_str(), m.source_name.as_str(), m.value))
        .collect()
}

const GOOD: &str = include_str!(
    "../../../../../tests/fixtures/evidence/vertex-evaluation/model_evaluation_good.json"
);

/// Computed by hand from the file: 478 true and 203 false positives, 434 false and 1885 true
/// negatives.
#[test]
fn counts_that_sum_to_the_matrix_are_exact() {
    let evidence = open(GOOD).unwrap();
    let find = |name: &str| evidence.measurements.iter().find(|m| m.source_name == name).unwrap();
    let recall = find("recall");
    assert_eq!(
        (recall.metric.as_str(), recall.n, recall.successes, recall.trials),
        ("recall", Some(3_000), Some(478), Some(912))
    );
    let precision = find("precision");
    assert_eq!((precision.successes, precision.trials), (Some(478), Some(681)));
    assert_eq!(find("falsePositiveRate").trials, Some(2_088));
    assert_eq!(find("confidenceMetrics[0.25].recall").value, Some(0.804_824_561_403_508_8));
    let subject = evidence.subject.as_ref().unwrap();
    assert_eq!(subject.version.as_deref(), Some("3"));
    assert_eq!(evidence.produced_at.unwrap().to_string(), "2024-05-01T00:00:00Z");
}

#[test]
fn counts_that_sum_to_something_else_are_averaged_over_classes() {
    let evidence = evaluation(
        r#"{"auRoc": 0.9, "confusionMatrix": {"annotationSpecs": [{"id": "a"}, {"id": "b"}, {"id": "c"}],
            "rows": [[1, 0, 0], [0, 1, 0], {"dataItemCounts": [0, 0, 2]}]}, "confidenceMetrics": [{"confidenceThreshold": 0.5,
            "recall": 0.75, "truePositiveCount": "3", "falsePositiveCount": "1", "trueNegativeCount": "7", "falseNegativeCount": "1"}]}"#,
    );
    let recall = evidence.measurements.iter().find(|m| m.source_name == "recall").unwrap();
    assert_eq!((recall.n, recall.aggregate, recall.trials), (Some(4), true, None));
    assert_eq!(evidence.measurements[0].metric, "auRoc");
}

#[test]
fn the_element_that_is_limited_least_gives_the_plain_names() {
    let evidence = evaluation(
        r#"{"confidenceMetrics": [{"confidenceThreshold": 0.5, "maxPredictions": 1, "recall": 0.25},
            {"confidenceThreshold": 0.5, "maxPredictions": 10000, "recall": 0.5}, {"confidenceThreshold": 0.75, "recall": 0.125}]}"#,
    );
    assert_eq!(
        names(&evidence),
        [
            (
                "confidenceMetrics[0.5 of 1].recall",
                "confidenceMetrics[0.5 of 1].recall",
                Some(0.25)
            ),
            ("recall", "recall", Some(0.5)),
            ("confidenceMetrics[0.75].recall", "confidenceMetrics[0.75].recall", Some(0.125)),
        ]
    );
}

#[test]
fn what_the_evaluation_states_itself_keeps_its_name() {
    let evidence = evaluation(
        r#"{"recall": 0.75, "confidenceMetrics": [{"confidenceThreshold": 0.5, "recall": 0.5}]}"#,
    );
    assert_eq!(evidence.measurements[0].value, Some(0.75));
    assert_eq!(evidence.measurements[1].source_name, "confidenceMetrics[0.5].recall");
}

#[test]
fn other_schemas_are_read_by_their_own_names() {
    let evidence = evaluation(
        r#"{"meanAbsolutePercentageError": 12.5, "rootMeanSquaredLogError": "NaN", "rSquared": -0.25, "bleu": 17.5,
            "evaluatedBoundingBoxCount": "12", "quantileMetrics": [{"quantile": 0.9, "observedQuantile": 0.875}],
            "boundingBoxMetrics": [{"iouThreshold": 0.5, "meanAveragePrecision": 0.75,
                "confidenceMetrics": [{"confidenceThreshold": 0.5, "recall": 0.5}]}]}"#,
    );
    assert_eq!(
        names(&evidence),
        [
            ("mean_absolute_percentage_error", "meanAbsolutePercentageError", Some(12.5)),
            ("rootMeanSquaredLogError", "rootMeanSquaredLogError", None),
            ("rSquared", "rSquared", Some(-0.25)),
            ("bleu", "bleu", Some(17.5)),
            ("evaluatedBoundingBoxCount", "evaluatedBoundingBoxCount", Some(12.0)),
            (
                "quantileMetrics[0.9].observedQuantile",
                "quantileMetrics[0.9].observedQuantile",
                Some(0.875)
            ),
            (
                "boundingBoxMetrics[0.5].meanAveragePrecision",
                "boundingBoxMetrics[0.5].meanAveragePrecision",
                Some(0.75)
            ),
            (
                "boundingBoxMetrics[0.5].confidenceMetrics[0.5].recall",
                "boundingBoxMetrics[0.5].confidenceMetrics[0.5].recall",
                Some(0.5)
            ),
        ]
    );
    assert_eq!(evidence.measurements[0].unit, Some(crate::model::Unit::Percent));
}

#[test]
fn slices_are_read_in_every_wrapping() {
    let one = r#"{"name": "projects/1/models/4/evaluations/7/slices/0", "slice": {"dimension": "sex", "value": "f"}, "metrics": {"auPrc": 0.5}}"#;
    let snake = one.replace("\"slice\":", "\"slice_\":");
    let page = format!(r#"{{"modelEvaluationSlices": [{one}], "nextPageToken": "x"}}"#);
    for text in [
        one.to_owned(),
        snake,
        format!("[{one}]"),
        page,
        format!(r#"{{"model_evaluation_slices": [{one}]}}"#),
    ] {
        assert!(seen(&text), "{text}");
        let evidence = open(&text).unwrap();
        let m = &evidence.measurements[0];
        assert_eq!((m.metric.as_str(), m.slice.clone()), ("auPrc", Slice::one("sex", "f")));
        assert_eq!(evidence.warnings.is_empty(), !text.contains("nextPageToken"));
    }
}

#[test]
fn an_evaluation_without_metrics_is_a_failed_check() {
    assert!(!evaluation("{}").checks[0].passed);
    assert!(!evaluation("null").checks[0].passed);
    assert!(!open(r#"{"modelEvaluations": []}"#).unwrap().checks[0].passed);
}

#[test]
fn other_documents_are_refused() {
    for text in [
        "{}",
        "[]",
        "[1]",
        r#"{"metrics": {"accuracy": 1}}"#,
        r#"{"name": "a/evaluations/b", "metrics": [1]}"#,
        r#"{"modelEvaluations": [3]}"#,
        r#"{"modelEvaluations": 3}"#,
        "",
    ] {
        assert!(open(text).is_err(), "{text}");
    }
}
