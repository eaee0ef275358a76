use crate::evidence::read;
use crate::model::{Evidence, Measurement};

fn of(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "sklearn-metrics", "{text}");
    evidence
}

fn named<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn n_beside_the_metrics_is_theirs() {
    let evidence = of(
        r#"{"dataset": "diabetes", "n": 177, "r2_score": -7.256478029527003e-05, "rmse": 72.6, "f1_macro": 0.5}"#,
    );
    let names: Vec<_> = evidence.measurements.iter().map(|m| (&*m.metric, m.n)).collect();
    assert_eq!(
        names,
        [("r2", Some(177)), ("root_mean_squared_error", Some(177)), ("f1_macro", Some(177))]
    );
    assert_eq!(evidence.dataset.unwrap().name.as_deref(), Some("diabetes"));
}

#[test]
fn one_plain_name_needs_company() {
    for text in [
        r#"{"accuracy": 0.5, "n": 10}"#,
        r#"{"accuracy": 0.5, "confusion_matrix": [[2, 1], [4, 3]]}"#,
        r#"{"accuracy_score": 0.5}"#,
    ] {
        assert_eq!(
            of(text).measurements[0].successes,
            Some(5).filter(|_| text.contains('[') || text.contains("10"))
        );
    }
}

#[test]
fn n_of_one_part_is_not_that_of_another() {
    let evidence =
        of(r#"{"n_test": 10, "train_accuracy": 0.5, "test_accuracy": 0.5, "accuracy": 0.5}"#);
    let read: Vec<_> = evidence.measurements.iter().map(|m| (&*m.metric, m.n)).collect();
    assert_eq!(
        read,
        [("train_accuracy", None), ("test_accuracy", Some(10)), ("accuracy", Some(10))]
    );
}

#[test]
fn accuracy_is_a_proportion_of_n() {
    let evidence = of(
        r#"{"n_test": 171, "accuracy_score": 0.9590643274853801, "recall_score": 0.9626168224299065}"#,
    );
    let accuracy = named(&evidence, "accuracy_score");
    assert_eq!((accuracy.trials, accuracy.successes), (Some(171), Some(164)));
    assert_eq!(
        (named(&evidence, "recall_score").n, named(&evidence, "recall_score").trials),
        (Some(171), None)
    );
}

#[test]
fn a_confusion_matrix_gives_exact_counts() {
    for matrix in
        [r#""confusion_matrix": [[61, 3], [4, 103]]"#, r#""tn": 61, "fp": 3, "fn": 4, "tp": 103"#]
    {
        let evidence = of(&format!(
            r#"{{"accuracy": 0.9590643274853801, "recall": 0.9626168224299065, "precision": 0.5, {matrix}}}"#
        ));
        assert_eq!(
            (named(&evidence, "accuracy").n, named(&evidence, "accuracy").successes),
            (Some(171), Some(164)),
            "{matrix}"
        );
        assert_eq!(
            (named(&evidence, "recall").trials, named(&evidence, "precision").trials),
            (Some(107), None)
        );
    }
    let apart = of(r#"{"accuracy": 0.5, "f1": 0.5, "confusion_matrix": [[61, 3], [4, 103]]}"#);
    assert_eq!(
        (named(&apart, "accuracy").known_trials(), named(&apart, "f1").n),
        (None, Some(171))
    );
}

#[test]
fn parts_of_the_data_are_slices_and_other_objects_paths() {
    let parts =
        of(r#"{"model": "ridge", "train": {"n": 10, "r2_score": 0.9}, "test": {"r2_score": 0.5}}"#);
    let slices: Vec<_> = parts
        .measurements
        .iter()
        .map(|m| (m.slice.0.get("dataset").map(String::as_str), m.n))
        .collect();
    assert_eq!(slices, [(Some("train"), Some(10)), (Some("test"), None)]);
    let groups = of(
        r#"{"accuracy": 0.5, "n": 30, "f1": 0.5, "by_sex": {"female": {"accuracy": 0.5, "n": 10}}, "params": {"C": 1}}"#,
    );
    let female = named(&groups, "by_sex.female.accuracy");
    assert_eq!(
        (&*female.metric, female.n, female.trials, female.slice.is_overall()),
        ("by_sex.female.accuracy", Some(10), None, true)
    );
    assert!(groups.warnings.iter().any(|w| w.contains("`params`")), "{:?}", groups.warnings);
    let wrapped = of(r#"{"n_samples": 2, "metrics": {"accuracy_score": 0.5}}"#);
    assert_eq!(
        (named(&wrapped, "accuracy_score").n, named(&wrapped, "accuracy_score").successes),
        (Some(2), Some(1))
    );
}

#[test]
fn a_report_within_is_read_as_one() {
    let evidence = of(
        r#"{"roc_auc_score": 0.9, "classification_report": {"1": {"precision": 0.5, "recall": 1.0, "f1-score": 0.6, "support": 2.0}, "accuracy": 0.5}}"#,
    );
    assert_eq!(
        (named(&evidence, "recall").n, named(&evidence, "recall").slice.to_string().contains('1')),
        (Some(2), true)
    );
}

#[test]
fn what_is_not_a_number_is_left_out_with_a_warning() {
    let evidence = of(
        r#"{"accuracy_score": NaN, "f1_score": "NaN", "recall_score": null, "model": "x", "ok": true, "y": [[1]], "f1s": [0.5, 0.25], "sha": null}"#,
    );
    let values: Vec<_> =
        evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value)).collect();
    assert_eq!(
        values,
        [
            ("accuracy_score", None),
            ("f1_score", None),
            ("recall_score", None),
            ("f1s[0]", Some(0.5)),
            ("f1s[1]", Some(0.25))
        ]
    );
    assert!(
        evidence.warnings.iter().any(|w| w.contains("`model`; `ok`; `y`; `sha`")),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn keys_of_other_tools_make_it_theirs() {
    for other in [
        r#"{"accuracy": 0.5, "loss": 1, "step": 3}"#,
        r#"{"r2_score": 0.5, "val/loss": 1}"#,
        r#"{"r2_score": 1, "equalized_odds_ratio": 1}"#,
        r#"{"loss": 0.5}"#,
        r#"{"accuracy": 0.5}"#,
        r#"{"accuracy": 0.5, "model": "x"}"#,
        r#"{"accuracy": {"female": 0.5}}"#,
        r#"{"metrics": {"accuracy": 0.5}}"#,
        r#"{"x": {"accuracy": 1, "f1": 1}}"#,
    ] {
        assert!(
            !read(other.as_bytes(), None)
                .is_ok_and(|evidence| evidence.format == "sklearn-metrics"),
            "{other}"
        );
    }
}
