//! The output of `onnxruntime_perf_test`: lines of `name: number unit`.
//!
//! Times are in seconds or milliseconds, each with its unit. Percentiles are `P50` to `P999` (the
//! 99.9th). The number of requests is stated: n. Newer versions call the average `… cost total` and
//! add one without the submission. CPU use and memory are printed twice, once without a unit.

use super::sample::inner_quantile;
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family, collector::Collector, json::Number,
};
use crate::model::{Evidence, Producer, Slice};
use std::collections::BTreeSet;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "onnxruntime-perf-test",
    title: "Output of onnxruntime_perf_test",
    family: Family::Load,
    written_by: "onnxruntime_perf_test -m times -r 1000 model.onnx > perf.txt",
    reads: "percentiles of latency with their unit and the number of requests as n; average and total times, throughput.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Checks],
    recognised_by: "lines `Session creation time cost:` and `Total inference requests:`",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"20 ms\"\npoint_estimate = \"allow\"",
    detect,
    read,
};

const START: &str = "Session creation time cost:";
const REQUESTS: &str = "Total inference requests";

/// How many lines are searched for the first one that the tool always prints.
const LOOKED_AT: usize = 200;

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let text = document.text().map_err(|_| Declined::because("not text"))?;
    let found = !document.looks_like_json()
        && text.lines().take(LOOKED_AT).any(|line| line.starts_with(START));
    if found { Ok(()) } else { Err(Declined::because("no line `Session creation time cost:`")) }
}

/// Splits a line `name: number unit`.
fn line(line: &str) -> Option<(&str, Number<'_>, &str)> {
    let (name, rest) = line.split_once(':')?;
    let rest = rest.trim();
    let (number, unit) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((name.trim(), Number::parse(number)?, unit.trim()))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let text = document.text()?;
    let mut collector = Collector::new(document, ADAPTER.id);
    let n = text
        .lines()
        .filter_map(line)
        .find(|(name, ..)| *name == REQUESTS)
        .and_then(|(_, number, _)| number.count());
    let mut seen = BTreeSet::new();
    for (name, number, unit) in text.lines().filter_map(line) {
        if !seen.insert(name) {
            continue;
        }
        let q = name.strip_suffix(" Latency").and_then(|name| percentile(name.strip_prefix('P')?));
        let latency = q.is_some()
            || name.ends_with(" Latency")
            || name.starts_with("Average inference time cost");
        if let Some(m) = collector.number(
            if q.is_some() { "latency" } else { name },
            name,
            Slice::overall(),
            number.value(),
        ) {
            (m.quantile, m.unit, m.rounding) = (q, unit.parse().ok(), number.rounding());
            m.n = n.filter(|_| latency);
        }
    }
    if n.is_none_or(|n| n == 0) {
        collector.check(
            REQUESTS,
            false,
            Some("no request was made: nothing was measured".to_owned()),
        );
    }
    collector.evidence.producer =
        Some(Producer { tool: Some("onnxruntime_perf_test".to_owned()), ..Producer::default() });
    collector.finish()
}

/// `99` is the 99th, `999` the 99.9th.
fn percentile(digits: &str) -> Option<f64> {
    let (whole, rest) = digits.split_at_checked(2)?;
    if rest.is_empty() { inner_quantile(whole) } else { inner_quantile(&format!("{whole}.{rest}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Unit};

    fn of(text: &str) -> Result<Evidence, EvidenceError> {
        read(&Document::new(Digest::of(text.as_bytes()), text.as_bytes()))
    }

    #[test]
    fn percentiles_carry_unit_and_n() {
        let evidence = of("Setting intra_op_num_threads to 1\nSession creation time cost: 0.217932 s\nFirst inference time cost: 196 ms\n\
             Total inference time cost: 0.49481 s\nTotal inference requests: 5\nAverage inference time cost total: 98.961997 ms\n\
             Number of inferences per second: 10.104 \nAvg CPU usage: 11 %\nPeak working set size: 271122432 bytes\nAvg CPU usage:11\nRuns:5\n\
             Min Latency: 0.0958204 s\nP99 Latency: 0.101519 s\nP999 Latency: 0.101519 s\n").unwrap();
        let get =
            |name: &str| evidence.measurements.iter().find(|m| m.source_name == name).unwrap();
        let p999 = get("P999 Latency");
        assert_eq!(
            (p999.metric.as_str(), p999.quantile, p999.unit, p999.n),
            ("latency", Some(0.999), Some(Unit::Seconds), Some(5))
        );
        assert_eq!(get("Average inference time cost total").unit, Some(Unit::Milliseconds));
        assert_eq!(get("Avg CPU usage").unit, Some(Unit::Percent));
        assert_eq!(
            (get("Peak working set size").unit, get("Peak working set size").n),
            (Some(Unit::Bytes), None)
        );
        assert!(evidence.checks.is_empty());
    }

    #[test]
    fn a_run_cut_off_is_a_failed_check() {
        assert!(!of("Session creation time cost: 0.2 s\nTotal inf").unwrap().checks[0].passed);
        assert!(of("Total inference requests: 5\n").is_err());
    }
}
