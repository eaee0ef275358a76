use crate::evidence::{json::MAX_DEPTH, read};
use crate::model::{Evidence, Slice};

fn junit(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "junit");
    evidence
}

fn checks(evidence: &Evidence) -> Vec<(&str, bool)> {
    evidence.checks.iter().map(|check| (check.name.as_str(), check.passed)).collect()
}

fn value(evidence: &Evidence, name: &str) -> Option<f64> {
    evidence.measurements.iter().find(|m| m.source_name == name).and_then(|m| m.value)
}

#[test]
fn a_test_passed_only_if_it_ran_and_nothing_says_otherwise() {
    let evidence = junit(
        r#"<?xml version="1.0"?><!-- by hand --><testsuites><testsuite name="s" tests="8" failures="2" errors="1" skipped="3">
        <testcase classname="c" name="ok"/><testcase classname="c" name="f"><failure message="a &lt; b"/></testcase>
        <testcase classname="c" name="e"><error type="E">boom
          at x</error></testcase><testcase classname="c" name="s"><skipped/></testcase>
        <testcase classname="c" name="n" status="notrun"/><testcase classname="c" name="u" status="run" result="suppressed"/>
        <testcase classname="c" name="r" status="run" result="completed"/><testcase name="b"><failure/><skipped/></testcase>
        </testsuite></testsuites>"#,
    );
    let want = [
        ("ok", true),
        ("f", false),
        ("e", false),
        ("s", false),
        ("n", false),
        ("u", false),
        ("r", true),
        ("b", false),
    ];
    assert_eq!(checks(&evidence), want);
    assert_eq!(evidence.checks[1].detail.as_deref(), Some("failed: a < b"));
    assert_eq!(evidence.checks[2].detail.as_deref(), Some("error: boom at x"));
    assert_eq!(evidence.checks[7].detail.as_deref(), Some("failed"));
    assert_eq!(value(&evidence, "tests"), Some(8.0));
}

#[test]
fn a_run_that_shows_nothing_is_no_pass() {
    for text in [
        r#"<testsuites name="pytest tests"><testsuite name="pytest" tests="0" failures="0" errors="0"/></testsuites>"#,
        r#"<testsuite name="pytest" tests="3" failures="0" errors="0"/>"#,
        r#"<testsuites><testsuite name="pytest" tests="1" failures="0" errors="1"><testcase name="a"/></testsuite></testsuites>"#,
    ] {
        assert!(
            junit(text).checks.iter().any(|check| check.name == "pytest" && !check.passed),
            "{text}"
        );
    }
    assert_eq!(checks(&junit("<testsuites/>")), [("junit", false)]);
    assert_eq!(checks(&junit("<testsuites name=''/>")), [("junit", false)]);
}

