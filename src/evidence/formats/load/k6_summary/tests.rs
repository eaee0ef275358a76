use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice, Unit};

/// One run, in both forms of k6's documentation.
const OLD: &str =
    include_str!("../../../../../tests/fixtures/evidence/k6-summary/summary_export.json");
const DATA: &str =
    include_str!("../../../../../tests/fixtures/evidence/k6-summary/handle_summary.json");
const MACHINE: &str =
    include_str!("../../../../../tests/fixtures/evidence/k6-summary/machine_readable.json");

fn k6(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "k6-summary");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str, slice: &Slice) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name && m.slice == *slice).unwrap()
}

fn passed(evidence: &Evidence, name: &str) -> bool {
    evidence.checks.iter().find(|c| c.name == name).unwrap().passed
}

#[test]
fn an_old_threshold_is_true_when_it_was_crossed() {
    for text in [OLD, DATA] {
        let evidence = k6(text);
        assert!(
            passed(&evidence, "checks: rate>0.7") && passed(&evidence, "predict::status is 200")
        );
        for failed in [
            "http_reqs: rate>10",
            "inference_time: p(95)<250",
            "predict::body has a score",
            "predict::fast enough",
        ] {
            assert!(!passed(&evidence, failed), "{failed}");
        }
    }
}

#[test]
fn both_forms_say_the_same() {
    for (text, rate) in [(OLD, "checks.value"), (DATA, "checks.rate")] {
        let evidence = k6(text);
        let checks = of(&evidence, rate, &Slice::overall());
        assert_eq!(
            (checks.metric.as_str(), checks.value, checks.successes, checks.trials),
            ("pass_rate", Some(0.8), Some(48), Some(60))
        );
        let p99 = of(&evidence, "inference_time.p(99)", &Slice::overall());
        assert_eq!(
            (p99.metric.as_str(), p99.value, p99.quantile, p99.n),
            ("inference_time", Some(371.1), Some(0.99), Some(60))
        );
        let mut slice = Slice::one("check", "body has a score");
        slice.0.insert("group".to_owned(), "::predict".to_owned());
        assert_eq!(of(&evidence, "check", &slice).successes, Some(12));
    }
    // Only the data say that the trend is a time.
    assert_eq!(
        of(&k6(DATA), "inference_time.p(99)", &Slice::overall()).unit,
        Some(Unit::Milliseconds)
    );
    assert_eq!(of(&k6(OLD), "inference_time.p(99)", &Slice::overall()).unit, None);
}

#[test]
fn passes_of_failed_requests_are_failures() {
    let evidence = k6(MACHINE);
    let rate = of(&evidence, "http_req_failed.rate", &Slice::overall());
    assert_eq!(
        (rate.metric.as_str(), rate.successes, rate.trials),
        ("error_rate", Some(2), Some(40))
    );
    assert!(!passed(&evidence, "requests succeeded"));
    let p95 = of(&evidence, "http_req_duration.p(95)", &Slice::overall());
    assert_eq!(
        (p95.metric.as_str(), p95.value, p95.n, p95.unit),
        ("latency", Some(431.25), Some(40), Some(Unit::Milliseconds))
    );
    let tagged = of(&evidence, "http_req_duration.p(95)", &Slice::one("expected_response", "true"));
    assert_eq!((tagged.value, tagged.n), (Some(402.5), None));
    assert_eq!(evidence.producer.as_ref().and_then(|p| p.version.as_deref()), Some("1.5.0"));
}

#[test]
fn counts_that_are_not_those_of_the_rate_leave_it_undefined() {
    let evidence = k6(&MACHINE.replace("\"matches\": 2", "\"matches\": 3"));
    let rate = of(&evidence, "http_req_failed.rate", &Slice::overall());
    assert_eq!((rate.value, rate.successes), (None, None));
}

#[test]
fn times_of_no_answer_are_undefined() {
    // k6 gives a refused connection a duration of 0.
    let text = r#"{"metrics": {"http_reqs": {"type": "counter", "contains": "default", "values": {"count": 9, "rate": 3}},
        "http_req_connecting": {"type": "trend", "contains": "time", "values": {"min": 0, "max": 0}},
        "http_req_duration": {"type": "trend", "contains": "time", "values": {"avg": 0, "p(95)": 0, "max": 0}}}}"#;
    let evidence = k6(text);
    assert_eq!(of(&evidence, "http_req_duration.p(95)", &Slice::overall()).value, None);
    let connecting = of(&evidence, "http_req_connecting.max", &Slice::overall());
    assert_eq!(
        (connecting.value, connecting.n, connecting.unit),
        (Some(0.0), Some(9), Some(Unit::Milliseconds))
    );
}

#[test]
fn keys_are_read_as_k6_itself_writes_them() {
    let own = include_str!(
        "../../../../../tests/fixtures/evidence/k6-summary/v2_failing_machine_readable.json"
    );
    let evidence = k6(own);
    assert_eq!(evidence.producer.as_ref().and_then(|p| p.version.as_deref()), Some("2.2.0"));
    assert!(evidence.produced_at.is_some());
    let p95 = of(&evidence, "http_req_duration.p95", &Slice::overall());
    assert_eq!((p95.metric.as_str(), p95.quantile, p95.n), ("latency", Some(0.95), Some(12)));
}
