use super::*;
use crate::model::{Digest, Measurement, Slice, Unit};

fn of(text: &str) -> Result<Evidence, EvidenceError> {
    read(&Document::new(Digest::of(text.as_bytes()), text.as_bytes()))
}

fn get<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

const OLD: &str = r#"{"request_throughput": {"unit": "requests/sec", "avg": 5.5}, "request_latency": {"unit": "ms", "avg": 20.0, "p99": 31.5, "min": 1.0},
    "time_to_first_token": {"unit": "ms", "avg": 3.0, "p99": 9.5}, "request_count": {"unit": "requests", "avg": 14.0},
    "telemetry_stats": {"gpu_power_usage": {"unit": "W", "gpu0": {"avg": 100.0, "p99": 200.0}}}, "input_config": {"model_names": ["m"]}}"#;

#[test]
fn only_request_latency_is_latency() {
    let evidence = of(OLD).unwrap();
    let p99 = get(&evidence, "request_latency.p99");
    assert_eq!(
        (p99.metric.as_str(), p99.quantile, p99.unit, p99.n),
        ("latency", Some(0.99), Some(Unit::Milliseconds), None)
    );
    assert_eq!(get(&evidence, "time_to_first_token.p99").metric, "time_to_first_token");
    assert_eq!(get(&evidence, "request_latency.min").metric, "request_latency.min");
    assert_eq!(get(&evidence, "telemetry_stats.gpu_power_usage.gpu0.p99").value, Some(200.0));
    assert!(evidence.checks.is_empty());
}

#[test]
fn count_is_n_and_a_size_is_of_powers_of_1024() {
    let evidence = of(r#"{"aiperf_version": "0.13.0", "http_req_data_sent": {"unit": "KB", "avg": 0.177734375, "count": 14, "sum": 2.5},
        "request_error_rate": {"unit": "%", "avg": 30.0}, "is_complete": false, "incomplete_reason": "stopped", "was_cancelled": true}"#).unwrap();
    let sent = get(&evidence, "http_req_data_sent.avg");
    assert_eq!((sent.n, sent.unit), (Some(14), Some(Unit::Kibibytes)));
    assert_eq!(get(&evidence, "http_req_data_sent.count").unit, None);
    assert_eq!(get(&evidence, "request_error_rate.avg").unit, Some(Unit::Percent));
    let checks: Vec<_> = evidence.checks.iter().map(|c| (c.name.as_str(), c.passed)).collect();
    assert_eq!(
        checks,
        [("is_complete", false), ("was_cancelled", false), ("request_count", false)]
    );
}

#[test]
fn a_telemetry_of_gpus_is_named_by_its_path() {
    let evidence = of(r#"{"aiperf_version": "0.13.0", "request_count": {"unit": "requests", "avg": 1.0},
        "warmup_metrics": {"request_latency": {"unit": "ms", "p99": 900.0, "avg": 1.0}},
        "telemetry_data": {"summary": {"start_time": "x"}, "endpoints": {"a:1": {"gpus": {"gpu_0": {"gpu_index": 0, "metrics": {"energy": {"unit": "MJ", "avg": 1.5}}}}}}}}"#).unwrap();
    assert_eq!(
        get(&evidence, "telemetry_data.endpoints.a:1.gpus.gpu_0.metrics.energy.avg").value,
        Some(1.5)
    );
    // A rule on latency must not select warm-up.
    assert_eq!(
        get(&evidence, "warmup_metrics.request_latency.p99").metric,
        "warmup_metrics.request_latency"
    );
}

