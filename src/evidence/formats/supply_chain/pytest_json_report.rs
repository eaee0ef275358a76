//! `pytest --json-report`: the `.report.json` of the plugin pytest-json-report.
//!
//! `summary` has the counts, `tests` one entry for each test with its outcome. With
//! `--json-report-summary` the tests are missing, and only the check `exitcode` remains. A test
//! passed only if its outcome is `passed`: a skipped test, an expected failure and an unexpected
//! pass did not. What a test recorded (`super::recorded`) is in `user_properties`, what it passed
//! to the plugin in `metadata`. A module that could not be collected has no tests, and is a failed
//! check.

use super::{
    common::{kind_of, one_line},
    recorded::Recorded,
};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    counts::whole,
    json::{Json, Number, Value},
};
use crate::model::{Evidence, Producer, Slice, Timestamp, Unit};
use crate::stats::proportion::counted;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "pytest-json-report",
    title: "pytest-json-report's .report.json",
    family: Family::SupplyChain,
    written_by: "pytest --json-report",
    reads: "a check for every test, named by its node id; the counts of the summary; numbers that tests recorded as \
            properties, with the properties `n` and `slice` beside them; the exit code, which also fails where no test ran and where the list is shorter than the \
            summary says.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Checks],
    recognised_by: "`exitcode` and `summary`, with `root`, `created` and `duration`",
    rule: "id = \"model-tests\"\ncheck = \"tests/test_model.py::test_accuracy\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    for key in ["exitcode", "summary", "root", "created", "duration"] {
        if !object.has(key) {
            return Err(Declined::because(format!("no key `{key}`")));
        }
    }
    Ok(())
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let report = document.json().map_err(Clone::clone)?;
    document.require(ADAPTER.id, detect(document))?;
    let mut collector = Collector::new(document, ADAPTER.id);
    about(&mut collector, report);
    let total = summary(document, &mut collector, report)?;
    for module in collector
        .list(report.get("collectors"))
        .iter()
        .filter(|module| module.text("outcome") != Some("passed"))
    {
        let said = module.text("longrepr").map(one_line);
        let name = module.text("nodeid").unwrap_or("collection");
        collector.check(name, false, said.or_else(|| module.text("outcome").map(str::to_owned)));
    }
    let tests = collector.list(report.get("tests"));
    for test in tests {
        let Some(name) = test.text("nodeid") else {
            let message = format!("a test has {}", kind_of(test.get("nodeid"), "nodeid"));
            return Err(document.invalid(ADAPTER.id, test.at, message));
        };
        let outcome = test.text("outcome").unwrap_or("unknown");
        let detail = (outcome != "passed").then(|| detail(test, outcome));
        collector.check(name, outcome == "passed", detail);
        recorded(&mut collector, test, name);
    }
    let listed = report.get("tests").map(|_| counted(tests.len()));
    exit_code(&mut collector, report, &Told { total, listed, ran: ran(report) });
    if report.get("warnings").is_some() {
        collector.left_out("warnings");
    }
    collector.finish()
}

fn about(collector: &mut Collector<'_>, report: &Json<'_>) {
    let created = report
        .get("created")
        .and_then(Json::as_number)
        .map(|seconds| (seconds.value() * 1e6).round());
    let micros = created.and_then(whole).and_then(|micros| i64::try_from(micros).ok());
    collector.evidence.produced_at = micros.map(Timestamp::from_micros);
    let version = report
        .at_path(&["environment", "Packages", "pytest"])
        .and_then(Json::as_str)
        .map(str::to_owned);
    collector.evidence.producer =
        Some(Producer { tool: Some("pytest".to_owned()), version, run: None });
    if let Some(m) = report
        .get("duration")
        .and_then(|time| collector.measure("duration", "duration", Slice::overall(), time))
    {
        m.unit = Some(Unit::Seconds);
    }
}

