use crate::evidence::read;
use crate::model::{Evidence, Measurement};

fn of(text: &str) -> Evidence {
    read(text.as_bytes(), None).unwrap()
}

fn named<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn the_last_round_is_the_value() {
    let evidence = of(
        r#"{"train": {"logloss": [0.6, 0.3]}, "valid": {"logloss": [0.7, 0.5], "error@0.7": [0.2, NaN]}}"#,
    );
    let loss = named(&evidence, "valid:logloss");
    assert_eq!(
        (&*loss.metric, loss.value, loss.step, loss.n),
        ("log_loss", Some(0.5), Some(1), None)
    );
    assert_eq!(loss.slice.0.get("dataset").map(String::as_str), Some("valid"));
    assert_eq!(
        (&*named(&evidence, "valid:error@0.7").metric, named(&evidence, "valid:error@0.7").value),
        ("error@0.7", None)
    );
}

#[test]
fn the_best_round_is_counted_as_the_library_counts() {
    let xgboost = of(
        r#"{"evals_result": {"valid": {"logloss": [0.7, 0.4, 0.5]}}, "best_iteration": 1, "best_score": 0.4, "seed": 3}"#,
    );
    assert_eq!(
        (named(&xgboost, "best:valid:logloss").value, named(&xgboost, "best:valid:logloss").step),
        (Some(0.4), Some(1))
    );
    assert_eq!(
        (named(&xgboost, "valid:logloss").value, named(&xgboost, "best_score").value),
        (Some(0.5), Some(0.4))
    );
    let lightgbm = of(
        r#"{"valid_0": {"binary_logloss": [0.7, 0.4, 0.5]}, "best_iteration": 2, "best_score": {"valid_0": {"binary_logloss": 0.4}}}"#,
    );
    assert_eq!(named(&lightgbm, "best:valid_0:binary_logloss").value, Some(0.4));
    assert_eq!(named(&lightgbm, "best_score.valid_0.binary_logloss").value, Some(0.4));
    for unknown in [
        r#"{"valid": {"auc": [0.7, 0.8]}, "best_iteration": 1}"#,
        r#"{"valid": {"l2": [0.7, 0.8]}, "best_iteration": 9}"#,
    ] {
        let evidence = of(unknown);
        assert!(
            evidence.measurements.iter().all(|m| !m.source_name.starts_with("best:")),
            "{unknown}"
        );
        assert_eq!(evidence.warnings.len(), 1, "{unknown}");
    }
}