#[test]
fn aggregates_bring_their_interval_and_time_slices_are_an_axis() {
    let evidence = of(r#"{"aiperf_version": "0.13.0", "metadata": {"num_successful_runs": 5, "failed_runs": [], "confidence_level": 0.95},
        "metrics": {"request_latency_p99": {"mean": 10.0, "std": 1.0, "cv": 0.1, "ci_low": 9.0, "ci_high": 11.0, "unit": "ms"}}}"#).unwrap();
    let mean = get(&evidence, "request_latency_p99.mean");
    assert_eq!(
        (mean.n, mean.unit, mean.intervals[0].lower, mean.intervals[0].confidence),
        (Some(5), Some(Unit::Milliseconds), Some(9.0), 0.95)
    );
    assert_eq!(get(&evidence, "request_latency_p99.cv").unit, None);
    let evidence =
        of(r#"{"timeslices": [{"timeslice_index": 3, "request_latency": {"unit": "ms", "avg": 2.0}}]}"#).unwrap();
    assert_eq!(evidence.measurements[0].slice, Slice::one("timeslice", "3"));
}

#[test]
fn tables_of_genai_perf_write_thousands_with_commas() {
    let evidence = of("Metric,avg,min,max,p99,p95\nRequest Latency (ms),\"1,234.56\",1.00,\"2,000.00\",\"1,999.00\",N/A\n\n\
        Metric,Value\nOutput Token Throughput (tokens/sec),\"9,876.50\"\nRequest Count (count),20.00\n\nMetric,GPU,avg,min,max,p99\nGpu Power Usage (W),0,1.00,1.00,1.00,1.00\n").unwrap();
    assert_eq!(get(&evidence, "Request Latency (ms).avg").value, Some(1234.56));
    let p99 = get(&evidence, "Request Latency (ms).p99");
    assert_eq!(
        (p99.value, p99.metric.as_str(), p99.quantile, p99.unit),
        (Some(1999.0), "latency", Some(0.99), Some(Unit::Milliseconds))
    );
    assert_eq!(get(&evidence, "Request Latency (ms).p95").value, None);
    assert_eq!(get(&evidence, "Output Token Throughput (tokens/sec)").value, Some(9876.5));
    assert_eq!(get(&evidence, "Gpu Power Usage (W).avg").slice, Slice::one("gpu", "0"));
    assert!(of("Metric,avg,min,max,p99\nRequest Latency (ms),1.0\n").is_err());
    assert!(!of("Metric,avg,min,max,p99\n").unwrap().checks[0].passed);
}

fn line(phase: &str, latency: &str, error: &str) -> String {
    format!(
        r#"{{"metadata":{{"session_num":0,"benchmark_phase":"{phase}","request_end_ns":1795185657262733568,"was_cancelled":false}},"metrics":{latency}{error}}}"#
    )
}

#[test]
fn lines_of_requests_are_a_whole_sample() {
    let latency = |ms: f64| {
        format!(
            r#"{{"request_latency":{{"value":{ms:?},"unit":"ms"}},"inter_chunk_latency":{{"value":[1.0,2.0],"unit":"ms"}}}}"#
        )
    };
    let text = [
        line("warmup", &latency(900.0), ""),
        line("profiling", &latency(10.0), ""),
        line("profiling", &latency(30.0), ""),
        line("profiling", &latency(20.0), ""),
        line("profiling", "{}", r#","error":{"code":503}"#),
    ]
    .join("\n");
    let evidence = of(&text).unwrap();
    let p50 = get(&evidence, "request_latency.p50");
    assert_eq!(
        (p50.value, p50.n, p50.metric.as_str(), p50.unit),
        (Some(20.0), Some(3), "latency", Some(Unit::Milliseconds))
    );
    assert_eq!(p50.distribution.as_ref().unwrap().count(), 3);
    assert_eq!(
        (
            get(&evidence, "inter_chunk_latency.max").value,
            get(&evidence, "inter_chunk_latency.avg").n
        ),
        (Some(2.0), Some(6))
    );
    assert_eq!(
        (get(&evidence, "request_count").value, get(&evidence, "error_request_count").value),
        (Some(3.0), Some(1.0))
    );
    let succeeded =
        evidence.checks.iter().find(|check| check.name == "requests succeeded").unwrap();
    assert_eq!((succeeded.passed, succeeded.detail.as_deref()), (false, Some("1 requests failed")));
    assert_eq!(evidence.produced_at.unwrap().to_string(), "2026-11-20T14:40:57.262733Z");
    assert!(!of(&line("profiling", "{}", r#","error":{"code":503}"#)).unwrap().checks[0].passed);
}

#[test]
fn metrics_of_the_server_carry_their_labels() {
    let evidence = of(r#"{"schema_version": "1.0", "aiperf_version": "0.13.0", "summary": {}, "metrics": {"vllm:e2e_request_latency_seconds":
        {"type": "histogram", "description": "d", "unit": "seconds", "series": [{"endpoint_url": "u", "labels": {"model_name": "m"},
        "stats": {"count": 14, "sum": 7.0, "avg": 0.5, "p99_estimate": 0.9, "count_rate": 2.0}, "buckets": {"+Inf": 14}}]}}}"#).unwrap();
    let p99 = get(&evidence, "vllm:e2e_request_latency_seconds.p99_estimate");
    assert_eq!(
        (p99.value, p99.n, p99.unit, p99.quantile),
        (Some(0.9), Some(14), Some(Unit::Seconds), None)
    );
    assert_eq!(p99.slice.to_string(), "endpoint_url = u, model_name = m");
    assert!(evidence.checks.is_empty());
    assert!(
        !of(r#"{"aiperf_version": "0.13.0", "summary": {}, "metrics": {}}"#).unwrap().checks[0]
            .passed
    );
}
