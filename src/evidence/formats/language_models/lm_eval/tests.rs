use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice};

fn evidence(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "lm-eval");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str, task: &str) -> &'e Measurement {
    let slice = Slice::one("task", task);
    evidence.measurements.iter().find(|m| m.source_name == name && m.slice == slice).unwrap()
}

#[test]
fn n_is_the_rows_that_were_evaluated_and_acc_has_its_count() {
    let evidence = evidence(
        r#"{"results": {"arc": {"alias": "arc", "acc,none": 0.7, "acc_stderr,none": "N/A", "f1,none": 88.5}},
            "versions": {}, "n-shot": {}, "n-samples": {"arc": {"original": 100, "effective": 10}}, "date": 1715000000.5}"#,
    );
    let acc = of(&evidence, "acc,none", "arc");
    assert_eq!(
        (acc.metric.as_str(), acc.n, acc.trials, acc.successes),
        ("accuracy", Some(10), Some(10), Some(7))
    );
    assert_eq!(of(&evidence, "acc_stderr,none", "arc").value, None);
    // Not our f1, whose maximum is 1.
    assert_eq!(of(&evidence, "f1,none", "arc").value, Some(88.5));
    assert_eq!(evidence.produced_at.unwrap().micros(), 1_715_000_000_500_000);
    assert!(
        evidence.warnings.iter().any(|w| w.contains("10 of 100 rows of `arc`")),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn an_acc_that_counts_nothing_has_no_successes() {
    let text = r#"{"results": {"mc2": {"acc,none": 0.4512345678901234}}, "versions": {}, "n-samples": {"mc2": {"effective": 817}}}"#;
    let evidence = evidence(text);
    let acc = of(&evidence, "acc,none", "mc2");
    assert_eq!((acc.n, acc.trials, acc.successes), (Some(817), None, None));
}

#[test]
fn an_acc_that_is_right_in_part_has_no_successes() {
    // √(0.5 · 0.5 / 19) is the standard error of 10 rows of 20; marks of 0.5 on every second row have a smaller one.
    for (error, counts) in [
        ("0.11470786693528087", Some((20, 10))),
        ("0.1147", Some((20, 10))),
        ("0.08", None),
        ("\"N/A\"", Some((20, 10))),
    ] {
        let evidence = evidence(&format!(
            r#"{{"results": {{"t": {{"acc,none": 0.5, "acc_stderr,none": {error}}}}}, "versions": {{}},
                "n-samples": {{"t": {{"effective": 20}}}}}}"#
        ));
        let acc = of(&evidence, "acc,none", "t");
        assert_eq!((acc.n, acc.trials.zip(acc.successes)), (Some(20), counts), "{error}");
        assert_eq!(acc.metric == "accuracy", counts.is_some(), "{error}");
    }
}

#[test]
fn groups_are_averages() {
    let evidence = evidence(
        r#"{"results": {"a": {"acc,none": 0.5}, "g": {"acc,none": 0.5, "sample_count": {"acc,none": 240}}},
            "groups": {"g": {"acc,none": 0.5}, "h": {"acc,none": 0.25}}, "versions": {}, "higher_is_better": {},
            "group_subtasks": {"g": ["a"], "a": []}}"#,
    );
    assert!(!of(&evidence, "acc,none", "a").aggregate);
    let group = of(&evidence, "acc,none", "g");
    assert_eq!((group.aggregate, group.n, group.known_trials()), (true, Some(240), None));
    assert!(of(&evidence, "acc,none", "h").aggregate);
    assert_eq!(evidence.measurements.len(), 3);
}

#[test]
fn version_0_3_has_plain_names_and_no_n() {
    let evidence = evidence(
        r#"{"results": {"lambada": {"ppl": 4.2, "ppl_stderr": 0.1, "acc": 0.6}}, "versions": {"lambada": 0},
            "config": {"model": "gpt2", "bootstrap_iters": 100000}}"#,
    );
    assert_eq!(of(&evidence, "acc", "lambada").metric, "accuracy");
    assert!(evidence.measurements.iter().all(|m| m.n.is_none()));
}

