use super::*;
use crate::model::Digest;

fn open(text: &str) -> Result<Evidence, EvidenceError> {
    read(&Document::new(Digest::of(b""), text.as_bytes()))
}

fn seen(text: &str) -> bool {
    detect(&Document::new(Digest::of(b""), text.as_bytes())).is_ok()
}

fn response(status: &str, metadata: &str) -> String {
    format!(
        r#"{{"body": {{"status": "{status}", "updated": "2026-11-20T14:56:24.140956"}}, "metadata": {{"run_metadata": {metadata}}},
        "id": "1", "name": "evaluate"}}"#
    )
}

#[test]
fn groups_of_an_axis_are_slices_and_other_maps_are_paths() {
    let text = response(
        "completed",
        r#"{"accuracy": 0.75, "n": 4, "by_sex": {"f": {"accuracy": 0.5, "n": 2}, "m": {"accuracy": 1.0, "recall": 0.25}},
            "val": {"loss": 0.5}, "by_day": 3, "note": "x"}"#,
    );
    assert!(seen(&text));
    let evidence = open(&text).unwrap();
    let out: Vec<_> = evidence
        .measurements
        .iter()
        .map(|m| (m.metric.as_str(), m.source_name.as_str(), m.slice.to_string(), m.n, m.successes))
        .collect();
    let whole = || "overall".to_owned();
    assert_eq!(
        out,
        [
            ("accuracy", "accuracy", whole(), Some(4), Some(3)),
            ("n", "n", whole(), Some(4), None),
            ("accuracy", "f", "sex = f".to_owned(), Some(2), Some(1)),
            ("n", "by_sex.f.n", "sex = f".to_owned(), Some(2), None),
            ("accuracy", "by_sex.m.accuracy", "sex = m".to_owned(), None, None),
            ("recall", "by_sex.m.recall", "sex = m".to_owned(), None, None),
            ("val.loss", "val.loss", whole(), None, None),
            ("by_day", "by_day", whole(), Some(4), None),
        ]
    );
    assert_eq!(evidence.produced_at.unwrap().to_string(), "2026-11-20T14:56:24.140956Z");
    assert!(evidence.warnings.iter().any(|warning| warning.contains("`note`")));
}

#[test]
fn a_run_that_is_not_completed_is_a_failed_check() {
    for (status, passed) in [
        ("completed", true),
        ("cached", true),
        ("failed", false),
        ("running", false),
        ("stopped", false),
    ] {
        let evidence = open(&response(status, r#"{"a": 1}"#)).unwrap();
        assert_eq!(
            (evidence.checks[0].name.as_str(), evidence.checks[0].passed),
            ("status is completed", passed),
            "{status}"
        );
    }
    let empty = open(&response("completed", "{}")).unwrap();
    assert!(empty.checks.iter().any(|check| check.name == "metrics" && !check.passed));
}

#[test]
fn steps_and_pages_are_told_apart_by_scope() {
    let summary = r#"{"run": "r", "status": "completed", "steps": {"a": {"status": "completed", "run_metadata": {"x": 1}},
        "b": {"status": "failed", "run_metadata": {}}}}"#;
    assert!(seen(summary));
    let evidence = open(summary).unwrap();
    assert_eq!(evidence.measurements[0].scope.as_deref(), Some("a"));
    assert_eq!(evidence.checks[2].name, "status is completed [b]");
    assert!(!evidence.checks[2].passed);
    let page = format!(
        r#"{{"index": 1, "items": [{}, {}]}}"#,
        response("completed", r#"{"x": 1}"#),
        response("failed", "{}")
    );
    assert!(seen(&page));
    assert_eq!(open(&page).unwrap().measurements[0].scope.as_deref(), Some("evaluate"));
}

#[test]
fn values_that_older_servers_wrap_are_unwrapped() {
    let text = response(
        "completed",
        r#"{"accuracy": {"body": {"key": "accuracy", "value": 0.5, "type": "float"}, "id": "2"}}"#,
    );
    let evidence = open(&text).unwrap();
    let out: Vec<_> =
        evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value)).collect();
    assert_eq!(out, [("accuracy", Some(0.5))]);
}

#[test]
fn other_documents_are_refused() {
    for text in [
        "{}",
        "[]",
        r#"{"body": {}, "metadata": {}}"#,
        r#"{"status": "completed", "steps": []}"#,
        r#"{"items": [1]}"#,
    ] {
        assert!(!seen(text) && open(text).is_err(), "{text}");
    }
}
