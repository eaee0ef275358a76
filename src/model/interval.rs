//! An interval around a value, as a document states it or modelgate computed it.

use serde::{Deserialize, Serialize};

/// An interval around a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The method: `clopper-pearson`, `delong`, …
    pub method: String,
    /// The confidence, in (0, 1).
    pub confidence: f64,
    /// 2 for a two-sided interval; 1 if each end is a one-sided bound.
    pub sides: u8,
    /// The lower end; `None` if it is unbounded.
    pub lower: Option<f64>,
    /// The upper end; `None` if it is unbounded.
    pub upper: Option<f64>,
}
