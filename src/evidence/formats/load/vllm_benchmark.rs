//! `vllm bench serve --save-result` (formerly `benchmark_serving.py`), and `SGLang`'s
//! `bench_serving`, which follows it.
//!
//! The file has one object, or one per line if runs are appended. `ttft`, `tpot`, `itl` and `e2el`
//! each have a mean, a median, a standard deviation and the percentiles that were asked for, in
//! milliseconds. Times to the first token and to the end are over the `completed` requests, which
//! are their n; the others are over tokens, whose number is not stated. Benchmarks of embeddings,
//! and runs without a tokenizer, have only `e2el`. Older versions do not say how many requests
//! `failed`. Old versions write `request_goodput:` with a colon. With `--save-detailed` the file
//! has lists with a value for each request; they have zeros for failed requests and are not read.
//! `date` is local time without a zone, so it gives no moment.
//!
//! `vllm bench latency` writes the seconds of every iteration over one batch, with mean and
//! percentiles; `vllm bench throughput` writes an elapsed time and rates.

use super::sample::{self as load, Ended, Written, distribution, inner_quantile, percentile};
use crate::evidence::formats::common::text;
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::{Collector, finite},
    json::{Json, Number, Object, Value},
    precision::Precision,
};
use crate::model::{Evidence, Producer, Slice, Unit};
use crate::stats::proportion::counted;
use std::sync::Arc;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "vllm-benchmark",
    title: "vLLM's serving benchmark (and SGLang's)",
    family: Family::Load,
    written_by: "vllm bench serve --save-result …",
    reads: "throughputs, counts, and mean, median and percentiles of time to first token, time per token and end-to-end latency \
            in milliseconds; completed requests as n, the error rate with its counts.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "`completed`, `request_throughput` and `total_input_tokens` or `mean_ttft_ms`",
    rule: "id = \"ttft\"\nmetric = \"ttft\"\nquantile = 0.99\nmax = \"500 ms\"\npoint_estimate = \"allow\"",
    detect,
    read,
};

/// The keys of `vllm bench latency`, and of `vllm bench throughput`.
const LATENCY: [&str; 3] = ["avg_latency", "latencies", "percentiles"];
const THROUGHPUT: [&str; 4] =
    ["elapsed_time", "num_requests", "requests_per_second", "tokens_per_second"];

const KEYS: [&str; 2] = ["completed", "request_throughput"];

/// One of these keys is present as well: a run without a tokenizer has no time to the first token.
const EITHER: [&str; 2] = ["total_input_tokens", "mean_ttft_ms"];

/// Keys that were requested, or that describe the run.
const ABOUT: [&str; 40] = [
    "date",
    "backend",
    "endpoint_type",
    "label",
    "model_id",
    "tokenizer_id",
    "best_of",
    "use_beam_search",
    "num_prompts",
    "request_rate",
    "burstiness",
    "max_concurrency",
    "ramp_up_strategy",
    "ramp_up_start_rps",
    "ramp_up_end_rps",
    "dataset_name",
    "dataset_path",
    "seed",
    "tag",
    "random_input_len",
    "random_output_len",
    "random_range_ratio",
    "sharegpt_output_len",
    "sonnet_input_len",
    "sonnet_output_len",
    "version",
    "vllm_version",
    "server_info",
    "goodput_config",
    "ignore_eos",
    "api_url",
    "base_url",
    "endpoint",
    "model",
    "tokenizer",
    "profile",
    "save_result",
    "ready_check_timeout_sec",
    "temperature",
    "top_p",
];

fn has(run: &Object<'_>, keys: &[&str]) -> bool {
    keys.iter().all(|key| run.has(key))
}

