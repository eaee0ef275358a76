//! `MLPerf` `LoadGen`: `mlperf_log_summary.txt` and `mlperf_log_detail.txt`, of every scenario; `:::MLLOG` lines of
//! training.
//!
//! The summary has lines of `name : value`; the lines under "Test Parameters Used" were requested
//! and not measured. The detail log has a JSON object after `:::MLLOG` on each line; results are
//! the keys `result_…` and `early_stopping_…`. Latencies are nanoseconds. `Result is : INVALID`
//! fails the check `Result is`; so does a summary without a result, as accuracy runs write it.
//!
//! A single-stream or server query is one sample: if the number of queries is stated, it is the n
//! of the latencies. In the offline scenario all samples are one query, and n stays unknown. A
//! latency of 0 means that there is none, for first tokens that the system never reported, or for
//! an early stopping estimate after too few queries. It is undefined. In multi-stream `latency` is
//! the latency of queries, by which the scenario is judged; that of samples keeps its own name.
//! Training logs, and the older `:::MLPv0.5.0` lines, have `eval_accuracy` and `run_stop`.

mod detail;
mod summary;
#[cfg(test)]
mod tests;

use super::sample::inner_quantile;
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family, collector::Collector,
};
use crate::model::{Evidence, Measurement, Producer, Unit};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "mlperf-loadgen",
    title: "MLPerf LoadGen's summary and detail logs; MLLOG lines",
    family: Family::Load,
    written_by: "mlperf_loadgen.StartTestWithLogSettings(…)",
    reads: "percentiles of latency in nanoseconds, throughputs and counts; validity and every constraint as a check. n where each \
            query is one sample and their number is stated.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Checks],
    recognised_by: "`MLPerf Results Summary`, or lines `:::MLLOG {…}`",
    rule: "id = \"valid\"\ncheck = \"Result is\"",
    detect,
    read,
};

const TITLE: &str = "MLPerf Results Summary";
const LINE: &str = ":::ML";

/// How much of a document is examined.
const LOOKED_AT: usize = 4096;

fn is_detail(text: &str) -> bool {
    let line = text.trim_start().lines().next().unwrap_or_default();
    line.strip_prefix(LINE).is_some_and(|rest| rest.starts_with("LOG ") || rest.starts_with("Pv"))
}

/// Whether this is a summary. Those of accuracy runs have only its last lines.
fn is_summary(text: &str) -> bool {
    let start = text.get(..LOOKED_AT).unwrap_or(text);
    let counted = |line: &str| {
        line.contains("encountered during test.") || line.contains("encountered. See detailed log.")
    };
    start.contains(TITLE)
        || start.lines().map(str::trim).find(|line| !line.is_empty()).is_some_and(counted)
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let text = document.text().map_err(|_| Declined::because("not text"))?;
    if !document.looks_like_json() && (is_detail(text) || is_summary(text)) {
        Ok(())
    } else {
        Err(Declined::because("neither `MLPerf Results Summary` nor lines `:::MLLOG`"))
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let text = document.text()?;
    let mut collector = Collector::new(document, ADAPTER.id);
    collector.evidence.producer =
        Some(Producer { tool: Some("mlperf-loadgen".to_owned()), ..Producer::default() });
    if is_detail(text) {
        detail::read(&mut collector, document, text)?;
    } else {
        summary::read(&mut collector, text);
    }
    collector.finish()
}

/// What the name of a number says about it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Kind {
    /// Our name, if it is a percentile.
    metric: Option<&'static str>,
    quantile: Option<f64>,
    /// Whether it is a latency of whole requests, whose n is the number of requests.
    requests: bool,
    nanoseconds: bool,
}

/// Interprets a name such as `99.00 percentile latency (ns)` or
/// `result_99.00_percentile_latency_ns`.
fn kind(name: &str, multi_stream: bool) -> Kind {
    let plain = name.to_lowercase().replace('_', " ");
    let first_token = plain.contains("first token");
    let output_token = plain.contains("output token");
    let estimate = plain.contains("early stopping");
    let q = plain
        .contains("percentile")
        .then(|| plain.split(' ').find_map(|word| inner_quantile(word.trim_end_matches("th"))))
        .flatten();
    let metric = match () {
        () if estimate => "early_stopping_latency",
        () if first_token => "first_token_latency",
        () if output_token => "time_per_output_token",
        // The detail log of multi-stream has both, and only the name of the query latency says
        // which it is.
        () if multi_stream && plain.starts_with("result") && !plain.contains("query") => {
            "sample_latency"
        }
        () => "latency",
    };
    let latency = plain.contains("latency") || output_token || plain.contains("percentile");
    let rate =
        plain.contains("per sec") || plain.contains("throughput") || plain.contains("completed");
    Kind {
        metric: q.map(|_| metric),
        quantile: q,
        requests: latency && metric == "latency" && !plain.contains("count"),
        nanoseconds: latency && !rate && !plain.contains("count"),
    }
}

/// Fills the fields that the name determines.
fn describe(m: &mut Measurement, kind: Kind, n: Option<u64>) {
    m.quantile = kind.quantile;
    m.unit = kind.nanoseconds.then_some(Unit::Nanoseconds);
    m.n = n.filter(|_| kind.requests);
    if kind.nanoseconds && m.value == Some(0.0) {
        m.value = None;
    }
}
