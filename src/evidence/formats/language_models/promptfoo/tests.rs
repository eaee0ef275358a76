use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

fn evidence(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "promptfoo");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name && m.slice.is_overall()).unwrap()
}

fn checks(evidence: &Evidence) -> Vec<(&str, bool)> {
    evidence.checks.iter().map(|c| (c.name.as_str(), c.passed)).collect()
}

#[test]
fn errors_are_no_failures_and_neither_passes() {
    let evidence = evidence(
        r#"{"evalId": "e", "results": {"version": 3, "timestamp": "2026-11-20T14:57:05.644Z", "stats": {"successes": 1, "failures": 1, "errors": 2, "durationMs": 9},
            "prompts": [{"label": "p", "provider": "x", "metrics": {"testPassCount": 1, "testFailCount": 1, "testErrorCount": 0, "totalLatencyMs": 4, "namedScores": {"tone": 1.5}}}],
            "results": [{"vars": {"a": "b'c"}, "provider": {"id": "x"}, "success": true, "score": 1},
                        {"vars": {"a": [1, null, true]}, "provider": "x", "success": false, "failureReason": 1, "error": "Expected"},
                        {"vars": {}, "provider": {"id": "x"}, "success": false, "failureReason": 2, "error": "boom"},
                        {"provider": {"id": "x"}, "success": false, "error": "boom"}]}}"#,
    );
    let rate = of(&evidence, "pass rate");
    assert_eq!(
        (rate.metric.as_str(), rate.value, rate.n, rate.trials, rate.successes),
        ("pass_rate", Some(0.25), Some(4), Some(4), Some(1))
    );
    assert_eq!(of(&evidence, "stats.errors").n, Some(4));
    assert_eq!(of(&evidence, "stats.durationMs").unit, Some(Unit::Milliseconds));
    assert_eq!(
        checks(&evidence),
        [
            ("{'a': \"b'c\"} [x]", true),
            ("{'a': [1, None, True]} [x]", false),
            ("{} [x]", false),
            ("{} [x]", false),
        ]
    );
    let told: Vec<_> = evidence
        .checks
        .iter()
        .map(|c| c.detail.as_deref().is_some_and(|d| d.starts_with("error")))
        .collect();
    assert_eq!(told, [false, false, true, true]);
    // The prompt has 2 of the 4 tests: the file does not say over how many its named score is a
    // sum.
    let tone = evidence.measurements.iter().find(|m| m.source_name == "namedScores.tone").unwrap();
    assert_eq!(
        (tone.value, tone.n, tone.slice.0.get("provider").map(String::as_str)),
        (Some(1.5), None, Some("x"))
    );
    assert!(evidence.warnings.iter().any(|w| w.starts_with("2 of 4 tests ended in an error")));
}

#[test]
fn older_summaries_have_no_errors_and_keep_their_prompts_in_a_table() {
    let evidence = evidence(
        r#"{"version": 2, "stats": {"successes": 1, "failures": 0}, "results": [{"provider": {"id": "x"}, "vars": {"a": 1}, "success": true}],
            "table": {"head": {"vars": ["a"], "prompts": [{"display": "p", "provider": "x", "metrics": {"score": 1}}]}, "body": []}}"#,
    );
    assert_eq!(of(&evidence, "pass rate").n, Some(1));
    assert_eq!(checks(&evidence), [("{'a': 1} [x]", true)]);
    assert!(
        evidence
            .measurements
            .iter()
            .any(|m| m.source_name == "score" && m.slice.0["prompt"] == "p")
    );
}

#[test]
fn a_table_alone_is_read_and_no_test_at_all_fails() {
    let evidence_of_table = evidence(
        r#"{"head": {"vars": ["a"], "prompts": [{"label": "p", "provider": "x"}, {"label": "q", "provider": "y"}]},
            "body": [{"vars": ["1"], "outputs": [{"pass": true}, {"pass": false, "failureReason": 2}]}]}"#,
    );
    assert_eq!(checks(&evidence_of_table), [("{'a': '1'} [x]", true), ("{'a': '1'} [y]", false)]);
    let empty = evidence(
        r#"{"results": {"version": 3, "stats": {"successes": 0, "failures": 0, "errors": 0}, "results": []}}"#,
    );
    assert_eq!(checks(&empty), [("tests", false)]);
    assert_eq!(of(&empty, "pass rate").value, None);
}

#[test]
fn rows_that_are_missing_are_told() {
    let evidence = evidence(
        r#"{"results": {"version": 3, "stats": {"successes": 3, "failures": 0, "errors": 0}, "results": [{"success": true}]}}"#,
    );
    assert!(
        evidence.warnings[0].contains("counts 3 tests, and there are 1 rows"),
        "{:?}",
        evidence.warnings
    );
    let text =
        r#"{"results": {"version": 3, "stats": {"successes": 3, "failures": 0}, "results": 7}}"#;
    assert_eq!(read(text.as_bytes(), None).unwrap_err().code(), "evidence-invalid");
}

