//! What raw predictions are to be turned into: made from policies, fulfilled by `predictions`.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// What to compute from raw predictions. A policy says it in these words and never touches a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The seed of all resampling: a hash of the digests of policy and predictions.
    pub seed: u64,
    /// How many bootstrap replicates to draw where no closed form exists.
    pub replicates: u32,
    /// The one-sided confidences to give bounds at, in (0.5, 1), ascending, each once; never empty.
    pub confidences: Vec<f64>,
    /// The attributes whose groups are measured, alone or crossed: `[["sex"], ["sex", "age"]]`. The whole data set
    /// always is.
    pub slices: Vec<Vec<String>>,
    /// The quantiles of latency to measure, in (0, 1).
    pub quantiles: Vec<f64>,
    /// The metrics wanted, by our names; empty for every one that the columns allow.
    pub metrics: BTreeSet<String>,
    /// The comparisons wanted with predictions of another artifact on the same rows.
    pub contrasts: Vec<Contrast>,
    /// The columns whose drift from the reference data is measured.
    pub drift: Vec<String>,
}

impl Default for Plan {
    /// Everything that the columns allow, at 95% one-sided confidence.
    fn default() -> Self {
        Self {
            seed: 0,
            replicates: 1_000,
            confidences: vec![0.95],
            slices: Vec::new(),
            quantiles: vec![0.5, 0.9, 0.95, 0.99],
            metrics: BTreeSet::new(),
            contrasts: Vec::new(),
            drift: Vec::new(),
        }
    }
}

/// The artifact that a candidate is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Against {
    /// The artifact of the latest unrevoked allow for that model and environment.
    Champion,
    /// The pinned artifact, which moves only by an approved act.
    Reference,
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Champion => "champion",
            Self::Reference => "reference",
        })
    }
}

/// One comparison: bounds of `value − factor · baseline` on the rows that both predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contrast {
    /// With whom.
    pub against: Against,
    /// Our name of the metric.
    pub metric: String,
    /// The quantile, for latency.
    pub quantile: Option<f64>,
    /// The attributes whose groups are compared; empty for the whole data set.
    pub slices: Vec<String>,
    /// 1 for a difference; 1 − r or 1 + r where a share r of the baseline may be lost.
    pub factor: f64,
}

/// Which columns of a file of predictions are what. A name may be a dotted path into nested JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The true label or value.
    pub label: Option<String>,
    /// The predicted label or value.
    pub prediction: Option<String>,
    /// The score or probability of the positive class.
    pub score: Option<String>,
    /// The positive class, as text; `1`, `true` and their like when absent.
    pub positive: Option<String>,
    /// The attributes that rows are grouped by.
    pub groups: Vec<String>,
    /// The time a prediction took, with the unit of its numbers.
    pub latency: Option<Timed>,
    /// The energy a prediction took, with the unit of its numbers.
    pub energy: Option<Timed>,
    /// What identifies a row: it joins labels and pairs the predictions of two artifacts.
    pub id: Option<String>,
    /// What rows of one user or session share, so that they are resampled together.
    pub cluster: Option<String>,
    /// What the labels are.
    pub task: Option<Task>,
}

/// A column of quantities and the unit they are in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timed {
    /// The column.
    pub column: String,
    /// The unit, as `ms` or `J`.
    pub unit: super::Unit,
}

/// What the labels of predictions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Two classes, one of them positive.
    Binary,
    /// Any number of classes.
    Multiclass,
    /// Numbers.
    Regression,
}
