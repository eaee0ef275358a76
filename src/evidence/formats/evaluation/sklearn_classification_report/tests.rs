use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice};

fn report(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "sklearn-classification-report");
    evidence
}

fn of<'e>(evidence: &'e Evidence, class: &str, metric: &str) -> &'e Measurement {
    evidence
        .measurements
        .iter()
        .find(|m| m.slice == Slice::one("class", class) && m.metric == metric)
        .unwrap()
}

/// Rows of scikit-learn's report on its breast-cancer data: 61 of 64 and 103 of 107 right.
const BINARY: &str = r#"{
  "0": {"precision": 0.9384615384615385, "recall": 0.953125, "f1-score": 0.9457364341085271, "support": 64.0},
  "1": {"precision": 0.9716981132075472, "recall": 0.9626168224299065, "f1-score": 0.9671361502347418, "support": 107.0},
  "accuracy": 0.9590643274853801,
  "macro avg": {"precision": 0.9550798258345428, "recall": 0.9578709112149533, "f1-score": 0.9564362921716345, "support": 171.0},
  "weighted avg": {"precision": 0.9592586934195674, "recall": 0.9590643274853801, "f1-score": 0.959126899754755, "support": 171.0}
}"#;

#[test]
fn supports_recall_and_precision_give_the_counts() {
    let evidence = report(BINARY);
    let counts = |m: &Measurement| (m.n, m.successes, m.trials);
    assert_eq!(counts(of(&evidence, "1", "recall")), (Some(107), Some(103), Some(107)));
    assert_eq!(counts(of(&evidence, "1", "precision")), (Some(107), Some(103), Some(106)));
    assert_eq!(counts(of(&evidence, "0", "precision")), (Some(64), Some(61), Some(65)));
    assert_eq!(counts(of(&evidence, "1", "f1")), (Some(107), None, None));
    let accuracy = evidence.measurements.iter().find(|m| m.metric == "accuracy").unwrap();
    assert_eq!(counts(accuracy), (Some(171), Some(164), Some(171)));
    assert!(accuracy.slice.is_overall() && !accuracy.aggregate);
    let average = of(&evidence, "macro avg", "recall");
    assert!(average.aggregate);
    assert_eq!(counts(average), (Some(171), None, None));
    assert_eq!(of(&evidence, "1", "f1").source_name, "f1-score");
    assert!(evidence.warnings.is_empty());
}

#[test]
fn a_value_written_short_in_a_report_of_full_doubles_is_exact() {
    // json.dump writes 63 of 70 as 0.9.
    let text = BINARY.replace("0.953125", "0.9").replace("64.0", "70.0");
    assert_eq!(of(&report(&text), "0", "recall").successes, Some(63));
}

#[test]
fn a_rounded_report_is_only_as_exact_as_its_digits() {
    let text = r#"{"a": {"precision": 0.91, "recall": 0.91, "f1-score": 0.91, "support": 1400},
                   "macro avg": {"precision": 0.91, "recall": 0.91, "f1-score": 0.91, "support": 1400}, "accuracy": 0.91}"#;
    let evidence = report(text);
    let recall = of(&evidence, "a", "recall");
    assert_eq!((recall.rounding, recall.trials, recall.successes), (0.005, Some(1400), None));
    assert_eq!(of(&evidence, "a", "precision").trials, None);
}