fn serves(run: &Object<'_>) -> bool {
    has(run, &KEYS) && EITHER.iter().any(|key| run.has(key))
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let run = if let Ok(object) = document.object() {
        Some(object)
    } else if document.looks_like_json() && document.json().is_err() {
        document.json_lines().ok().and_then(|lines| lines.first()).and_then(Json::as_object)
    } else {
        None
    };
    if run.is_some_and(|run| serves(run) || has(run, &LATENCY) || has(run, &THROUGHPUT)) {
        Ok(())
    } else {
        Err(Declined::because("no keys `completed`, `request_throughput` and `total_input_tokens`"))
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    let runs = match document.json() {
        Ok(json) => std::slice::from_ref(json),
        Err(_) => document.json_lines().map_err(Clone::clone)?,
    };
    if let [Json { value: Value::Object(run), .. }] = runs {
        if has(run, &LATENCY) {
            latency(&mut collector, run);
            return collector.finish();
        }
        if has(run, &THROUGHPUT) {
            throughput(&mut collector, run);
            return collector.finish();
        }
    }
    for run in runs {
        let object = run.as_object().filter(|run| serves(run));
        let object =
            object.ok_or_else(|| document.invalid(ADAPTER.id, run.at, "a line is no run"))?;
        one(&mut collector, object);
    }
    if runs.len() > 1 {
        collector.warn(format!(
            "{} runs are appended in this file; each is read, none is summed",
            runs.len()
        ));
    }
    if runs.iter().any(|run| run.get("date").is_some()) {
        collector.warn("`date` has no zone: when the run was made is not known");
    }
    collector.finish()
}

fn one(collector: &mut Collector<'_>, run: &Object<'_>) {
    let count = |key: &str| run.get(key).and_then(Json::as_number).and_then(Number::count);
    let completed = count("completed");
    if completed.is_none_or(|completed| completed == 0) {
        collector.check(
            "completed",
            false,
            Some("no request was completed: nothing was measured".to_owned()),
        );
    }
    collector.evidence.producer =
        Some(Producer { tool: text(run.get("backend")).map(str::to_owned), ..Producer::default() });
    let from = collector.evidence.measurements.len();
    for member in run {
        let (key, json) = (&*member.key, &member.value);
        match &json.value {
            _ if ABOUT.contains(&key) => {}
            Value::Number(_) | Value::NonFinite(_) => {
                let time = time(key);
                // Without any request the tool writes times of 0, which would look like the best
                // possible ones.
                let none = Json { at: json.at, value: Value::Null };
                let n = if key.starts_with(PROBE) { count("probe_completed") } else { completed };
                number(
                    collector,
                    key,
                    if n == Some(0) && time.is_some() { &none } else { json },
                    time,
                    n,
                );
            }
            Value::Array(_) | Value::Object(_) | Value::Bool(_) | Value::String(_) => {
                collector.left_out(key);
            }
            Value::Null => {}
        }
    }
    if let Some(failed) = run.get("failed").filter(|_| count("failed").is_none()) {
        collector.mistake(
            failed.at,
            format!("a count of failed requests was expected, not {}", failed.kind()),
        );
    }
    if let Some(prompts) = run.get("num_prompts").filter(|_| count("num_prompts").is_none()) {
        collector.mistake(
            prompts.at,
            format!("a count of prompts was expected, not {}", prompts.kind()),
        );
    }
    failures(collector, from, completed, count("failed"), count("num_prompts"));
}

fn failures(
    collector: &mut Collector<'_>,
    from: usize,
    completed: Option<u64>,
    failed: Option<u64>,
    prompts: Option<u64>,
) {
    match (completed, failed, prompts) {
        (Some(completed), Some(failed), prompts) => {
            let requests = completed.saturating_add(failed);
            load::error_rate(collector, Slice::overall(), requests, failed);
            // A data set may have fewer prompts than were asked for.
            let unfinished = prompts.map_or(0, |prompts| prompts.saturating_sub(requests));
            Ended { requests, failed, unfinished }.tell(collector, from, &Slice::overall(), "");
        }
        // Without `failed` the missing requests may have failed, or the data set had fewer prompts:
        // the file does not say.
        (Some(completed), None, Some(prompts)) if completed < prompts => {
            collector.warn(format!(
                "{completed} of {prompts} prompts were completed; how many failed is not stated"
            ));
            let detail = format!("{completed} of {prompts} prompts were completed");
            collector.check("requests succeeded", false, Some(detail));
            Ended::of(prompts, prompts - completed).mark(collector, from, |_| true);
        }
        (Some(completed), None, Some(_)) => {
            Ended::of(completed, 0).tell(collector, from, &Slice::overall(), "");
        }
        (Some(_), None, None) => collector.warn("the run does not say how many requests failed"),
        (None, ..) => collector.check(
            "requests succeeded",
            false,
            Some("no count of completed requests".to_owned()),
        ),
    }
}

/// Reads `vllm bench latency`: seconds.
fn latency(collector: &mut Collector<'_>, run: &Object<'_>) {
    let listed = collector.list(run.get("latencies"));
    let values: Option<Vec<f64>> =
        listed.iter().map(|json| finite(json).map(Number::value)).collect();
    let mut values = values.unwrap_or_default();
    values.sort_unstable_by(f64::total_cmp);
    if values.is_empty() {
        collector.check(
            "latencies",
            false,
            Some("no iteration is listed: nothing was measured".to_owned()),
        );
    }
    let n = (!values.is_empty()).then(|| counted(values.len()));
    let sample = distribution(&values, Written::Cut(0.0)).map(Arc::new);
    if let Some(m) = run
        .get("avg_latency")
        .and_then(|json| collector.measure("avg_latency", "avg_latency", Slice::overall(), json))
    {
        (m.unit, m.n) = (Some(Unit::Seconds), n);
    }
    for member in collector.members(run.get("percentiles")) {
        let path = format!("percentiles.{}", member.key);
        let q = inner_quantile(&member.key);
        let Some(m) = collector.measure(
            if q.is_some() { "latency" } else { &path },
            &path,
            Slice::overall(),
            &member.value,
        ) else {
            continue;
        };
        (m.unit, m.n, m.quantile, m.distribution) =
            (Some(Unit::Seconds), n, q, q.and(sample.clone()));
    }
}

/// Reads `vllm bench throughput`.
fn throughput(collector: &mut Collector<'_>, run: &Object<'_>) {
    let requests = run.get("num_requests").and_then(finite).map(Number::value);
    if requests.is_none_or(|requests| requests <= 0.0) {
        collector.check(
            "num_requests",
            false,
            Some("no request was made: nothing was measured".to_owned()),
        );
    }
    for member in run
        .iter()
        .filter(|member| matches!(member.value.value, Value::Number(_) | Value::NonFinite(_)))
    {
        if let Some(m) =
            collector.measure(&member.key, &member.key, Slice::overall(), &member.value)
        {
            m.unit = (member.key == "elapsed_time").then_some(Unit::Seconds);
        }
    }
}

/// Keys of the additional requests that `--probe-request-rate` sends.
const PROBE: &str = "probe_";

/// Times that every completed request has.
const PER_REQUEST: [&str; 5] =
    ["ttft", "e2el", "e2e_latency", "client_queue_time", "e2el_including_client_queue"];

/// For a key such as `p99_ttft_ms`: which time it is, and which quantile, if it is one.
fn time(key: &str) -> Option<(&str, Option<f64>)> {
    let plain = key.strip_prefix(PROBE).unwrap_or(key);
    let (stat, time) = plain.strip_suffix("_ms")?.split_once('_')?;
    let q = match stat {
        "median" => Some(0.5),
        "mean" | "std" | "min" | "max" => None,
        _ => Some(percentile(stat)?),
    };
    Some((time, q))
}

fn number(
    collector: &mut Collector<'_>,
    key: &str,
    json: &Json<'_>,
    time: Option<(&str, Option<f64>)>,
    completed: Option<u64>,
) {
    let metric = match time {
        Some((_, Some(_))) if key.starts_with(PROBE) => "probe_e2el",
        Some(("e2el" | "e2e_latency", Some(_))) => "latency",
        Some((time, Some(_))) => time,
        _ => key.trim_end_matches(':'),
    };
    let Some(m) = collector.measure(metric, key, Slice::overall(), json) else { return };
    match time {
        Some((time, q)) => {
            (m.unit, m.quantile) = (Some(Unit::Milliseconds), q);
            m.n = completed.filter(|_| PER_REQUEST.contains(&time));
        }
        None if key == "spec_decode_acceptance_rate" => m.unit = Some(Unit::Percent),
        None if matches!(key, "duration") => m.unit = Some(Unit::Seconds),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    const RUN: &str = r#"{"date": "20251120-101010", "backend": "vllm", "model_id": "m", "num_prompts": 100, "request_rate": "inf", "burstiness": 1.0,
        "duration": 12.5, "completed": 98, "failed": 2, "total_input_tokens": 1000, "request_throughput": 7.84, "request_goodput:": null,
        "mean_ttft_ms": 20.5, "median_ttft_ms": 19.0, "std_ttft_ms": 2.0, "p99_ttft_ms": 31.25, "p99.9_e2el_ms": 400.5, "p50_tpot_ms": 7.0, "ttfts": [0.02]}"#;

    fn of(text: &str) -> Result<Evidence, EvidenceError> {
        read(&Document::new(Digest::of(text.as_bytes()), text.as_bytes()))
    }

    #[test]
    fn percentiles_carry_their_quantile_unit_and_n() {
        let evidence = of(RUN).unwrap();
        let get =
            |name: &str| evidence.measurements.iter().find(|m| m.source_name == name).unwrap();
        let p99 = get("p99_ttft_ms");
        assert_eq!(
            (p99.metric.as_str(), p99.quantile, p99.unit, p99.n),
            ("ttft", Some(0.99), Some(Unit::Milliseconds), Some(98))
        );
        assert_eq!(
            (get("p99.9_e2el_ms").metric.as_str(), get("p99.9_e2el_ms").quantile),
            ("latency", Some(0.999))
        );
        assert_eq!((get("p50_tpot_ms").n, get("median_ttft_ms").quantile), (None, Some(0.5)));
        assert_eq!(
            (get("mean_ttft_ms").metric.as_str(), get("duration").unit),
            ("mean_ttft_ms", Some(Unit::Seconds))
        );
        assert!(evidence.measurements.iter().all(|m| m.source_name != "num_prompts"));
        assert!(evidence.warnings.iter().any(|w| w.contains("`ttfts`")), "{:?}", evidence.warnings);
    }

    #[test]
    fn a_run_without_first_tokens_is_read_by_its_latencies() {
        // The keys of `vllm bench serve --backend openai-embeddings --max-concurrency 4 --request-rate 8`.
        let evidence = of(r#"{"date": "20260101-101010", "backend": "openai-embeddings", "model_id": "m", "num_prompts": 40,
            "duration": 5.0, "completed": 38, "total_input_tokens": 380, "total_input_sequences": 38, "request_throughput": 7.6,
            "input_sequence_throughput": 7.6, "total_token_throughput": 76.0, "mean_e2el_ms": 12.0, "median_e2el_ms": 11.5,
            "std_e2el_ms": 2.0, "p99_e2el_ms": 19.5, "p99_client_queue_time_ms": 0.25, "p99_e2el_including_client_queue_ms": 19.75}"#)
        .unwrap();
        let get =
            |name: &str| evidence.measurements.iter().find(|m| m.source_name == name).unwrap();
        let p99 = get("p99_e2el_ms");
        assert_eq!(
            (p99.metric.as_str(), p99.value, p99.quantile, p99.n),
            ("latency", Some(19.5), Some(0.99), Some(38))
        );
        for (name, metric) in [
            ("p99_client_queue_time_ms", "client_queue_time"),
            ("p99_e2el_including_client_queue_ms", "e2el_including_client_queue"),
        ] {
            assert_eq!((get(name).metric.as_str(), get(name).n), (metric, Some(38)));
        }
        assert!(
            evidence.warnings.iter().any(|w| w.contains("38 of 40 prompts")),
            "{:?}",
            evidence.warnings
        );
    }

    #[test]
    fn failed_requests_are_counted_and_probes_are_no_requests() {
        let evidence = of(r#"{"duration": 5.0, "completed": 90, "failed": 10, "total_input_tokens": 900, "request_throughput": 18.0,
            "mean_ttft_ms": 2.0, "probe_completed": 7, "probe_failed": 0, "probe_median_e2el_ms": 3.5, "probe_p99_e2el_ms": 4.5,
            "probe_max_e2el_ms": 5.0, "spec_decode_acceptance_rate": 62.5}"#)
        .unwrap();
        let get =
            |name: &str| evidence.measurements.iter().find(|m| m.source_name == name).unwrap();
        let rate = get("error_rate");
        assert_eq!((rate.value, rate.successes, rate.trials), (Some(0.1), Some(10), Some(100)));
        assert!(evidence.checks.iter().any(|c| c.name == "requests succeeded" && !c.passed));
        let probe = get("probe_p99_e2el_ms");
        assert_eq!(
            (probe.metric.as_str(), probe.quantile, probe.n),
            ("probe_e2el", Some(0.99), Some(7))
        );
        assert_eq!((probe.unit, get("probe_max_e2el_ms").n), (Some(Unit::Milliseconds), Some(7)));
        assert_eq!(get("spec_decode_acceptance_rate").unit, Some(Unit::Percent));
    }

    #[test]
    fn a_run_of_sglang_does_not_say_how_many_requests_failed() {
        // Five of its twenty requests were answered with 503.
        let evidence = of(include_str!(
            "../../../../tests/fixtures/evidence/vllm-benchmark/sglang_failing.jsonl"
        ))
        .unwrap();
        let p99 =
            evidence.measurements.iter().find(|m| m.source_name == "p99_e2e_latency_ms").unwrap();
        assert_eq!((p99.metric.as_str(), p99.quantile, p99.n), ("latency", Some(0.99), Some(15)));
        assert!(evidence.measurements.iter().all(|m| m.metric != "error_rate"));
        assert!(
            evidence.warnings.iter().any(|w| w.contains("how many requests failed")),
            "{:?}",
            evidence.warnings
        );
    }

    #[test]
    fn no_completed_request_is_a_failed_check_and_no_latency_of_zero() {
        let evidence =
            of(r#"{"completed": 0, "request_throughput": 0.0, "mean_ttft_ms": 0.0, "p99_ttft_ms": 0.0}"#).unwrap();
        assert!(!evidence.checks[0].passed);
        assert!(
            evidence
                .measurements
                .iter()
                .filter(|m| m.source_name.contains("ttft"))
                .all(|m| m.value.is_none())
        );
    }

    #[test]
    fn latencies_of_a_batch_are_a_whole_sample_in_seconds() {
        let evidence =
            of(r#"{"avg_latency": 2.0, "latencies": [1.0, 3.0, 2.0], "percentiles": {"50": 2.0, "99": 2.98}}"#)
                .unwrap();
        let p99 = evidence.measurements.iter().find(|m| m.source_name == "percentiles.99").unwrap();
        assert_eq!(
            (p99.metric.as_str(), p99.quantile, p99.unit, p99.n),
            ("latency", Some(0.99), Some(Unit::Seconds), Some(3))
        );
        assert_eq!(p99.distribution.as_ref().unwrap().buckets.len(), 3);
        assert!(
            !of(r#"{"avg_latency": NaN, "latencies": [], "percentiles": {}}"#).unwrap().checks[0]
                .passed
        );
        let evidence = of(r#"{"elapsed_time": 5.5, "num_requests": 10, "total_num_tokens": 99, "requests_per_second": 1.8, "tokens_per_second": 18.0}"#).unwrap();
        assert_eq!(
            (evidence.measurements.len(), evidence.measurements[0].unit),
            (5, Some(Unit::Seconds))
        );
    }

    #[test]
    fn appended_runs_are_read_line_by_line() {
        let line = r#"{"completed": 1, "request_throughput": 2.0, "mean_ttft_ms": 3.0}"#;
        assert_eq!(of(&format!("{line}\n{line}\n")).unwrap().measurements.len(), 6);
        assert!(of(&format!("{line}\n{{}}\n")).is_err());
    }
}
