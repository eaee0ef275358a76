use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

const GOOD: &str =
    include_str!("../../../../../tests/fixtures/evidence/hyperfine/hyperfine_good.json");

fn hyperfine(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "hyperfine");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn the_median_is_a_quantile_of_the_runs() {
    let evidence = hyperfine(GOOD);
    let median = of(&evidence, "median");
    assert_eq!(
        (median.metric.as_str(), median.quantile, median.n, median.unit),
        ("latency", Some(0.5), Some(6), Some(Unit::Seconds))
    );
    let sample = median.distribution.as_ref().unwrap();
    assert_eq!(sample.at(6).map(|b| (b.low, b.high)), Some((0.012_127_534, 0.012_127_534)));
    assert_eq!(of(&evidence, "p99").metric, "latency");
    assert_eq!(evidence.checks.len(), 2);
    assert!(evidence.checks.iter().all(|c| c.passed));
}

#[test]
fn runs_that_ended_badly_fail_the_check() {
    let evidence =
        hyperfine(&GOOD.replacen("        0,\n        0,\n", "        1,\n        null,\n", 1));
    assert!(!evidence.checks[0].passed && evidence.checks[1].passed);
    assert_eq!(of(&evidence, "error_rate").successes, Some(2));
}

#[test]
fn a_single_run_has_no_deviation() {
    let text = r#"{"results": [{"command": "a", "mean": 1.5, "stddev": null, "median": 1.5, "user": 1.0, "system": 0.1, "min": 1.5,
        "max": 1.5, "times": [1.5], "memory_usage_byte": [2048], "exit_codes": [0]}]}"#;
    let evidence = hyperfine(text);
    assert_eq!((of(&evidence, "stddev").value, of(&evidence, "mean").n), (None, Some(1)));
    assert_eq!(of(&evidence, "max memory_usage_byte").value, Some(2048.0));
    let odd = hyperfine(&text.replace("[1.5]", "[\"1.5\"]"));
    assert_eq!((of(&odd, "mean").n, of(&odd, "median").distribution.is_none()), (None, true));
}

#[test]
fn the_table_states_no_n() {
    let text =
        "command,mean,stddev,median,user,system,min,max,parameter_x\na,1,0,1.25,3,4,5,6,one\n";
    let evidence = hyperfine(text);
    let median = of(&evidence, "median");
    assert_eq!((median.value, median.n, of(&evidence, "stddev").value), (Some(1.25), None, None));
    assert!(read(&text.as_bytes()[..text.len() - 6], None).is_err());
}
