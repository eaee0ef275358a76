use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

/// The example in Vegeta's README, whose buckets are from another run.
const README: &str = include_str!("../../../../../tests/fixtures/evidence/vegeta/readme.json");

fn vegeta(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "vegeta");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn times_are_nanoseconds_of_all_requests() {
    let evidence = vegeta(README);
    let p99 = of(&evidence, "p99");
    assert_eq!(
        (p99.value, p99.unit, p99.quantile, p99.n),
        (Some(3_530_000.0), Some(Unit::Nanoseconds), Some(0.99), Some(100))
    );
    assert!(p99.distribution.is_none());
    assert_eq!(of(&evidence, "success").successes, Some(100));
    assert!(evidence.checks[0].passed);
    assert_eq!(
        evidence.produced_at.map(|t| t.to_string()).as_deref(),
        Some("2015-09-19T12:45:51.639325Z")
    );
}

#[test]
fn buckets_that_count_every_request_are_the_sample() {
    let text = README
        .replace("9952", "0")
        .replace(": 40,", ": 44,")
        .replace(": 6,", ": 50,")
        .replace("\"3000000\": 0", "\"3000000\": 6")
        .replace("\"5000000\": 2", "\"5000000\": 0");
    let evidence = vegeta(&text);
    let sample = of(&evidence, "p99").distribution.as_ref().unwrap();
    assert_eq!(
        (sample.count(), sample.at(100).map(|b| (b.low, b.high))),
        (100, Some((3e6, 3_660_505.0)))
    );
}

#[test]
fn failures_are_statuses_below_200_and_from_400() {
    let text = README
        .replace("\"200\": 100", "\"200\": 90, \"0\": 4, \"503\": 6")
        .replace("\"success\": 1", "\"success\": 0.9");
    let evidence = vegeta(&text);
    let rate = of(&evidence, "error_rate");
    assert_eq!(
        (rate.successes, rate.trials, of(&evidence, "success").successes),
        (Some(10), Some(100), Some(90))
    );
    assert!(!evidence.checks[0].passed);
    let odd = vegeta(&README.replace("\"200\": 100", "\"200\": 90"));
    assert!(!odd.checks[0].passed && odd.measurements.iter().all(|m| m.metric != "error_rate"));
}

#[test]
fn no_request_is_undefined_and_a_failed_check() {
    let text = README.replace("\"requests\": 100", "\"requests\": 0").replace("\"200\": 100", "");
    let evidence = vegeta(&text);
    for name in ["p99", "success", "rate", "latencies.max"] {
        assert_eq!(of(&evidence, name).value, None, "{name}");
    }
    assert!(!evidence.checks[0].passed);
}