#[test]
fn folds_keep_their_own_names() {
    let evidence =
        of(r#"{"valid multi_logloss-mean": [0.7, 0.4], "valid multi_logloss-stdv": [0.1, 0.2]}"#);
    let mean = named(&evidence, "valid multi_logloss-mean");
    assert_eq!(
        (&*mean.metric, mean.value, mean.aggregate),
        ("valid multi_logloss-mean", Some(0.4), true)
    );
    let frame =
        of(r#"{"test-auc-mean": {"0": 0.7, "1": 0.8}, "test-auc-std": {"0": 0.1, "1": 0.2}}"#);
    assert_eq!(named(&frame, "test-auc-std").value, Some(0.2));
}

#[test]
fn frames_of_folds_are_read_with_a_column_of_rounds_and_as_csv() {
    let catboost = of(
        r#"{"iterations": [0, 1], "test-Logloss-mean": [0.6, 0.5], "test-Logloss-std": [0.01, 0.02]}"#,
    );
    assert_eq!(catboost.measurements.len(), 2);
    assert_eq!(named(&catboost, "test-Logloss-mean").value, Some(0.5));
    for csv in [
        "train-auc-mean,test-auc-mean,test-auc-std\n0.9,0.8,0.1\n0.95,0.85,0.2\n",
        ",train-auc-mean,test-auc-mean,test-auc-std\n0,0.9,0.8,0.1\n1,0.95,0.85,0.2\n",
        "iterations,train-auc-mean,test-auc-mean,test-auc-std\n0,0.9,0.8,0.1\n1,0.95,0.85,0.2\n",
    ] {
        let evidence = of(csv);
        assert_eq!(evidence.measurements.len(), 3, "{csv}");
        let mean = named(&evidence, "test-auc-mean");
        assert_eq!(
            (&*mean.metric, mean.value, mean.step, mean.aggregate),
            ("test-auc-mean", Some(0.85), Some(1), true)
        );
        assert_eq!(mean.slice.0.get("dataset").map(String::as_str), Some("test"));
        let cut = csv.trim_end().rsplit_once(',').unwrap().0;
        assert_eq!(read(cut.as_bytes(), None).unwrap_err().code(), "evidence-invalid");
    }
    assert!(!of("train-auc-mean,test-auc-mean\n").checks[0].passed);
}

#[test]
fn best_scores_are_of_no_one_round_and_never_under_our_name() {
    for (text, name, value) in [
        (
            r#"{"learn": {"Logloss": 0.09}, "validation": {"Logloss": 0.13, "AUC": 0.99}}"#,
            "validation:AUC",
            0.99,
        ),
        (r#"{"training": {"l2": 0.5}, "valid_1": {"l2": 0.75}}"#, "valid_1:l2", 0.75),
    ] {
        let evidence = of(text);
        let best = named(&evidence, name);
        assert_eq!(
            (best.metric.clone(), best.value, best.step),
            (format!("best:{name}"), Some(value), None)
        );
    }
    for own in [
        r#"{"test": {"r2": 0.9}}"#,
        r#"{"train": {"mae": 1.5}, "valid": {"mae": 2.5}}"#,
        r#"{"validation": {"Accuracy": 0.9}}"#,
        r#"{"learn": {"Accuracy": "good"}}"#,
    ] {
        assert_eq!(
            read(own.as_bytes(), None).unwrap_err().code(),
            "evidence-not-understood",
            "{own}"
        );
    }
}

#[test]
fn catboost_keeps_the_last_iteration() {
    let training = r#"{"meta": {"test_sets": ["test"], "test_metrics": [{"best_value": "Min", "name": "Logloss"}, {"best_value": "Max", "name": "AUC"}],
        "learn_metrics": [{"best_value": "Min", "name": "Logloss"}], "launch_mode": "Train", "learn_sets": ["learn"], "name": "experiment"},
        "iterations": [{"learn": [0.6], "iteration": 0, "test": [0.7, 0.8]}, {"learn": [0.5], "iteration": 1, "passed_time": 0.1, "test": [0.65, 0.85]}]}"#;
    let evidence = of(training);
    assert_eq!(
        (named(&evidence, "test:AUC").value, named(&evidence, "test:AUC").step),
        (Some(0.85), Some(1))
    );
    assert_eq!(&*named(&evidence, "learn:Logloss").metric, "log_loss");
    let table = of("iter\tLogloss\tAccuracy\n0\t0.6\t0.7\n1\t0.5\t0.75\n");
    assert_eq!(
        (named(&table, "Accuracy").value, named(&table, "Accuracy").step),
        (Some(0.75), Some(1))
    );
    assert_eq!(
        read(b"iter\tLogloss\tAccuracy\n0\t0.6\n", None).unwrap_err().code(),
        "evidence-invalid"
    );
    let none = of(&training.replace("\"test\": [0.65, 0.85]", "\"test\": [0.65]"));
    assert!(none.measurements.iter().all(|m| m.source_name != "test:AUC"));
    let empty = of("iter\tLogloss\n");
    assert!(!empty.checks[0].passed && empty.measurements.is_empty());
}

#[test]
fn lists_of_other_things_are_not_rounds() {
    for other in [
        r#"{"a": {"b": [1, 2]}}"#,
        r#"{"train": {"logloss": []}}"#,
        r#"{"train": {"logloss": ["x"]}}"#,
        r#"{"train": {"x": 1}}"#,
        r#"{"valid": {}}"#,
    ] {
        assert_eq!(
            read(other.as_bytes(), None).unwrap_err().code(),
            "evidence-not-understood",
            "{other}"
        );
    }
}
