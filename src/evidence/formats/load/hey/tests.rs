use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

const BAD: &str = include_str!("../../../../../tests/fixtures/evidence/hey/hey_bad.txt");
const REFUSED: &str =
    include_str!("../../../../../tests/fixtures/evidence/hey/hey_edge_refused.txt");

fn hey(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "hey");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn n_is_what_the_file_counts_and_not_what_was_asked_for() {
    // `-n 300 -c 8` makes 8 × 37 requests; 239 and 57 answers are counted, and 50.9751/s for 5.8068 s are 296.
    let evidence = hey(BAD);
    let p99 = of(&evidence, "p99");
    assert_eq!(
        (p99.metric.as_str(), p99.value, p99.quantile, p99.n),
        ("latency", Some(0.4958), Some(0.99), Some(296))
    );
    assert_eq!((p99.unit, p99.rounding), (Some(Unit::Seconds), 0.000_05));
    let sample = p99.distribution.as_ref().unwrap();
    assert_eq!(sample.count(), 296);
    assert_eq!(sample.at(296).map(|b| (b.low, b.high)), Some((0.4515, 0.4965)));
    let rate = of(&evidence, "error_rate");
    assert_eq!((rate.successes, rate.trials), (Some(57), Some(296)));
    assert!(!evidence.checks[0].passed);
}

#[test]
fn nobody_answering_is_undefined_and_a_failed_check() {
    let evidence = hey(REFUSED);
    for name in ["Average", "Slowest", "Requests/sec", "resp wait.average"] {
        assert_eq!(of(&evidence, name).value, None, "{name}");
    }
    assert_eq!(
        (evidence.checks[0].name.as_str(), evidence.checks[0].passed),
        ("requests succeeded", false)
    );
    assert_eq!(of(&evidence, "error_rate").successes, Some(20));
}

#[test]
fn a_summary_that_was_cut_off_claims_nothing() {
    let (head, _) = BAD.split_once("  [503]").unwrap();
    let evidence = hey(head);
    assert_eq!(of(&evidence, "p99").n, None);
    assert!(evidence.checks.is_empty());
    assert!(evidence.measurements.iter().all(|m| m.metric != "error_rate"));
    let (head, _) = BAD.split_once("Status").unwrap();
    assert_eq!(read(head.as_bytes(), None).unwrap_err().code(), "evidence-invalid");
}

#[test]
fn percentiles_that_there_are_none_of_are_left_out() {
    let text = BAD.replace("99% in 0.4958", "0% in 0.0000").replace("95% in", "95%% in");
    let evidence = hey(&text);
    assert_eq!(of(&evidence, "p95").value, Some(0.492));
    assert!(evidence.measurements.iter().all(|m| m.source_name != "p0" && m.source_name != "p99"));
}

const CSV: &str = "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n\
                   0.0529,0.0008,0.0000,0.0011,0.0508,0.0001,200,0.0006\n0.0533,0.0016,0.0000,0.0006,0.0510,0.0000,503,0.0004\n";

#[test]
fn rows_give_the_whole_sample() {
    let evidence = hey(CSV);
    let p50 = of(&evidence, "p50");
    assert_eq!((p50.n, p50.distribution.as_ref().unwrap().buckets[0].low), (Some(2), 0.05285));
    assert!((p50.value.unwrap() - 0.0531).abs() < 1e-12);
    assert_eq!(of(&evidence, "non-200").value, Some(1.0));
    assert!(!evidence.checks[0].passed);
    // Only answers have rows: the absence of failed rows does not prove that no request failed.
    assert!(hey(&CSV.replace("503", "200")).checks.is_empty());
    let (header, _) = CSV.split_once('\n').unwrap();
    assert!(!hey(&format!("{header}\n")).checks[0].passed);
}

#[test]
fn a_row_that_was_cut_off_is_refused_with_its_place() {
    let error = read(&CSV.as_bytes()[..CSV.len() - 11], None).unwrap_err();
    assert_eq!(error.code(), "evidence-invalid");
    assert!(error.to_string().contains("line 3"), "{error}");
    assert!(read(CSV.replace("0.0533", "NaN").as_bytes(), None).is_err());
}
