use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

fn saved(metrics: &str) -> Evidence {
    read(metrics.as_bytes(), Some("mlflow-metrics")).unwrap()
}

fn named<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn the_four_counts_give_exact_trials() {
    let evidence = saved(
        r#"{"true_negatives": 61, "false_positives": 3, "false_negatives": 4, "true_positives": 103, "example_count": 171,
            "accuracy_score": 0.9590643274853801, "recall_score": 0.9626168224299065, "precision_score": 0.9716981132075472}"#,
    );
    let counts = |name| (named(&evidence, name).successes, named(&evidence, name).trials);
    assert_eq!(counts("accuracy_score"), (Some(164), Some(171)));
    assert_eq!(counts("recall_score"), (Some(103), Some(107)));
    assert_eq!(counts("precision_score"), (Some(103), Some(106)));
    assert_eq!(named(&evidence, "example_count").value, Some(171.0));
}

#[test]
fn counts_that_contradict_a_value_leave_it_without_trials() {
    let evidence = saved(
        r#"{"true_negatives": 61, "false_positives": 3, "false_negatives": 4, "true_positives": 103, "example_count": 171,
            "accuracy_score": 0.9990643274853801}"#,
    );
    assert_eq!(named(&evidence, "accuracy_score").known_trials(), None);
    assert!(evidence.warnings[0].contains("164 of 171"), "{:?}", evidence.warnings);
}

#[test]
fn counts_that_do_not_add_up_to_the_rows_are_not_used() {
    let evidence = saved(
        r#"{"true_negatives": 61, "false_positives": 3, "false_negatives": 4, "true_positives": 103, "example_count": 170,
            "recall_score": 0.9626168224299065}"#,
    );
    assert_eq!(named(&evidence, "recall_score").trials, None);
}

#[test]
fn an_average_over_classes_has_no_trials() {
    let evidence = saved(
        r#"{"example_count": 719, "accuracy_score": 0.9582753824756607, "recall_score": 0.9582753824756607}"#,
    );
    assert_eq!(
        (named(&evidence, "accuracy_score").successes, named(&evidence, "accuracy_score").trials),
        (Some(689), Some(719))
    );
    assert_eq!(
        (named(&evidence, "recall_score").n, named(&evidence, "recall_score").trials),
        (Some(719), None)
    );
}

#[test]
fn rounded_metrics_confine_the_count_and_do_not_name_it() {
    let evidence = saved(r#"{"example_count": 1400, "accuracy_score": 0.91}"#);
    let accuracy = named(&evidence, "accuracy_score");
    assert_eq!((accuracy.rounding, accuracy.successes, accuracy.trials), (0.005, None, Some(1400)));
}

#[test]
fn what_stands_for_nan_and_infinities_is_undefined() {
    let evidence = saved(
        r#"{"a": NaN, "b": "NaN", "c": 1.7976931348623157e+308, "d": -1.7976931348623157e+308, "e": 1e308, "f": null}"#,
    );
    let values: Vec<_> = evidence.measurements.iter().map(|m| m.value).collect();
    assert_eq!(values, [None, None, None, None, Some(1e308), None]);
    assert_eq!(evidence.warnings.len(), 5);
}

#[test]
fn a_percentage_called_accuracy_is_warned_of() {
    let evidence = saved(r#"{"example_count": 100, "accuracy_score": 95.9}"#);
    assert_eq!(named(&evidence, "accuracy_score").value, Some(95.9));
    assert!(evidence.warnings[0].contains("95.9"), "{:?}", evidence.warnings);
}

#[test]
fn n_holds_only_for_what_was_logged_together() {
    let run = r#"{"run": {"info": {"run_id": "r1", "status": "FAILED"}, "data": {"metrics": [
        {"key": "example_count", "value": 10.0, "timestamp": 5, "step": 0},
        {"key": "accuracy", "value": 0.5, "timestamp": 5, "step": 0},
        {"key": "train/accuracy", "value": 0.5, "timestamp": "4", "step": "7"}]}}}"#;
    let evidence = read(run.as_bytes(), None).unwrap();
    assert_eq!(named(&evidence, "accuracy").n, Some(10));
    assert_eq!(
        (named(&evidence, "train/accuracy").n, named(&evidence, "train/accuracy").step),
        (None, Some(7))
    );
    assert_eq!(evidence.produced_at.unwrap().micros(), 4_000);
    assert!(!evidence.checks[0].passed);
}