#[test]
fn tables_of_text_are_read_with_and_without_a_status() {
    let now = evidence(
        "Description,q,[x] A {{q}},Status,Score,Named Scores,Grader Reason,Comment,B,Status,Score,Named Scores,Grader Reason,Comment\n\
         d,1,out,PASS,1.00,,good,,out,ERROR,0.00,,,\n,2,out,FAIL,0.50,,bad,,,,,,,\n",
    );
    assert_eq!(
        checks(&now),
        [("{'q': '1'} [x]", true), ("{'q': '2'} [x]", false), ("{'q': '1'} [B]", false)]
    );
    assert_eq!(of(&now, "errors").value, Some(1.0));
    assert!(now.warnings.iter().any(|w| w.contains("an output without a status")));
    let before =
        evidence("q,[x] A {{q}},Grader Reason,Comment\n1,[PASS] out,,\n2,[FAIL] (0.00) out,,\n");
    assert_eq!(checks(&before), [("{'q': '1'} [x]", true), ("{'q': '2'} [x]", false)]);
    let gap = evidence(
        "q,[x] A,Grader Reason,Comment,[y] A,Grader Reason,Comment\n1,[ERROR] out,,,,,\n2,,,,[PASS] out,,\n",
    );
    assert_eq!(checks(&gap), [("{'q': '1'} [x]", false), ("{'q': '2'} [y]", true)]);
    assert_eq!(read(b"q,[x] A\n1,fine\n", None).unwrap_err().code(), "evidence-not-understood");
}

#[test]
fn xml_says_what_json_says() {
    let evidence = evidence(
        "<promptfoo><evalId>e</evalId><results><stats><successes>1</successes><failures>0</failures><errors>0</errors>\
         <durationMs></durationMs></stats><prompts><label>12</label><provider>x</provider><metrics><testPassCount>1</testPassCount>\
         </metrics></prompts><results><provider><id>x</id></provider><vars><q>a &amp; b</q></vars><success>true</success>\
         </results></results></promptfoo>",
    );
    assert_eq!(checks(&evidence), [("{'q': 'a & b'} [x]", true)]);
    assert_eq!(of(&evidence, "stats.successes").n, Some(1));
    assert!(
        evidence
            .measurements
            .iter()
            .any(|m| m.source_name == "testPassCount" && m.slice.0["prompt"] == "12")
    );
    assert_eq!(
        read(b"<promptfoo><results></results></promptfoo>", None).unwrap_err().code(),
        "evidence-invalid"
    );
}

#[test]
fn junit_of_promptfoo_is_told_by_its_name() {
    let text = r#"<?xml version="1.0"?><testsuites errors="1" failures="0" name="promptfoo" tests="2"><testsuite name="[x] prompt 1" timestamp="2026-11-20T14:57:05.644Z">
        <testcase name="test 1: first" time="0.1"></testcase><testcase name="test 2"><error message="boom">Reason: boom</error></testcase></testsuite></testsuites>"#;
    let evidence = evidence(text);
    assert_eq!(
        checks(&evidence),
        [("test 1: first [x] prompt 1", true), ("test 2 [x] prompt 1", false)]
    );
    assert_eq!(of(&evidence, "pass rate").successes, Some(1));
    assert!(evidence.produced_at.is_some());
    assert_eq!(
        read(text.replace("promptfoo", "pytest").as_bytes(), Some("promptfoo")).unwrap_err().code(),
        "evidence-invalid"
    );
}

#[test]
fn names_of_checks_show_what_a_page_hides() {
    let evidence = evidence(
        "{\"results\": {\"stats\": {\"successes\": 1, \"failures\": 0}, \"results\": [{\"vars\": {\"a\": \"x\\ny\\u200b\\u00a0\"}, \"provider\": \"p\", \"success\": true}]}}",
    );
    assert_eq!(evidence.checks[0].name, "{'a': 'x\\ny\\u200b\\xa0'} [p]");
}

#[test]
fn tests_that_ask_nothing_are_told() {
    let row = |reason: &str| {
        format!(
            "{{\"vars\": {{}}, \"provider\": \"p\", \"success\": true, \"gradingResult\": {{\"pass\": true, \"reason\": \"{reason}\"}}}}"
        )
    };
    let evidence = evidence(&format!(
        "{{\"stats\": {{\"successes\": 2, \"failures\": 0}}, \"results\": [{}, {}]}}",
        row("No assertions"),
        row("All assertions passed")
    ));
    assert!(
        evidence.warnings.iter().any(|w| w.contains("1 of 2 tests have no assertion")),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn rows_that_pass_less_often_than_is_counted_fail() {
    let of = |stats: &str, rows: &[bool]| {
        let rows: Vec<_> = rows
            .iter()
            .map(|passed| format!("{{\"success\": {passed}, \"failureReason\": 1}}"))
            .collect();
        let text =
            format!("{{\"stats\": {{{stats}, \"errors\": 0}}, \"results\": [{}]}}", rows.join(","));
        evidence(&text).checks.iter().any(|check| check.name == "stats" && !check.passed)
    };
    assert!(of("\"successes\": 2, \"failures\": 0", &[true, false]));
    assert!(of("\"successes\": 0, \"failures\": 3", &[true, false]));
    assert!(!of("\"successes\": 1, \"failures\": 1", &[true, false]));
    // A part of the run: the outcomes of the other tests are not in the file.
    assert!(of("\"successes\": 7, \"failures\": 1", &[true, false]));
}

#[test]
fn numbers_in_names_are_written_as_python_writes_them() {
    // On the left as JavaScript writes them, on the right as `repr` does.
    for (written, shown) in [
        ("1e-7", "1e-07"),
        ("0.00005", "5e-05"),
        ("0.0001", "0.0001"),
        ("1.5e-10", "1.5e-10"),
        ("1e+21", "1e+21"),
        ("0", "0"),
    ] {
        let evidence = evidence(&format!(
            "{{\"results\": {{\"stats\": {{\"successes\": 1, \"failures\": 0}}, \"results\": [{{\"vars\": {{\"t\": {written}}}, \"provider\": \"p\", \"success\": true}}]}}}}"
        ));
        assert_eq!(evidence.checks[0].name, format!("{{'t': {shown}}} [p]"));
    }
}
