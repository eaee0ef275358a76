//! A sample as a histogram: what `HdrHistogram`, `DDSketch` and raw samples have in common.

use serde::{Deserialize, Serialize};

/// Counts of values by range, ascending and not overlapping. Any order statistic is known up to its range.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// How it was recorded: `hdr_v2`, `ddsketch`, `samples`.
    pub method: String,
    /// The ranges that hold anything.
    pub buckets: Vec<Bucket>,
}

/// How many values lie in one range, in the measurement's unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// The least value that the range may hold.
    pub low: f64,
    /// The greatest value that the range may hold.
    pub high: f64,
    /// How many values it holds; above 0.
    pub count: u64,
}

impl Distribution {
    /// All values counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |n, b| n.saturating_add(b.count))
    }
}