#[test]
fn properties_are_metrics_of_their_group_and_rows() {
    let evidence = junit(
        r#"<testsuite name="s" tests="2"><properties><property name="auc" value="0.91"/><property name="model" value="credit"/>
        <property name="n" value="50"/></properties>
        <testcase name="a"><properties><property name="accuracy_score" value="0.8125"/><property name="n" value="3000"/>
          <property name="slice" value="sex=Female"/><property name="lift" value="nan"/></properties></testcase>
        <testcase name="b"><properties><property name="share">97.5%</property><property name="n" value="many"/>
          <property name="slice" value="night shift"/></properties></testcase></testsuite>"#,
    );
    let find = |name: &str| evidence.measurements.iter().find(|m| m.source_name == name).unwrap();
    assert_eq!((find("auc").value, find("auc").n), (Some(0.91), Some(50)));
    let accuracy = find("accuracy_score");
    assert_eq!(
        (accuracy.metric.as_str(), accuracy.n, accuracy.rounding),
        ("accuracy", Some(3000), 5e-5)
    );
    assert_eq!(accuracy.slice, Slice::one("sex", "Female"));
    assert_eq!(find("lift").value, None);
    assert_eq!((find("share").value, find("share").n), (Some(0.975), None));
    assert_eq!(find("share").slice, Slice::one("slice", "night shift"));
    assert!(
        evidence.warnings.iter().any(|w| w.contains("model = credit")),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn numbers_of_a_test_that_names_one_axis_twice_are_left_out() {
    let evidence = junit(
        r#"<testsuite tests="1"><testcase name="a"><properties><property name="r" value="0.2"/><property name="slice" value="sex=F"/>
        <property name="r" value="0.9"/><property name="slice" value="sex=M"/></properties></testcase></testsuite>"#,
    );
    assert_eq!(value(&evidence, "r"), None);
    assert!(
        evidence.warnings.iter().any(|w| w.contains("sex=F and sex=M")),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn a_test_that_failed_and_whose_teardown_failed_is_listed_twice() {
    let evidence = junit(
        r#"<testsuite tests="2"><testcase classname="m" name="t"><failure message="assert 0"/></testcase>
        <testcase classname="m" name="t"><error message="teardown"/></testcase></testsuite>"#,
    );
    assert_eq!(checks(&evidence), [("t", false), ("t", false)]);
}

#[test]
fn suites_within_suites_are_counted_once() {
    let evidence = junit(
        r#"<testsuites><testsuite name="a" tests="2" failures="0"><testsuite name="a.b" tests="1"><testcase classname="x" name="t"/>
        </testsuite><testcase classname="y" name="t"/></testsuite><testsuite name="c" tests="0" failures="0"/></testsuites>"#,
    );
    assert_eq!(
        (value(&evidence, "tests"), value(&evidence, "a.tests"), value(&evidence, "c.tests")),
        (Some(2.0), Some(2.0), Some(0.0))
    );
    assert_eq!(checks(&evidence), [("x.t", true), ("y.t", true)]);
    assert!(evidence.warnings.iter().any(|w| w.contains("the suite c, which has no tests")));
}

#[test]
fn what_surefire_and_old_pytest_write_is_read() {
    let evidence = junit(
        r#"<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0" name="T" time="1,024.5" tests="1" errors="0"
        skips="1" failures="0" timestamp="2020-05-06T07:08:09"><properties><property name="java.specification.version" value="17"/>
        </properties><testcase name="a" classname="T"><flakyFailure message="x">y</flakyFailure></testcase></testsuite>"#,
    );
    assert_eq!(checks(&evidence), [("a", true)]);
    assert_eq!((value(&evidence, "skips"), value(&evidence, "time")), (Some(1.0), None));
    assert!(evidence.measurements.iter().all(|m| !m.source_name.contains("java")));
    assert_eq!(evidence.produced_at, None);
    assert!(
        evidence.warnings.iter().any(|w| w.contains("earlier attempts at a")),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn broken_or_deep_documents_are_refused_and_others_declined() {
    assert_eq!(
        read(b"<testsuite><testcase name='a'></testsuite>", None).unwrap_err().code(),
        "evidence-syntax"
    );
    assert_eq!(
        read(b"<other><testsuite/></other>", None).unwrap_err().code(),
        "evidence-not-understood"
    );
    assert_eq!(read(b"<a/>", Some("junit")).unwrap_err().code(), "evidence-invalid");
    let deep = format!("<testsuites>{}", "<testsuite>".repeat(MAX_DEPTH));
    assert!(read(deep.as_bytes(), None).unwrap_err().to_string().contains("nested deeper"));
    assert_eq!(
        checks(&junit("\u{feff}\n<testsuite tests='x'><testcase/></testsuite>")),
        [("testcase", true)]
    );
}

#[test]
fn what_a_suite_counts_is_not_the_whole_where_tests_stand_beside_it() {
    let evidence = read(
        br#"<testsuites><testcase name="a" classname="test"><failure message="1 == 2"/></testcase>
        <testsuite name="S" time="0.5" tests="1" failures="0"><testcase name="b" classname="test"/></testsuite></testsuites>"#,
        None,
    )
    .unwrap();
    let counts: Vec<_> =
        evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value)).collect();
    assert_eq!(counts, [("S.tests", Some(1.0)), ("S.failures", Some(0.0))]);
    let checks: Vec<_> =
        evidence.checks.iter().map(|check| (check.name.as_str(), check.passed)).collect();
    assert_eq!(checks, [("a", false), ("b", true)]);
}
