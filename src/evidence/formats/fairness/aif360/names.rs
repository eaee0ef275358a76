//! AIF360's names, and ours for them.

/// Our names for AIF360's; the short ones are from `performance_measures()`.
pub(super) const NAMES: [(&str, &str); 12] = [
    ("equal_opportunity_difference", "true_positive_rate_difference"),
    ("positive_predictive_value", "precision"),
    ("sensitivity", "true_positive_rate"),
    ("ACC", "accuracy"),
    ("TPR", "true_positive_rate"),
    ("TNR", "true_negative_rate"),
    ("FPR", "false_positive_rate"),
    ("FNR", "false_negative_rate"),
    ("PPV", "precision"),
    ("NPV", "negative_predictive_value"),
    ("FDR", "false_discovery_rate"),
    ("FOR", "false_omission_rate"),
];

pub(super) fn ours(name: &str) -> &str {
    NAMES.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours)
}
