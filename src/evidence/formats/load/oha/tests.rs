use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

const BAD: &str = include_str!("../../../../../tests/fixtures/evidence/oha/oha_bad.json");
const REFUSED: &str =
    include_str!("../../../../../tests/fixtures/evidence/oha/oha_edge_refused.json");

fn oha(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "oha");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn a_success_rate_counts_answers_of_any_status() {
    let evidence = oha(BAD);
    let rate = of(&evidence, "successRate");
    assert_eq!((rate.value, rate.successes, rate.trials), (Some(1.0), Some(300), Some(300)));
    let errors = of(&evidence, "error_rate");
    assert_eq!((errors.successes, errors.trials), (Some(60), Some(300)));
    assert!(!evidence.checks[0].passed);
}

#[test]
fn the_histogram_is_the_sample_of_the_percentiles() {
    let evidence = oha(BAD);
    let p95 = of(&evidence, "p95");
    assert_eq!(
        (p95.value, p95.unit, p95.quantile, p95.n),
        (Some(0.491_917_11), Some(Unit::Seconds), Some(0.95), Some(300))
    );
    let sample = p95.distribution.as_ref().unwrap();
    assert_eq!((sample.count(), sample.buckets.len()), (300, 4));
    assert!(sample.at(286).is_some_and(|b| b.low < 0.491_9 && b.high >= 0.494_198_951));
    assert_eq!(of(&evidence, "p99.9").quantile, Some(0.999));
    assert_eq!(of(&evidence, "firstBytePercentiles.p50").metric, "firstBytePercentiles");
    // If all latencies of a run are equal, all its keys are the same key, and its count is that of
    // the last range.
    let alike = oha(&BAD.replace("\"0.0958900325\": 267", "\"0.0958900325\": 0"));
    assert!(of(&alike, "p95").distribution.is_none() && of(&alike, "p95").n == Some(300));
}

#[test]
fn nobody_answering_is_undefined_and_a_failed_check() {
    let evidence = oha(REFUSED);
    let rate = of(&evidence, "successRate");
    assert_eq!((rate.value, rate.n, rate.successes), (Some(0.0), Some(20), Some(0)));
    for name in ["requestsPerSec", "p99", "average", "metrics.requests_per_sec", "rps.mean"] {
        assert_eq!(of(&evidence, name).value, None, "{name}");
    }
    assert_eq!(
        (evidence.checks[0].name.as_str(), evidence.checks[0].passed),
        ("requests succeeded", false)
    );
}

#[test]
fn what_the_end_of_the_run_cut_short_counts_neither_way() {
    let text = BAD.replace(
        "\"errorDistribution\": {}",
        "\"errorDistribution\": {\"aborted due to deadline\": 8}",
    );
    let evidence = oha(&text);
    assert_eq!(of(&evidence, "successRate").trials, Some(300));
    assert_eq!(of(&evidence, "requestsPerSec").n, Some(308));
    assert_eq!(of(&evidence, "aborted due to deadline").value, Some(8.0));
}

#[test]
fn counts_that_are_none_are_refused() {
    for bad in ["-1", "0.5", "\"60\"", "null"] {
        let text = BAD.replace("\"503\": 60", &format!("\"503\": {bad}"));
        assert_eq!(read(text.as_bytes(), None).unwrap_err().code(), "evidence-invalid", "{bad}");
    }
}

/// As oha 1.10 prints it.
const TEXT: &str = "Summary:\n  Success rate:\t100.00%\n  Total:\t302.5000 ms\n  Slowest:\t52.4205 ms\n  Fastest:\t1.0717 ms\n  \
Average:\t44.5818 ms\n  Requests/sec:\t33.0579\n\n  Total data:\t8.20 KiB\n  Size/request:\t14 B\n  Size/sec:\t1.22 KiB\n\n\
Response time histogram:\n   1.072 ms [1] |■■■\n  26.746 ms [0] |\n  52.420 ms [9] |■■■■■■■■\n\nResponse time distribution:\n  \
10.00% in 43.9383 ms\n  99.90% in 52.4205 ms\n\n\nDetails (average, fastest, slowest):\n  DNS+dialup:\t0.2250 ms, 0.0693 ms, \
0.4379 ms\n  DNS-lookup:\t0.0789 ms, 0.0035 ms, 0.2819 ms\n\nStatus code distribution:\n  [200] 9 responses\n  [503] 1 responses\n";

#[test]
fn the_summary_names_its_units() {
    let evidence = oha(TEXT);
    let p = of(&evidence, "p99.9");
    assert_eq!(
        (p.value, p.unit, p.quantile, p.n),
        (Some(52.4205), Some(Unit::Milliseconds), Some(0.999), Some(10))
    );
    assert_eq!(p.distribution.as_ref().map(|d| d.count()), Some(10));
    let rate = of(&evidence, "Success rate");
    assert_eq!((rate.metric.as_str(), rate.value, rate.trials), ("pass_rate", Some(1.0), Some(10)));
    assert_eq!(
        (of(&evidence, "Total data").value, of(&evidence, "Total data").unit),
        (Some(8.2), Some(Unit::Kibibytes))
    );
    assert_eq!(of(&evidence, "error_rate").successes, Some(1));
    let cut = oha(TEXT.split_once("  [503]").unwrap().0);
    assert!(cut.measurements.iter().all(|m| m.n.is_none() && m.metric != "error_rate"));
}

#[test]
fn rows_give_the_whole_sample() {
    let text = "request-start,DNS,DNS+dialup,Response-delay,request-duration,bytes,status\n\
                0.0001,0.00002,0.0003,0.04,0.041,14,200\n0.0002,0,0,0.05,0.051,14,503\n";
    let evidence = oha(text);
    assert_eq!(of(&evidence, "p50").distribution.as_ref().unwrap().count(), 2);
    assert!((of(&evidence, "mean request-duration").value.unwrap() - 0.046).abs() < 1e-12);
    assert!(!evidence.checks[0].passed);
    assert!(read(text.trim_end_matches("03\n").as_bytes(), None).is_err());
}
