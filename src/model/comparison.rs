//! A candidate and a baseline measured on the same rows.

use super::{Against, Interval, Slice, Unit};
use serde::{Deserialize, Serialize};

/// One metric of two artifacts on the rows that both predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The artifact that the candidate is compared with.
    pub against: Against,
    /// The metric, by our name.
    pub metric: String,
    /// The quantile, for latencies.
    pub quantile: Option<f64>,
    /// The unit of `value`, `baseline` and the bounds.
    pub unit: Option<Unit>,
    /// The group.
    pub slice: Slice,
    /// Rows that both predicted.
    pub n: u64,
    /// The candidate's value on these rows; `None` if it is undefined.
    pub value: Option<f64>,
    /// The baseline's value on these rows; `None` if it is undefined.
    pub baseline: Option<f64>,
    /// The factor that the baseline is multiplied by before the subtraction.
    pub factor: f64,
    /// How often each artifact was right, row by row, for metrics that count rows. Bounds at any
    /// confidence follow from it.
    pub pairs: Option<Pairs>,
    /// Bounds of `value − factor · baseline`, one for each requested confidence.
    pub bounds: Vec<Interval>,
    /// How many events the bounds rest on; see [`super::Measurement::events`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// The reason why there is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_bound: Option<String>,
}

/// The outcomes of two artifacts on the same trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// Both succeeded.
    pub both: u64,
    /// Only the candidate succeeded.
    pub candidate_only: u64,
    /// Only the baseline succeeded.
    pub baseline_only: u64,
    /// Neither did.
    pub neither: u64,
}