/// Reads the counts; returns how many tests there were, if the summary says so.
fn summary(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
    report: &Json<'_>,
) -> Result<Option<u64>, EvidenceError> {
    let summary = report.get("summary");
    let Some(counts) = summary.and_then(Json::as_object) else {
        let at = summary.map_or(report.at, |summary| summary.at);
        return Err(document.invalid(
            ADAPTER.id,
            at,
            format!("{}; an object was expected", kind_of(summary, "summary")),
        ));
    };
    for member in counts {
        if member.value.as_number().and_then(Number::count).is_some() {
            collector.measure(&member.key, &member.key, Slice::overall(), &member.value);
        } else {
            collector.left_out(&format!(
                "{} of the summary, which is {}",
                member.key,
                member.value.kind()
            ));
        }
    }
    Ok(counts.get("total").and_then(Json::as_number).and_then(Number::count))
}

/// The message of the stage that decided the outcome.
fn detail(test: &Json<'_>, outcome: &str) -> String {
    for stage in ["call", "setup", "teardown"].into_iter().filter_map(|stage| test.get(stage)) {
        let crash = stage.get("crash").and_then(|crash| crash.text("message"));
        if let Some(said) = crash.or_else(|| stage.text("longrepr")) {
            return one_line(&format!("{outcome}: {said}"));
        }
    }
    outcome.to_owned()
}

fn recorded(collector: &mut Collector<'_>, entry: &Json<'_>, name: &str) {
    let mut recorded = Recorded::default();
    let properties = collector.objects(entry.get("user_properties"));
    for member in properties.into_iter().flatten().chain(collector.members(entry.get("metadata"))) {
        match &member.value.value {
            Value::Number(number) => recorded.push(&member.key, number.text()),
            Value::NonFinite(text) => recorded.push(&member.key, text),
            Value::Null => recorded.push(&member.key, "null"),
            Value::String(text) => recorded.push(&member.key, text),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                collector.left_out(&format!(
                    "{} of {name}, which is {}",
                    member.key,
                    member.value.kind()
                ));
            }
        }
    }
    recorded.measure(collector, name);
}

/// How many tests there are, according to the report.
struct Told {
    /// By the summary.
    total: Option<u64>,
    /// In the list, if there is one.
    listed: Option<u64>,
    /// Whether one of them ran, by the summary.
    ran: bool,
}

/// Whether the summary counts a test that ran: if all were skipped, pytest exits with 0.
fn ran(report: &Json<'_>) -> bool {
    let counts = report.get("summary").and_then(Json::as_object).into_iter().flatten();
    let mut other = counts
        .filter(|count| !matches!(&*count.key, "skipped" | "total" | "collected" | "deselected"));
    other.any(|count| count.value.as_number().is_some_and(|count| count.value() > 0.0))
}

