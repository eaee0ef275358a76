use super::*;
use crate::evidence::json::parse;

fn of(text: &str) -> Rows {
    let json = parse(text.as_bytes()).unwrap();
    let facts: Vec<_> = members(json.as_object().unwrap()).collect();
    Rows::of(&facts, &BARE, None)
}

/// The number of tested rows is used, whatever words state it.
#[test]
fn rows_that_were_tested_win() {
    for text in [
        r#"{"n": 2000, "r2": 0.5}"#,
        r#"{"n_samples": 10000, "n_train": 8000, "n_test": 2000}"#,
        r#"{"n_samples": 10000, "training_set_size": 8000, "test_set_size": 2000}"#,
        r#"{"training_examples": 8000, "test_examples": 2000, "num_examples": 10000}"#,
        r#"{"training_samples": 8000, "test_samples": 2000, "n": 10000}"#,
        r#"{"n_samples": 10000, "test_size": 2000}"#,
        r#"{"n_samples": 10000, "train_rows": 8000, "test_rows": 2000}"#,
        r#"{"num_rows": 10000, "numTestRows": 2000}"#,
        r#"{"dataset_size": 10000, "holdout_size": 2000, "test_fraction": 0.2}"#,
        r#"{"total_samples": 10000, "eval_samples": 2000, "cv_folds": 5}"#,
        r#"{"n_samples": 10000, "number_of_test_samples": 2000}"#,
        r#"{"n_samples": 10000, "rows_evaluated": 2000}"#,
        r#"{"n_samples": 2000, "split": "test"}"#,
        r#"{"n_samples": 2000, "test_accuracy": 0.96, "test_time": 0.5, "holdout_auc": 0.9}"#,
        r#"{"n_samples": 2000, "min_samples_split": 2, "n_estimators": 100, "random_state": 42}"#,
        r#"{"n_test": 2000, "test_samples": 2000, "eval_samples_per_second": 97.7}"#,
    ] {
        let rows = of(text);
        assert_eq!((rows.n, rows.warning), (Some(2000), None), "{text}");
    }
}

/// A count that may be the whole data set is not used as n, and a warning says why.
#[test]
fn what_may_be_all_rows_is_unknown() {
    for (text, why) in [
        (r#"{"n_samples": 10000, "test_size": 0.2}"#, "`test_size`"),
        (r#"{"n_samples": 10000, "test_size": "20%"}"#, "`test_size`"),
        (r#"{"n_samples": 10000, "cv_folds": 5}"#, "`cv_folds`"),
        (r#"{"n_samples": 10000, "cv": 5}"#, "`cv`"),
        (r#"{"n": 10000, "n_splits": 5}"#, "`n_splits`"),
        (r#"{"n": 10000, "k_fold": 5}"#, "`k_fold`"),
        (r#"{"n": 10000, "cross_validation": "5-fold"}"#, "`cross_validation`"),
        (r#"{"n_samples": 10000, "n_train": 8000}"#, "`n_train`"),
        (r#"{"n_samples": 10000, "train_accuracy": 0.99}"#, "`train_accuracy`"),
        (r#"{"num_rows": 10000, "train_test_split": 0.2}"#, "`train_test_split`"),
        (r#"{"num_rows": 10000, "split": "80/20"}"#, "`split`"),
        (r#"{"num_samples": 10000, "validation_split": 0.1}"#, "`validation_split`"),
        (r#"{"num_samples": 10000, "holdout_fraction": 0.1}"#, "`holdout_fraction`"),
        (r#"{"n_samples": 10000, "dataset_size": 10000}"#, "`dataset_size`"),
        (r#"{"n": 2000, "total_rows": 10000}"#, "`total_rows`"),
        (r#"{"n_samples": 10000, "val_accuracy": 0.9}"#, "`val_accuracy`"),
        (r#"{"accuracy": 0.96, "n_samples": 10000, "holdout": 0.2}"#, "`holdout`"),
        (r#"{"n_samples": 10000, "test": 0.25}"#, "`test`"),
        (r#"{"n_samples": 10000, "hold_out": "20%"}"#, "`hold_out`"),
        (r#"{"n_samples": 10000, "eval_part": 0.1}"#, "`eval_part`"),
        (r#"{"n_samples": 10000, "outOfTime": 0.1}"#, "`outOfTime`"),
        (r#"{"n_samples": 10000, "test_set": 0.3}"#, "`test_set`"),
    ] {
        let rows = of(text);
        assert_eq!((rows.n, rows.stated), (None, true), "{text}");
        let warning = rows.warning.unwrap();
        assert!(warning.contains(why) && warning.contains("state `n_test`"), "{text}: {warning}");
    }
}

#[test]
fn counts_that_contradict_each_other_say_nothing() {
    for text in [
        r#"{"n": 5, "n_samples": 6}"#,
        r#"{"n_samples": 5, "row_count": 6}"#,
        r#"{"n_test": 5, "test_samples": 6}"#,
        r#"{"n_test": 5, "eval_samples": 6}"#,
        r#"{"n_test": 600, "n_samples": 500}"#,
        r#"{"n_test": 600, "n_train": 600, "dataset_size": 1000}"#,
    ] {
        let rows = of(text);
        assert!(
            rows.n.is_none() && rows.warning.is_some_and(|w| w.ends_with("n is taken as unknown")),
            "{text}"
        );
    }
    assert_eq!([of(r#"{"n": 0.2}"#).n, of(r#"{"n": "x"}"#).n, of("{}").n], [None; 3]);
}

#[test]
fn a_part_of_the_data_has_rows_of_its_own() {
    let json =
        parse(br#"{"n": 9, "train_samples": 4, "n_test": 5, "test_n": 5, "n_val": 2, "val_n": 3}"#)
            .unwrap();
    let part = |part: &str| Rows::of_part(members(json.as_object().unwrap()), part).n;
    assert_eq!(
        ["train", "test", "val", "holdout", "other"].map(part),
        [Some(4), Some(5), None, None, None]
    );
}

#[test]
fn division_is_found_anywhere_but_in_reports() {
    let json =
        parse(br#"{"a": {"params": {"test_size": 0.2}}, "report": {"train": {"support": 3}}}"#)
            .unwrap();
    let object = json.as_object().unwrap();
    assert_eq!(divided_below(object, &|_| false), Some("test_size"));
    let report = parse(br#"{"report": {"train": {"support": 3}}}"#).unwrap();
    let skip = |object: &Object<'_>| object.iter().any(|m| m.value.get("support").is_some());
    assert_eq!(divided_below(report.as_object().unwrap(), &skip), None);
}
