//! The names that metrics of fairlearn have.

use crate::evidence::names;

/// Metrics that users compute with fairlearn, and few other tools write.
pub(super) const RATES: [&str; 6] = [
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "true_negative_rate",
    "false_negative_rate",
    "mean_prediction",
];

/// Metrics that say how many rows a group has.
pub(super) const COUNTS: [&str; 5] = ["count", "support", "n", "n_samples", "sample_size"];

/// Functions of disparity over all groups.
pub(super) const DISPARITIES: [&str; 6] = [
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
];

/// Ends of the names of metrics that fairlearn derives, such as `accuracy_score_group_min`.
pub(super) const DERIVED: [&str; 4] = ["_difference", "_ratio", "_group_min", "_group_max"];

/// Keys that show that the metrics are AIF360's, which share names with fairlearn's.
pub(super) const AIF360: [&str; 4] = [
    "statistical_parity_difference",
    "disparate_impact",
    "average_odds_difference",
    "mean_difference",
];

pub(super) fn ours(name: &str) -> &str {
    names::of_sklearn(name)
}

pub(super) fn is_metric(name: &str) -> bool {
    RATES.contains(&name)
        || COUNTS.contains(&name)
        || crate::model::Metric::find(ours(name)).is_some()
        || name == "zero_one_loss"
}

pub(super) fn is_disparity(name: &str) -> bool {
    DISPARITIES.contains(&name)
        || DERIVED.iter().any(|end| name.strip_suffix(*end).is_some_and(is_metric))
}
