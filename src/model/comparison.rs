//! A candidate and a baseline measured on the same rows.

use super::{Against, Interval, Slice, Unit};
use serde::{Deserialize, Serialize};

/// One metric of two artifacts on the rows that both predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// With whom.
    pub against: Against,
    /// Our name of the metric.
    pub metric: String,
    /// The quantile, for latency.
    pub quantile: Option<f64>,
    /// The unit of `value`, `baseline` and the bounds.
    pub unit: Option<Unit>,
    /// The group.
    pub slice: Slice,
    /// Rows that both predicted.
    pub n: u64,
    /// The candidate's value on them; `None` where it is undefined.
    pub value: Option<f64>,
    /// The baseline's value on them; `None` where it is undefined.
    pub baseline: Option<f64>,
    /// What the baseline is multiplied by before it is subtracted.
    pub factor: f64,
    /// Who was right on which rows, for metrics that count rows; bounds at any confidence follow.
    pub pairs: Option<Pairs>,
    /// Bounds of `value − factor · baseline`, one for each confidence that was asked for.
    pub bounds: Vec<Interval>,
}

/// How two artifacts answered the same trials.
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
