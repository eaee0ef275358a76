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
mod names;
mod summary;
#[cfg(test)]
mod tests;

use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family, collector::Collector,
};
use crate::model::{Evidence, Producer};
use names::LINE;

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
