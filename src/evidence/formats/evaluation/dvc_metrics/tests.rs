use super::*;
use crate::model::Digest;

fn open(text: &str) -> Result<Evidence, EvidenceError> {
    read(&Document::new(Digest::of(b""), text.as_bytes()))
}

fn seen(text: &str) -> bool {
    detect(&Document::new(Digest::of(b""), text.as_bytes())).is_ok()
}

const TAGS: &str = include_str!(
    "../../../../../tests/fixtures/evidence/dvc-metrics/metrics_show_all_tags_edge.json"
);

#[test]
fn revisions_and_files_are_told_apart_by_scope() {
    let evidence = open(TAGS).unwrap();
    let out: Vec<_> = evidence
        .measurements
        .iter()
        .filter(|m| m.metric == "accuracy")
        .map(|m| (m.value, m.scope.as_deref().unwrap()))
        .collect();
    assert_eq!(out, [(Some(0.91), "v1:reports/eval.yaml"), (Some(0.93), "v2:reports/eval.yaml")]);
    assert_eq!(evidence.checks.iter().filter(|check| !check.passed).count(), 3);
}

#[test]
fn the_first_version_wrote_no_data_around_files() {
    let text = r#"{"workspace": {"metrics.json": {"auc": 0.5, "error": 0.25}, "b.json": 3}}"#;
    assert!(seen(text));
    let out: Vec<_> =
        open(text).unwrap().measurements.iter().map(|m| (m.source_name.clone(), m.value)).collect();
    assert_eq!(
        out,
        [
            ("auc".to_owned(), Some(0.5)),
            ("error".to_owned(), Some(0.25)),
            ("b.json".to_owned(), Some(3.0))
        ]
    );
}

#[test]
fn a_revision_that_could_not_be_read_is_a_failed_check() {
    let evidence =
        open(r#"{"v1": {"error": {"type": "RevError", "msg": "unknown"}}, "": {"data": {}}}"#)
            .unwrap();
    assert_eq!((evidence.checks[0].name.as_str(), evidence.checks[0].passed), ("v1 read", false));
    assert!(!open(r#"{"": {"data": {}}}"#).unwrap().checks[0].passed);
    assert_eq!(open(r#"{"": {}}"#).unwrap().checks[0].name, "metrics");
}

#[test]
fn a_diff_gives_the_new_value_its_name() {
    let text = r#"{"metrics.json": {"accuracy": {"old": 0.5, "new": 0.75, "diff": 0.25}, "gone": {"old": 1, "new": null}}}"#;
    let evidence = open(text).unwrap();
    let out: Vec<_> = evidence.measurements.iter().map(|m| (m.metric.as_str(), m.value)).collect();
    assert_eq!(
        out,
        [
            ("accuracy", Some(0.75)),
            ("old:accuracy", Some(0.5)),
            ("diff:accuracy", Some(0.25)),
            ("gone", None),
            ("old:gone", Some(1.0))
        ]
    );
    let exp = format!(
        r#"{{"params": {{"params.yaml": {{"C": {{"old": 1, "new": 2}}}}}}, "metrics": {text}}}"#
    );
    assert!(seen(&exp));
    assert_eq!(open(&exp).unwrap().measurements.len(), 5);
}

#[test]
fn parameters_are_no_metrics() {
    for file in ["params.yaml", "src/params.toml", "my_hyperparams.json", "config.yaml", "dvc.yaml"]
    {
        let text = format!(r#"{{"{file}": {{"C": {{"old": 1.0, "new": 0.1, "diff": -0.9}}}}}}"#);
        assert!(!seen(&text) && open(&text).is_err(), "{file}");
    }
}

#[test]
fn other_documents_are_refused() {
    for text in [
        "{}",
        "[]",
        r#"{"a": {"data": 1}}"#,
        r#"{"a": {"b": {"old": 1}}}"#,
        r#"{"": 1}"#,
        r#"{"a": {"m.json": {}}}"#,
    ] {
        assert!(!seen(text) && open(text).is_err(), "{text}");
    }
}
