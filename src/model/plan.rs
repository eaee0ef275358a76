//! What is to be computed from raw predictions: planned by policies, carried out by `predictions`.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// A plan of what to compute from raw predictions. A policy states it and never reads a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The seed for all resampling: a hash of the digests of the policy and the predictions.
    pub seed: u64,
    /// The number of bootstrap replicates for metrics without a closed form.
    pub replicates: u32,
    /// The one-sided confidences of the bounds, in (0.5, 1), ascending, without duplicates; never
    /// empty.
    pub confidences: Vec<f64>,
    /// The attributes whose groups are measured, alone or crossed: `[["sex"], ["sex", "age"]]`. The
    /// whole data set is always measured.
    pub slices: Vec<Vec<String>>,
    /// The latency quantiles to measure, in (0, 1).
    pub quantiles: Vec<f64>,
    /// The metrics to compute, by our names; empty for all that the columns allow.
    pub metrics: BTreeSet<String>,
    /// The comparisons with another artifact's predictions on the same rows.
    pub contrasts: Vec<Contrast>,
    /// The columns whose drift from the reference data is measured.
    pub drift: Vec<String>,
}

impl Default for Plan {
    /// All metrics that the columns allow, at 95% one-sided confidence.
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

/// A kind of artifact that a candidate is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Against {
    /// The artifact of the latest unrevoked allow for this model and environment.
    Champion,
    /// The pinned artifact. It changes only with approval.
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
    /// The artifact to compare with.
    pub against: Against,
    /// The metric, by our name.
    pub metric: String,
    /// The quantile, for latencies.
    pub quantile: Option<f64>,
    /// The attributes whose groups are compared; empty for the whole data set.
    pub slices: Vec<String>,
    /// 1 for a difference; 1 − r or 1 + r if a share r of the baseline may be lost.
    pub factor: f64,
}

/// The meaning of the columns in a file of predictions. A name can be a dotted path into nested
/// JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The true label or value.
    pub label: Option<String>,
    /// The predicted label or value.
    pub prediction: Option<String>,
    /// The score or probability of the positive class.
    pub score: Option<String>,
    /// The positive class, as text; `1`, `true` and similar values when absent.
    pub positive: Option<String>,
    /// The attributes that rows are grouped by.
    pub groups: Vec<String>,
    /// The time per prediction, with its unit.
    pub latency: Option<Timed>,
    /// The energy per prediction, with its unit.
    pub energy: Option<Timed>,
    /// The id of a row: it joins labels and pairs the predictions of two artifacts.
    pub id: Option<String>,
    /// The cluster, such as a user or a session: its rows are resampled together.
    pub cluster: Option<String>,
    /// The kind of labels.
    pub task: Option<Task>,
    /// The words for missing values, such as `NA`, that are classes or groups here; ascending,
    /// without duplicates. Left out when there are none, as documents of earlier versions do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub na_keep: Vec<String>,
}

/// A column of quantities and their unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timed {
    /// The column.
    pub column: String,
    /// The unit, such as `ms` or `J`.
    pub unit: super::Unit,
}

/// The kind of labels that are predicted.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A document of an earlier version keeps its digest.
    #[test]
    fn columns_without_kept_words_are_written_as_before() {
        let text = serde_json::to_string(&Columns::default()).unwrap();
        assert!(!text.contains("na_keep"), "{text}");
        assert_eq!(serde_json::from_str::<Columns>(&text).unwrap(), Columns::default());
        let kept = Columns { na_keep: vec!["NA".into()], ..Columns::default() };
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Columns>(&text).unwrap(), kept);
    }
}
