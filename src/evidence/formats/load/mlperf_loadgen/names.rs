//! What the names of its numbers say.

use crate::evidence::formats::load::sample::inner_quantile;
use crate::model::{Measurement, Unit};

pub(super) const LINE: &str = ":::ML";

/// What the name of a number says about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Kind {
    /// Our name, if it is a percentile.
    pub(super) metric: Option<&'static str>,
    pub(super) quantile: Option<f64>,
    /// Whether it is a latency of whole requests, whose n is the number of requests.
    pub(super) requests: bool,
    pub(super) nanoseconds: bool,
}

/// Interprets a name such as `99.00 percentile latency (ns)` or
/// `result_99.00_percentile_latency_ns`.
pub(super) fn kind(name: &str, multi_stream: bool) -> Kind {
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
pub(super) fn describe(m: &mut Measurement, kind: Kind, n: Option<u64>) {
    m.quantile = kind.quantile;
    m.unit = kind.nanoseconds.then_some(Unit::Nanoseconds);
    m.n = n.filter(|_| kind.requests);
    if kind.nanoseconds && m.value == Some(0.0) {
        m.value = None;
    }
}