/// Adds the check of pytest's exit code: 0 all passed, 1 some failed, 2 interrupted, 3 internal
/// error, 4 wrong call, 5 no tests.
fn exit_code(collector: &mut Collector<'_>, report: &Json<'_>, told: &Told) {
    let code = report.get("exitcode").and_then(Json::as_number).and_then(Number::count);
    let (total, listed) = (told.total.unwrap_or(0), told.listed.unwrap_or(0));
    let said = match code {
        Some(0) if total == 0 && listed == 0 => "no test ran".to_owned(),
        Some(0) if total > 0 && !told.ran => format!("no test ran: of {total} all were skipped"),
        Some(0) if told.listed.is_some_and(|listed| listed < total) => {
            format!("{total} tests are counted, {listed} are listed")
        }
        Some(0) => return collector.check("exitcode", true, Some("0".to_owned())),
        Some(1) => "1: tests failed".to_owned(),
        Some(2) => "2: the run was interrupted".to_owned(),
        Some(3) => "3: an internal error".to_owned(),
        Some(4) => "4: pytest was called wrongly".to_owned(),
        Some(5) => "5: no test ran".to_owned(),
        Some(other) => other.to_string(),
        None => kind_of(report.get("exitcode"), "exitcode"),
    };
    collector.check("exitcode", false, Some(said));
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;
    use crate::model::{Evidence, Slice};

    fn report(code: &str, summary: &str, rest: &str) -> Evidence {
        let text = format!(
            r#"{{"created": 1795183459.852412, "duration": 5.96, "exitcode": {code}, "root": "/x", "environment":
            {{"Packages": {{"pytest": "7.4.4"}}}}, "summary": {{{summary}}}{rest}}}"#
        );
        read(text.as_bytes(), None).unwrap()
    }

    #[test]
    fn only_what_passed_is_a_pass() {
        let tests: Vec<String> = ["passed", "failed", "error", "skipped", "xfailed", "xpassed"]
            .map(|outcome| {
                format!(r#"{{"nodeid": "t.py::{outcome}", "outcome": "{outcome}", "setup": {{"longrepr": "why"}}}}"#)
            })
            .into();
        let evidence = report(
            "1",
            "\"total\": 6, \"xpassed\": 1",
            &format!(", \"tests\": [{}]", tests.join(",")),
        );
        let passed: Vec<_> = evidence
            .checks
            .iter()
            .filter(|check| check.passed)
            .map(|check| check.name.as_str())
            .collect();
        assert_eq!(passed, ["t.py::passed"]);
        assert_eq!(evidence.checks[1].detail.as_deref(), Some("failed: why"));
        assert_eq!(evidence.produced_at.unwrap().to_string(), "2026-11-20T14:04:19.852412Z");
        assert_eq!(evidence.producer.unwrap().version.as_deref(), Some("7.4.4"));
    }

    #[test]
    fn a_summary_alone_is_judged_by_its_exit_code_and_an_empty_run_fails() {
        for (code, summary, passed) in [
            ("0", "\"passed\": 2, \"total\": 2, \"collected\": 2", true),
            ("0", "\"total\": 0, \"collected\": 0", false),
            ("1", "\"failed\": 2, \"total\": 2", false),
            ("5", "\"total\": 0, \"collected\": 3, \"deselected\": 3", false),
            ("null", "\"total\": 1", false),
        ] {
            let evidence = report(code, summary, "");
            assert_eq!(evidence.checks.len(), 1);
            assert_eq!(
                (evidence.checks[0].name.as_str(), evidence.checks[0].passed),
                ("exitcode", passed),
                "{code} {summary}"
            );
        }
    }

    #[test]
    fn what_tests_recorded_keeps_its_rows_and_group() {
        let evidence = report(
            "0",
            "\"total\": 1",
            r#", "collectors": [{"nodeid": "bad.py", "outcome": "failed", "longrepr": "E"}],
            "tests": [{"nodeid": "a", "outcome": "passed", "user_properties": [{"r": 0.25}, {"slice": "sex=F"}, {"n": 40}, {"b": true}],
            "metadata": {"loss": NaN, "note": "x"}}]"#,
        );
        let r = &evidence.measurements.iter().find(|m| m.source_name == "r").unwrap();
        assert_eq!((r.value, r.n, r.slice.clone()), (Some(0.25), Some(40), Slice::one("sex", "F")));
        assert_eq!(
            evidence.measurements.iter().find(|m| m.source_name == "loss").unwrap().value,
            None
        );
        assert!(evidence.checks.iter().any(|check| check.name == "bad.py" && !check.passed));
    }

    #[test]
    fn a_test_that_was_run_again_names_its_group_twice() {
        let again = |second: &str| {
            let test = format!(
                r#", "tests": [{{"nodeid": "a", "outcome": "passed", "user_properties": [{{"slice": "sex=F"}}, {{"r": 0.5}},
                {{"slice": "sex={second}"}}]}}]"#
            );
            report("0", "\"total\": 1", &test)
                .measurements
                .into_iter()
                .find(|m| m.source_name == "r")
        };
        assert_eq!(again("F").unwrap().slice, Slice::one("sex", "F"));
        assert!(again("M").is_none());
    }

    #[test]
    fn what_is_no_report_is_refused_with_its_place() {
        for text in [
            r#"{"created": 1, "duration": 1, "exitcode": 0, "root": "", "summary": []}"#,
            r#"{"created": 1, "duration": 1, "exitcode": 0, "root": "", "summary": {}, "tests": [3]}"#,
        ] {
            let error = read(text.as_bytes(), None).unwrap_err();
            assert_eq!(error.code(), "evidence-invalid");
            assert!(error.to_string().contains("line 1"), "{error}");
        }
    }
}