#[test]
fn nothing_evaluated_is_a_failed_check() {
    let empty = evidence(r#"{"results": {}, "versions": {}, "n-shot": {}}"#);
    assert!(!empty.checks[0].passed);
    let bare = evidence(r#"{"results": {"a": {"alias": "a"}}, "versions": {}, "n-shot": {}}"#);
    assert_eq!(bare.checks[0].name, "task a");
    let unscored = evidence(
        r#"{"results": {"a": {"bypass,none": 999, "bypass_stderr,none": "N/A"}}, "versions": {}, "n-shot": {}}"#,
    );
    assert!(!unscored.checks[0].passed);
    let named = evidence(
        r#"{"results": {"a": {"acc,none": 1}, "g": {"alias": "g"}}, "versions": {}, "n-shot": {}, "group_subtasks": {"g": ["a"]}}"#,
    );
    assert_eq!(named.checks, []);
    let none = evidence(
        r#"{"results": {"a": {"acc,none": NaN}}, "versions": {}, "n-shot": {}, "n-samples": {"a": {"effective": 0}}}"#,
    );
    assert!(!none.checks[0].passed && none.measurements[0].value.is_none());
}

#[test]
fn what_is_no_task_is_refused_with_its_place() {
    let error =
        read(b"{\"results\":\n {\"a\": 3}, \"versions\": {}, \"n-shot\": {}}", None).unwrap_err();
    assert_eq!(error.code(), "evidence-invalid");
    assert!(error.to_string().contains("line 2, column 8"), "{error}");
    assert_eq!(read(b"[1, 2]", Some("lm-eval")).unwrap_err().code(), "evidence-invalid");
}

fn sample(id: u32, filter: &str, metrics: &str) -> String {
    format!(
        "{{\"doc_id\": {id}, \"doc\": {{}}, \"target\": \"a\", \"filtered_resps\": [], \"filter\": \"{filter}\", {metrics}}}"
    )
}

#[test]
fn samples_become_proportions_only_where_every_row_is_0_or_1() {
    let rows = [
        sample(0, "none", "\"acc\": 1.0, \"nll\": 2.5"),
        sample(1, "none", "\"acc\": 0.0, \"nll\": 1.0"),
    ];
    for text in [rows.join("\n"), format!("[{}]", rows.join(",\n"))] {
        let evidence = evidence(&text);
        let acc = evidence.measurements.iter().find(|m| m.source_name == "acc").unwrap();
        assert_eq!(
            (acc.metric.as_str(), acc.value, acc.trials, acc.successes),
            ("accuracy", Some(0.5), Some(2), Some(1))
        );
        assert_eq!(evidence.measurements[0].value, Some(2.0));
        assert!(
            evidence.warnings.iter().any(|w| w == "not read: `nll`"),
            "{:?}",
            evidence.warnings
        );
    }
}

#[test]
fn samples_of_two_filters_are_told_apart() {
    let rows = [
        sample(0, "strict", "\"exact_match\": 0.0"),
        sample(0, "flexible", "\"exact_match\": 1.0"),
    ]
    .join("\n");
    let evidence = evidence(&rows);
    let of =
        |name: &str| evidence.measurements.iter().find(|m| m.source_name == name).unwrap().value;
    assert_eq!(
        (of("exact_match,strict"), of("exact_match,flexible"), of("rows")),
        (Some(0.0), Some(1.0), Some(1.0))
    );
}

#[test]
fn a_line_of_samples_that_breaks_off_is_a_syntax_error() {
    let text = format!("{}\n{{\"doc_id\": 1, ", sample(0, "none", "\"acc\": 1.0"));
    assert_eq!(read(text.as_bytes(), None).unwrap_err().code(), "evidence-syntax");
}
