//! Our names and units for the statistics of `AIPerf`.

use crate::evidence::formats::load::sample::percentile;
use crate::model::Unit;

/// Our name of a metric's statistic: `latency` with a quantile for percentiles of it, else the
/// source's own name.
pub(super) fn ours<'n>(metric: &'n str, stat: &str, theirs: &'n str) -> (&'n str, Option<f64>) {
    match percentile(stat) {
        Some(q) if metric == "request_latency" => ("latency", Some(q)),
        Some(q) => (metric, Some(q)),
        None => (theirs, None),
    }
}

/// The unit of a statistic, if we have it; a count has none.
pub(super) fn unit(text: &str, stat: &str) -> Option<Unit> {
    let unit = text.parse().ok().or(match text {
        "KB" => Some(Unit::Kibibytes),
        "MB" => Some(Unit::Mebibytes),
        "GB" => Some(Unit::Gibibytes),
        _ => None,
    });
    unit.filter(|_| stat != "count")
}
