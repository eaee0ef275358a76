use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

const RUN: &str = include_str!("../../../../../tests/fixtures/evidence/fortio/run.json");

fn fortio(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "fortio");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn ranges_are_the_sample_of_the_percentiles() {
    let evidence = fortio(RUN);
    let p99 = of(&evidence, "p99.9");
    assert_eq!(
        (p99.value, p99.unit, p99.quantile, p99.n),
        (Some(0.0419), Some(Unit::Seconds), Some(0.999), Some(40))
    );
    assert_eq!(
        p99.distribution.as_ref().unwrap().at(40).map(|b| (b.low, b.high)),
        Some((0.04, 0.042))
    );
    assert!(
        of(&fortio(&RUN.replace("\"Count\": 25", "\"Count\": 24")), "p50").distribution.is_none()
    );
}

#[test]
fn errors_are_counted_by_their_histogram_or_their_codes() {
    for text in [RUN.to_owned(), RUN.replace("ErrorsDurationHistogram", "x")] {
        let evidence = fortio(&text);
        assert_eq!(
            (of(&evidence, "error_rate").successes, of(&evidence, "error_rate").trials),
            (Some(2), Some(40))
        );
        assert!(!evidence.checks[0].passed);
    }
}

#[test]
fn a_run_that_did_not_start_is_a_failed_check() {
    let text = r#"{"RunType": "", "ActualQPS": 0, "ActualDuration": 0, "DurationHistogram": null, "error": true}"#;
    let evidence = fortio(text);
    assert!(evidence.measurements.is_empty() && !evidence.checks[0].passed);
}

#[test]
fn a_teapot_is_a_success() {
    // `codeIsOK` of Fortio's HTTP client.
    let text = RUN.replace("ErrorsDurationHistogram", "x").replace("\"503\"", "\"418\"");
    assert_ne!(text, RUN.replace("ErrorsDurationHistogram", "x"));
    assert_eq!(of(&fortio(&text), "error_rate").successes, Some(0));
}
