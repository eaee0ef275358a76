use super::*;
use crate::model::Digest;

fn open(text: &str) -> Result<Evidence, EvidenceError> {
    read(&Document::new(Digest::of(b""), text.as_bytes()))
}

fn seen(text: &str) -> bool {
    detect(&Document::new(Digest::of(b""), text.as_bytes())).is_ok()
}

/// Name, value, n, scope.
type Read = (String, Option<f64>, Option<u64>, Option<String>);

fn out(text: &str) -> Vec<Read> {
    assert!(seen(text), "{text}");
    let evidence = open(text).unwrap();
    evidence.measurements.into_iter().map(|m| (m.source_name, m.value, m.n, m.scope)).collect()
}

fn named(name: &str, value: f64, n: Option<u64>, scope: Option<&str>) -> Read {
    (name.to_owned(), Some(value), n, scope.map(str::to_owned))
}

#[test]
fn the_first_version_and_its_api_are_read() {
    let text =
        r#"{"metrics": [{"name": "accuracy", "numberValue": 0.75, "format": "PERCENTAGE"}]}"#;
    let api = r#"{"run": {"id": "1", "metrics": [{"name": "accuracy", "node_id": "x", "number_value": "0.75", "format": "RAW"}]}}"#;
    for text in [text, api] {
        assert_eq!(out(text), [named("accuracy", 0.75, None, None)]);
        assert_eq!(open(text).unwrap().measurements[0].unit, None);
    }
    let empty = open(r#"{"metrics": []}"#).unwrap();
    assert!(!empty.checks[0].passed);
}

#[test]
fn an_n_is_that_of_its_own_artifact() {
    let text = r#"{"artifacts": {"a": {"artifacts": [{"name": "a", "metadata": {"accuracy": 0.75, "n": 4.0, "note": "x"}}]},
        "b": {"artifacts": [{"name": "b", "metadata": {"loss": 0.5}}]}, "c": {"artifacts": []}},
        "parameterValues": {"Output": 3, "text": "x"}}"#;
    assert_eq!(
        out(text),
        [
            named("accuracy", 0.75, Some(4), Some("a")),
            named("n", 4.0, Some(4), Some("a")),
            named("loss", 0.5, None, Some("b")),
            named("parameterValues.Output", 3.0, None, None),
        ]
    );
    let evidence = open(text).unwrap();
    assert_eq!(
        (evidence.measurements[0].successes, evidence.measurements[0].trials),
        (Some(3), Some(4))
    );
}

#[test]
fn points_of_a_curve_are_never_the_metric_itself() {
    let text = r#"{"schemaTitle": "system.ClassificationMetrics", "metadata": {"confidenceMetrics":
        [{"confidenceThreshold": 0.5, "recall": 0.25, "falsePositiveRate": 0.5}],
        "confusionMatrix": {"annotationSpecs": [{"displayName": "a"}], "rows": [{"row": [5.0]}]}}}"#;
    assert_eq!(
        out(text),
        [
            named("confidenceMetrics[0.5].recall", 0.25, Some(5), None),
            named("confidenceMetrics[0.5].falsePositiveRate", 0.5, Some(5), None),
        ]
    );
    let sliced = r#"{"m": {"name": "m", "uri": "u", "metadata": {"evaluationSlices": [{"slice": "north",
        "sliceClassificationMetrics": {"confidenceMetrics": [{"confidenceThreshold": 0.25, "recall": 0.5}]}}]}}}"#;
    assert_eq!(open(sliced).unwrap().measurements[0].slice, Slice::one("slice", "north"));
}

#[test]
fn what_older_versions_returned_is_typed() {
    let text = r#"{"artifacts": {}, "parameters": {"Output": {"doubleValue": 0.5}, "count": {"intValue": "7"}, "s": {"stringValue": "x"}}}"#;
    assert_eq!(
        out(text),
        [named("parameters.Output", 0.5, None, None), named("parameters.count", 7.0, None, None)]
    );
}

#[test]
fn other_documents_are_refused() {
    for text in [
        "{}",
        "[]",
        "3",
        r#"{"metrics": {"accuracy": 1}}"#,
        r#"{"metrics": [{"name": "a", "value": 1}]}"#,
        r#"{"a": {"metadata": {}}}"#,
        r#"{"artifacts": [1]}"#,
        r#"{"parameters": {"a": 1}}"#,
    ] {
        assert!(!seen(text) && open(text).is_err(), "{text}");
    }
}

#[test]
fn a_confusion_matrix_that_lost_a_cell_gives_no_n() {
    let with = |rows: &str| {
        let text = format!(
            r#"{{"metadata": {{"confidenceMetrics": [{{"confidenceThreshold": 0.5, "recall": 0.5}}],
            "confusionMatrix": {{"annotationSpecs": [{{"displayName": "a"}}, {{"displayName": "b"}}], "rows": [{rows}]}}}},
            "schemaTitle": "google.ClassificationMetrics", "name": "m"}}"#
        );
        crate::evidence::read(text.as_bytes(), Some("kubeflow-metrics")).unwrap().measurements[0].n
    };
    assert_eq!(with(r#"{"row": [5, 1]}, {"row": [2, 4]}"#), Some(12));
    assert_eq!(with(r#"{"row": [5]}, {"row": [2, 4]}"#), None);
}
