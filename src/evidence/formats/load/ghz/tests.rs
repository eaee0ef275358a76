use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

const REPORT: &str = r#"{"date": "2018-12-30T16:50:14-04:00", "endReason": "normal", "options": {"n": 4}, "count": 4, "total": 197782155,
"average": 34825653, "fastest": 25421617, "slowest": 80200129, "rps": 1011.2135748546173,
"errorDistribution": {"rpc error: code = Unavailable": 1}, "statusCodeDistribution": {"OK": 3, "Unavailable": 1},
"latencyDistribution": [{"percentage": 50, "latency": 32503859}, {"percentage": 99, "latency": 80200129}, {"percentage": 0, "latency": 0}],
"histogram": [], "details": [
 {"timestamp": "2018-12-30T16:50:14Z", "latency": 25421617, "error": "", "status": "OK"},
 {"timestamp": "2018-12-30T16:50:14Z", "latency": 32503859, "error": "", "status": "OK"},
 {"timestamp": "2018-12-30T16:50:14Z", "latency": 80200129, "error": "", "status": "OK"},
 {"timestamp": "2018-12-30T16:50:14Z", "latency": 1000000, "error": "rpc error", "status": "Unavailable"}]}"#;

fn ghz(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "ghz");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn percentiles_rest_on_calls_without_an_error() {
    let evidence = ghz(REPORT);
    let p99 = of(&evidence, "p99");
    assert_eq!(
        (p99.value, p99.unit, p99.quantile, p99.n),
        (Some(80_200_129.0), Some(Unit::Nanoseconds), Some(0.99), Some(3))
    );
    assert_eq!(p99.distribution.as_ref().unwrap().count(), 3);
    assert_eq!(of(&evidence, "average").n, Some(4));
    let counted = ghz(&REPORT.replace("\"n\": 4", "\"count-errors\": true"));
    assert_eq!(of(&counted, "p99").n, Some(4));
    assert!(evidence.measurements.iter().all(|m| m.source_name != "p0"));
}

#[test]
fn failed_calls_are_counted() {
    let evidence = ghz(REPORT);
    assert_eq!(
        (of(&evidence, "error_rate").successes, of(&evidence, "status_OK").value),
        (Some(1), Some(3.0))
    );
    assert!(!evidence.checks[0].passed);
    let odd = ghz(&REPORT.replace("\"OK\": 3", "\"OK\": 2"));
    assert!(odd.measurements.iter().all(|m| m.metric != "error_rate") && !odd.checks[0].passed);
}

#[test]
fn details_that_are_not_all_give_no_sample() {
    let evidence = ghz(&REPORT.replace("\"count\": 4", "\"count\": 5"));
    assert_eq!((of(&evidence, "p99").n, of(&evidence, "p99").distribution.is_none()), (None, true));
}

#[test]
fn calls_that_were_lost_are_no_part_of_the_percentiles() {
    // The report in ghz's repository has 200 calls, but only 193 in its details and its histogram.
    let evidence = ghz(include_str!("../../../../../tests/fixtures/evidence/ghz/report1.json"));
    assert_eq!((of(&evidence, "average").n, of(&evidence, "p99").n), (Some(200), Some(193)));
    assert_eq!(
        (of(&evidence, "slowest").n, of(&evidence, "p99").distribution.is_none()),
        (Some(193), true)
    );
}