#[test]
fn the_last_step_of_a_history_is_its_value_in_whatever_order() {
    let history = r#"{"metrics": [{"key": "loss", "value": 0.2, "timestamp": 9, "step": 2}, {"key": "loss", "value": 0.9, "timestamp": 10, "step": 0}]}"#;
    let evidence = read(history.as_bytes(), None).unwrap();
    assert_eq!(
        (
            evidence.measurements.len(),
            evidence.measurements[0].value,
            evidence.measurements[0].step
        ),
        (1, Some(0.2), Some(2))
    );
    let page = history.replacen('{', r#"{"next_page_token": "t", "#, 1);
    assert_eq!(read(page.as_bytes(), None).unwrap_err().code(), "evidence-invalid");
}

#[test]
fn other_numbers_are_not_taken_for_metrics_of_mlflow() {
    for other in [
        r#"{"a": 1}"#,
        "{}",
        r#"{"example_count": 3, "model": "x"}"#,
        r#"{"runs": []}"#,
        r#"{"metrics": [1]}"#,
    ] {
        assert_eq!(
            read(other.as_bytes(), None).unwrap_err().code(),
            "evidence-not-understood",
            "{other}"
        );
    }
    let flat = read(br#"{"a": 1}"#, Some("mlflow-metrics")).unwrap();
    assert_eq!(flat.measurements[0].metric, "a");
}

#[test]
fn a_prefix_of_the_evaluator_keeps_its_own_rows() {
    let evidence = read(br#"{"val_example_count": 10, "val_accuracy_score": 0.5, "test_example_count": 20, "test_f1_score": 0.5, "x": 1}"#, None).unwrap();
    let n = |name| named(&evidence, name).n;
    assert_eq!([n("val_accuracy_score"), n("test_f1_score"), n("x")], [Some(10), Some(20), None]);
}

#[test]
fn metrics_of_language_models_carry_a_version() {
    let evidence = read(br#"{"toxicity/v1/mean": 0.01, "toxicity/v1/p90": 0.05, "latency/p90": 1.5, "latency/mean": 1.25, "exact_match/v1": 0.5}"#, None).unwrap();
    assert_eq!((evidence.format.as_str(), evidence.measurements.len()), ("mlflow-metrics", 5));
    let latency = named(&evidence, "latency/p90");
    assert_eq!(
        (&*latency.metric, latency.quantile, latency.unit),
        ("latency", Some(0.9), Some(Unit::Seconds))
    );
    assert_eq!(
        (named(&evidence, "toxicity/v1/p90").quantile, named(&evidence, "latency/mean").quantile),
        (None, None)
    );
    assert_eq!(
        read(br#"{"Correctness/mean": 0.5, "Safety/mean": 1.0}"#, None).unwrap().format,
        "mlflow-metrics"
    );
}

#[test]
fn a_run_may_be_described_by_the_client() {
    let run = br#"{"info": {"run_id": "r1", "status": "FINISHED"}, "data": {"metrics": {"accuracy": 0.5, "example_count": 10, "system/cpu_utilization_percentage": 12.5}, "params": {}}}"#;
    let evidence = read(run, None).unwrap();
    assert_eq!(
        (named(&evidence, "accuracy").value, named(&evidence, "accuracy").n),
        (Some(0.5), None)
    );
    assert_eq!(named(&evidence, "system/cpu_utilization_percentage").unit, Some(Unit::Percent));
}

#[test]
fn a_logged_model_has_metrics_of_data_sets() {
    let model = r#"{"info": {"model_id": "m-1", "status": "LOGGED_MODEL_READY"}, "data": {"metrics": [
        {"key": "accuracy", "value": 0.5, "timestamp": 5, "step": 0, "dataset_name": "a"},
        {"key": "example_count", "value": 10, "timestamp": 5, "step": 0, "dataset_name": "a"},
        {"key": "accuracy", "value": 0.25, "timestamp": 6, "step": 0, "dataset_name": "b"}]}}"#;
    for text in [format!(r#"{{"model": {model}}}"#), format!(r#"{{"models": [{model}, {model}]}}"#)]
    {
        let evidence = read(text.as_bytes(), None).unwrap();
        let read: Vec<_> =
            evidence.measurements.iter().map(|m| (m.dataset.as_deref(), m.n)).collect();
        assert_eq!(read, [(Some("a"), Some(10)), (Some("a"), Some(10)), (Some("b"), None)]);
        assert!(evidence.checks[0].passed);
    }
}

/// For more than two classes the evaluator averages, weighted by rows: its recall equals the
/// accuracy, and is not the recall of a class.
#[test]
fn averages_over_classes_keep_their_own_names() {
    let text = r#"{"example_count": 719, "accuracy_score": 0.9582753824756607, "recall_score": 0.9582753824756607,
        "precision_score": 0.9602871231026767, "f1_score": 0.9585149138913538}"#;
    let evidence = crate::evidence::read(text.as_bytes(), None).unwrap();
    let names: Vec<_> =
        evidence.measurements.iter().map(|m| (m.metric.as_str(), m.aggregate, m.n)).collect();
    assert_eq!(
        names,
        [
            ("example_count", false, Some(719)),
            ("accuracy", false, Some(719)),
            ("recall_score", true, Some(719)),
            ("precision_score", true, Some(719)),
            ("f1_score", true, Some(719)),
        ]
    );
    let binary = text.replacen(
        '{',
        r#"{"true_negatives": 1, "true_positives": 2, "false_negatives": 3, "false_positives": 4,"#,
        1,
    );
    let evidence = crate::evidence::read(binary.as_bytes(), None).unwrap();
    assert!(evidence.measurements.iter().any(|m| m.metric == "f1" && !m.aggregate));
}
