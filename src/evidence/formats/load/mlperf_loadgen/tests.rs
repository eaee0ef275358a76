use super::*;
use crate::model::{Digest, Measurement, Unit};

fn of(text: &str) -> Result<Evidence, EvidenceError> {
    read(&Document::new(Digest::of(text.as_bytes()), text.as_bytes()))
}

fn get<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

fn passed(evidence: &Evidence, name: &str) -> bool {
    evidence.checks.iter().find(|c| c.name == name).unwrap().passed
}

const TOKENS: &str = "================================================\nMLPerf Results Summary\n================================================\n\
SUT name : 7\nScenario : Server\nMode     : PerformanceOnly\nCompleted samples per second    : 13.68\nCompleted tokens per second: 1234.56\n\
Result is : INVALID\n  Performance constraints satisfied : NO\n  Min duration satisfied : Yes\n  Early stopping satisfied: Yes\nRecommendations:\n\
 * TTFT constrain not met: Reduce target QPS to improve latency.\nTTFT Early Stopping Result:\n * Run unsuccessful.\n * Processed 60 queries.\n\
99.00 percentile latency (ns)   : 200\n99.90 percentile first token latency (ns)   : 300\nMean Time per Output Token (ns)               : 40\n\
99.00 percentile time to output token (ns)   : 50\n\n================================================\nTest Parameters Used\n\
================================================\nsamples_per_query : 1\ntarget_latency (ns): 0\n\n2 warnings encountered. See detailed log.\n\n\
1 ERROR encountered. See detailed log.\n";

#[test]
fn a_summary_with_tokens_keeps_three_latencies_apart() {
    let evidence = of(TOKENS).unwrap();
    let p99 = get(&evidence, "99.00 percentile latency (ns)");
    assert_eq!(
        (p99.metric.as_str(), p99.quantile, p99.unit, p99.n),
        ("latency", Some(0.99), Some(Unit::Nanoseconds), Some(60))
    );
    let first = get(&evidence, "99.90 percentile first token latency (ns)");
    assert_eq!(
        (first.metric.as_str(), first.quantile, first.n),
        ("first_token_latency", Some(0.999), None)
    );
    assert_eq!(
        get(&evidence, "99.00 percentile time to output token (ns)").metric,
        "time_per_output_token"
    );
    assert_eq!(get(&evidence, "Mean Time per Output Token (ns)").unit, Some(Unit::Nanoseconds));
    assert_eq!(get(&evidence, "Completed tokens per second").unit, None);
    assert!(
        evidence
            .measurements
            .iter()
            .all(|m| !m.source_name.contains("target") && m.source_name != "SUT name")
    );
    assert!(
        !passed(&evidence, "Result is") && !passed(&evidence, "Performance constraints satisfied")
    );
    assert!(
        passed(&evidence, "Min duration satisfied")
            && !passed(&evidence, "errors encountered during test")
    );
    assert!(evidence.warnings.iter().any(|w| w.contains("2 warnings")), "{:?}", evidence.warnings);
}

#[test]
fn a_summary_without_a_result_is_a_failed_check() {
    let accuracy =
        of("\nNo warnings encountered during test.\n\nNo errors encountered during test.\n")
            .unwrap();
    assert!(!passed(&accuracy, "Result is") && passed(&accuracy, "errors encountered during test"));
    let cut = of(TOKENS.split("Result is").next().unwrap()).unwrap();
    assert!(!passed(&cut, "Result is"));
}

fn line(key: &str, value: &str) -> String {
    format!(
        ":::MLLOG {{\"key\": \"{key}\", \"value\": {value}, \"time_ms\": 1.5, \"namespace\": \"mlperf::logging\", \"event_type\": \"POINT_IN_TIME\", \
        \"metadata\": {{\"is_error\": false, \"is_warning\": false}}}}\n"
    )
}

#[test]
fn a_detail_log_of_multi_stream_judges_queries() {
    let text = [
        line("effective_scenario", "\"MultiStream\""),
        line("effective_samples_per_query", "8"),
        line("result_validity", "\"VALID\""),
        line("result_query_count", "270"),
        line("result_99.00_percentile_per_query_latency_ns", "900"),
        line("result_99.00_percentile_latency_ns", "800"),
        line("early_stopping_latency_ms", "950"),
        line("effective_target_qps", "5"),
    ]
    .concat();
    let evidence = of(&text).unwrap();
    assert_eq!(get(&evidence, "result_99.00_percentile_per_query_latency_ns").metric, "latency");
    let samples = get(&evidence, "result_99.00_percentile_latency_ns");
    assert_eq!((samples.metric.as_str(), samples.n), ("sample_latency", None));
    // The last two letters name the multi-stream scenario, not milliseconds.
    assert_eq!(get(&evidence, "early_stopping_latency_ms").unit, Some(Unit::Nanoseconds));
    assert!(passed(&evidence, "result_validity"));
    assert_eq!(evidence.measurements.len(), 4);
}

#[test]
fn a_detail_log_cut_off_is_a_failed_check_or_refused_with_its_place() {
    assert!(!passed(&of(&line("effective_scenario", "\"Server\"")).unwrap(), "result_validity"));
    let error =
        of(&format!("{}:::MLLOG {{\"key\": \"resu", line("sut_name", "\"s\""))).unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[test]
fn training_logs_give_accuracy_and_the_end_of_the_run() {
    let evidence =
        of(":::MLPv0.5.0 resnet 1541185563.527 (train.py:12) eval_accuracy: {\"epoch\": 3, \"value\": 0.61}\n\
        :::MLPv0.5.0 resnet 1541185564.5 (train.py:13) run_stop: {\"success\": true}\n")
        .unwrap();
    assert_eq!(
        (get(&evidence, "eval_accuracy").value, get(&evidence, "eval_accuracy").step),
        (Some(0.61), Some(3))
    );
    assert!(passed(&evidence, "run_stop"));
    let evidence = of(
        ":::MLLOG {\"namespace\": \"\", \"time_ms\": 1, \"event_type\": \"POINT_IN_TIME\", \"key\": \"eval_accuracy\", \
        \"value\": 0.75, \"metadata\": {\"epoch_num\": 40}}\n",
    )
    .unwrap();
    assert_eq!(get(&evidence, "eval_accuracy").step, Some(40));
    assert!(!passed(&evidence, "run_stop"));
}

#[test]
fn a_latency_of_nothing_is_undefined() {
    // LoadGen 6 writes zeros for first tokens if the system reported none.
    let text = TOKENS.replace("first token latency (ns)   : 300", "first token latency (ns)   : 0");
    let evidence = of(&text).unwrap();
    assert_eq!(get(&evidence, "99.90 percentile first token latency (ns)").value, None);
    assert_eq!(get(&evidence, "99.00 percentile latency (ns)").value, Some(200.0));
    // As LoadGen 6.0.17 writes it if there were too few queries for an estimate.
    let line = r#":::MLLOG {"key": "early_stopping_latency_ms", "value": 0, "time_ms": 1031.8, "namespace": "mlperf::logging"}"#;
    assert_eq!(get(&of(&format!("{line}\n")).unwrap(), "early_stopping_latency_ms").value, None);
}