#[test]
fn nan_is_undefined_and_zero_support_gives_no_trials_to_speak_of() {
    let text = BINARY
        .replace(r#""recall": 0.953125"#, r#""recall": NaN"#)
        .replace("64.0", "0.0")
        .replace("171.0", "107.0");
    let evidence = report(&text);
    let recall = of(&evidence, "0", "recall");
    assert_eq!((recall.value, recall.n, recall.trials), (None, Some(0), Some(0)));
    assert_eq!(evidence.warnings, ["undefined, and never a pass: recall of `0` is NaN"]);
}

#[test]
fn weights_leave_n_unknown() {
    let evidence = report(&BINARY.replace("107.0", "107.5"));
    let recall = of(&evidence, "1", "recall");
    assert_eq!((recall.n, recall.trials, recall.successes), (None, None, None));
    assert!(
        evidence.warnings.iter().any(|w| w.contains("sample weights")),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn weights_that_add_up_to_whole_numbers_leave_n_unknown_too() {
    // `sample_weight` of 0.5 and 1.5 alternating: 3 of the 4 rows of `a` weigh 3.0 of 4.0, rows of
    // `b` 2.5 of 4.0.
    let text = r#"{"a": {"precision": 0.6666666666666666, "recall": 0.75, "f1-score": 0.7058823529411765, "support": 4.0},
        "b": {"precision": 0.7142857142857143, "recall": 0.625, "f1-score": 0.6666666666666666, "support": 4.0}, "accuracy": 0.6875,
        "macro avg": {"precision": 0.6904761904761905, "recall": 0.6875, "f1-score": 0.6862745098039216, "support": 8.0}}"#;
    let evidence = report(text);
    assert_eq!(of(&evidence, "b", "recall").trials, None);
    let accuracy = evidence.measurements.iter().find(|m| m.metric == "accuracy").unwrap();
    assert_eq!(
        (accuracy.n, accuracy.trials, of(&evidence, "macro avg", "recall").n),
        (None, None, None)
    );
    // The supports of the classes are fractions, those of the averages add up to a whole number.
    let evidence = report(&BINARY.replace("64.0", "63.5").replace("107.0", "107.5"));
    assert!(evidence.measurements.iter().all(|m| m.n.is_none() && m.trials.is_none()));
}

/// What pandas 3 makes of `DataFrame(report)` and of its transpose, shortened.
#[test]
fn a_frame_is_read_in_every_shape() {
    let rows = r#"{"x":{"precision":0.8965517241,"recall":0.9811320755,"f1-score":0.9369369369,"support":53.0},
        "accuracy":{"precision":0.951048951,"recall":0.951048951,"f1-score":0.951048951,"support":0.951048951},
        "y":{"precision":0.9882352941,"recall":0.9333333333,"f1-score":0.96,"support":90.0},
        "macro avg":{"precision":0.9423935091,"recall":0.9572327044,"f1-score":0.9484684685,"support":143.0}}"#;
    let columns = r#"{"precision":{"x":0.8965517241,"y":0.9882352941,"accuracy":0.951048951,"macro avg":0.9423935091},
        "recall":{"x":0.9811320755,"y":0.9333333333,"accuracy":0.951048951,"macro avg":0.9572327044},
        "f1-score":{"x":0.9369369369,"y":0.96,"accuracy":0.951048951,"macro avg":0.9484684685},
        "support":{"x":53.0,"y":90.0,"accuracy":0.951048951,"macro avg":143.0}}"#;
    let records = r#"[{"index":"x","precision":0.8965517241,"recall":0.9811320755,"f1-score":0.9369369369,"support":53.0},
        {"index":"y","precision":0.9882352941,"recall":0.9333333333,"f1-score":0.96,"support":90.0},
        {"index":"accuracy","precision":0.951048951,"recall":0.951048951,"f1-score":0.951048951,"support":0.951048951},
        {"index":"macro avg","precision":0.9423935091,"recall":0.9572327044,"f1-score":0.9484684685,"support":143.0}]"#;
    let split = r#"{"columns":["precision","recall","f1-score","support"],"index":["x","y","accuracy","macro avg"],
        "data":[[0.8965517241,0.9811320755,0.9369369369,53.0],[0.9882352941,0.9333333333,0.96,90.0],
        [0.951048951,0.951048951,0.951048951,0.951048951],[0.9423935091,0.9572327044,0.9484684685,143.0]]}"#;
    let across = ",x,y,accuracy,macro avg,weighted avg\nprecision,0.8965517241,0.9882352941,0.951048951,0.9423935091,0.9542616\n\
        recall,0.9811320755,0.9333333333,0.951048951,0.9572327044,0.951048951\nf1-score,0.9369369369,0.96,0.951048951,0.9484684685,0.9514521\n\
        support,53.0,90.0,0.951048951,143.0,143.0\n";
    for text in [rows, columns, records, split, across] {
        let evidence = report(text);
        let counts = |m: &Measurement| (m.n, m.successes, m.trials);
        assert_eq!(counts(of(&evidence, "x", "recall")), (Some(53), Some(52), Some(53)), "{text}");
        assert_eq!(
            counts(of(&evidence, "y", "precision")),
            (Some(90), Some(84), Some(85)),
            "{text}"
        );
        let accuracy: Vec<_> =
            evidence.measurements.iter().filter(|m| m.metric == "accuracy").collect();
        assert_eq!(accuracy.len(), 1, "{text}");
        assert_eq!(counts(accuracy[0]), (Some(143), Some(136), Some(143)), "{text}");
        assert!(of(&evidence, "macro avg", "recall").aggregate);
    }
    for broken in [columns.replace(r#""y":90.0,"#, ""), across.replace(",90.0", "")] {
        assert!(crate::evidence::read(broken.as_bytes(), None).is_err(), "{broken}");
    }
}

