use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice};

fn frame(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "fairlearn-metric-frame");
    evidence
}

fn of<'e>(evidence: &'e Evidence, groups: &[(&str, &str)], name: &str) -> &'e Measurement {
    let slice =
        Slice(groups.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect());
    evidence.measurements.iter().find(|m| m.slice == slice && m.source_name == name).unwrap()
}

/// 44 of 301 positives and 5 of 768 negatives are predicted positive, as json.dump writes the
/// rates.
const FEMALE: &str = r#"{"accuracy": 0.754911131898971, "selection_rate": 0.04583723105706267, "true_positive_rate": 0.1461794019933555, "false_positive_rate": 0.006510416666666667, "count": 1069.0}"#;
const NOBODY: &str = r#"{"accuracy": NaN, "selection_rate": NaN, "true_positive_rate": NaN, "false_positive_rate": NaN, "count": NaN}"#;

#[test]
fn the_rates_of_a_group_determine_the_trials_of_each() {
    let evidence = frame(&format!(
        r#"{{"overall": {FEMALE}, "by_group": {{"F": {FEMALE}, "X": {NOBODY}}}, "difference": {{"accuracy": 0.1}}}}"#
    ));
    let counts = |groups: &[(&str, &str)], name| {
        let m = of(&evidence, groups, name);
        (m.n, m.successes, m.trials)
    };
    let female = [("sensitive_feature_0", "F")];
    assert_eq!(counts(&female, "true_positive_rate"), (Some(1069), Some(44), Some(301)));
    assert_eq!(counts(&female, "false_positive_rate"), (Some(1069), Some(5), Some(768)));
    assert_eq!(counts(&female, "selection_rate"), (Some(1069), Some(49), Some(1069)));
    assert_eq!(counts(&[], "accuracy"), (Some(1069), Some(807), Some(1069)));
    assert_eq!(counts(&[("sensitive_feature_0", "X")], "accuracy"), (None, None, None));
    assert_eq!(
        (
            of(&evidence, &[], "difference:accuracy").n,
            of(&evidence, &[], "difference:accuracy").value
        ),
        (Some(1069), Some(0.1))
    );
}

#[test]
fn control_features_come_before_sensitive_ones() {
    let text = format!(
        r#"{{"overall": {{"<=25": {FEMALE}, "26|40": {FEMALE}}}, "by_group": {{"<=25|F": {FEMALE}, "26|40|F|x": {FEMALE}}},
            "ratio": {{"<=25": {{"accuracy": 0.9}}}}, "sensitive_features": "sex", "control_features": ["age"]}}"#
    );
    let evidence = frame(&text);
    assert_eq!(of(&evidence, &[("age", "<=25")], "accuracy").n, Some(1069));
    assert_eq!(of(&evidence, &[("age", "26|40"), ("sex", "F|x")], "accuracy").n, Some(1069));
    assert_eq!(of(&evidence, &[("age", "<=25")], "ratio:accuracy").value, Some(0.9));
}

#[test]
fn every_shape_of_by_group_is_read() {
    let name = [("sensitive_feature_0", "F")];
    for text in [
        r#"{"selection_rate":{"F":0.5,"M":0.25},"count":{"F":4.0,"M":8.0}}"#,
        r#"{"F":{"selection_rate":0.5,"count":4.0},"M":{"selection_rate":0.25,"count":8.0}}"#,
        r#"{"columns":["selection_rate","count"],"index":["F","M"],"data":[[0.5,4.0],[0.25,8.0]]}"#,
    ] {
        assert_eq!(of(&frame(text), &name, "selection_rate").successes, Some(2), "{text}");
    }
    assert_eq!(
        of(&frame(",selection_rate,count\nF,0.5,4.0\n"), &name, "selection_rate").trials,
        Some(4)
    );
    let named = [("race", "B"), ("sex", "F")];
    for text in [
        r#"[{"race":"B","sex":"F","selection_rate":0.5,"count":4.0}]"#,
        r#"{"schema":{"fields":[]},"data":[{"race":"B","sex":"F","selection_rate":0.5,"count":4.0}]}"#,
        "race,sex,selection_rate,count\nB,F,0.5,4.0\nB,M,,\n",
        ",race,sex,selection_rate,count\n0,B,F,0.5,4.0\n1,B,M,,\n",
    ] {
        assert_eq!(of(&frame(text), &named, "selection_rate").trials, Some(4), "{text}");
    }
    let tuples = r#"{"selection_rate":{"('B', 'F')":0.5,"('W', 'M')":0.25},"count":{"('B', 'F')":4.0,"('W', 'M')":8.0}}"#;
    assert_eq!(
        of(&frame(tuples), &[("sensitive_feature_0", "B"), ("sensitive_feature_1", "F")], "count")
            .value,
        Some(4.0)
    );
}

#[test]
fn frames_of_several_features_and_of_one_metric() {
    let evidence = frame(&format!(
        r#"{{"sex": {{"overall": {FEMALE}, "by_group": {{"F": {FEMALE}}}}}, "race": {{"overall": {FEMALE}, "by_group": {{"B": {FEMALE}}}}}}}"#
    ));
    assert_eq!(of(&evidence, &[("race", "B")], "accuracy").n, Some(1069));
    let one = frame(
        r#"{"metric": "accuracy_score", "overall": 0.75, "by_group": {"F": 0.5, "M": 1.0}, "difference": 0.5}"#,
    );
    assert_eq!(of(&one, &[("sensitive_feature_0", "F")], "accuracy_score").metric, "accuracy");
    assert_eq!(of(&one, &[], "difference:accuracy_score").value, Some(0.5));
}

#[test]
fn disparities_by_name() {
    let flat = frame(
        r#"{"demographic_parity_difference": 0.168, "equalized_odds_ratio": 0.07, "accuracy_score_group_min": 0.5}"#,
    );
    assert_eq!(flat.measurements.len(), 3);
    let nested = frame(
        r#"{"sex": {"demographic_parity_ratio": 0.9}, "race": {"demographic_parity_ratio": 0.8}}"#,
    );
    assert_eq!(
        of(&nested, &[], "race.demographic_parity_ratio").metric,
        "demographic_parity_ratio"
    );
}

#[test]
fn an_empty_frame_is_a_failed_check_and_nonsense_is_refused() {
    let empty = frame(r#"{"overall": {}, "by_group": {}}"#);
    assert!(empty.measurements.is_empty() && !empty.checks[0].passed);
    for text in ["", "[]", "{}", "a,b\n1,2\n", r#"{"by_group": 3}"#] {
        assert!(read(text.as_bytes(), Some("fairlearn-metric-frame")).is_err(), "{text}");
    }
}