#[test]
fn a_class_hidden_behind_an_average_is_noticed() {
    // A report with the classes `a` and `macro avg`, after scikit-learn has overwritten one of
    // them.
    let text = BINARY.replace(r#""0": {"precision": 0.9384615384615385, "recall": 0.953125, "f1-score": 0.9457364341085271, "support": 64.0},"#, "");
    let evidence = report(&text);
    assert!(
        evidence.warnings[0].contains("add up to 107, those of the averages say 171"),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn a_class_called_accuracy_is_a_class() {
    let evidence = report(
        &BINARY
            .replace("\"0\"", "\"accuracy \"")
            .replace("\"accuracy\": 0.9590643274853801,", "")
            .replace("\"accuracy \"", "\"accuracy\""),
    );
    assert_eq!(of(&evidence, "accuracy", "recall").successes, Some(61));
}

#[test]
fn numbers_beside_the_rows_are_kept_without_n() {
    let evidence = report(&BINARY.replacen('{', r#"{"roc_auc": 0.9923, "model": "forest","#, 1));
    assert_eq!(
        (evidence.measurements[0].metric.as_str(), evidence.measurements[0].n),
        ("roc_auc", None)
    );
    assert!(evidence.warnings[0].contains("`model`"), "{:?}", evidence.warnings);
}

const TEXT: &str = "              precision    recall  f1-score   support\n\n   class one       0.90      0.98      0.94        53\n           \
    1       0.99      0.93      0.96        90\n\n    accuracy                           0.95       143\n   macro avg       0.94      0.96      0.95       143\n\
    weighted avg       0.95      0.95      0.95       143\n";

#[test]
fn a_report_may_be_text_or_a_frame() {
    let frame = ",precision,recall,f1-score,support\nclass one,0.8965,0.9811,0.9369,53.0\n1,0.9882,0.9333,0.96,90.0\naccuracy,0.951,0.951,0.951,0.951\n\
        macro avg,0.94,0.95,0.94,143.0\nweighted avg,0.95,0.95,0.95,143.0\n";
    for text in [TEXT, frame] {
        let evidence = crate::evidence::read(text.as_bytes(), None).unwrap();
        assert_eq!(evidence.format, "sklearn-classification-report");
        let recall = evidence
            .measurements
            .iter()
            .find(|m| m.metric == "recall" && m.slice.to_string().contains("class one"))
            .unwrap();
        assert_eq!((recall.n, recall.trials, recall.successes), (Some(53), Some(53), Some(52)));
        let accuracy = evidence.measurements.iter().find(|m| m.metric == "accuracy").unwrap();
        assert_eq!((accuracy.n, accuracy.slice.is_overall()), (Some(143), true));
        assert!(evidence.measurements.iter().any(|m| m.aggregate && m.n == Some(143)));
    }
}

#[test]
fn a_table_that_is_broken_is_refused_with_its_line() {
    for (text, line) in [
        (TEXT.replace("0.99      0.93", "0.99      x"), "line 4"),
        (TEXT.replace("class one", "        1"), "line 4"),
        (TEXT.get(..130).unwrap().to_owned(), "line 4"),
        (",precision,recall,f1-score,support\n1,0.5\n".to_owned(), "line 2"),
    ] {
        let error = crate::evidence::read(text.as_bytes(), None).unwrap_err();
        assert!(error.to_string().contains(line), "{error}");
    }
}
