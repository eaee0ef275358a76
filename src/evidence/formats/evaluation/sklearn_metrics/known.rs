//! Names that identify flat metrics, and names that identify another tool.

use super::super::leaves::part;
use crate::evidence::{
    json::{Object, Value},
    names, quoted,
};

/// Functions of `sklearn.metrics` whose names show where they come from.
const FUNCTIONS: &[&str] = &[
    "accuracy_score",
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "average_precision_score",
    "balanced_accuracy_score",
    "brier_score_loss",
    "calinski_harabasz_score",
    "cohen_kappa_score",
    "completeness_score",
    "consensus_score",
    "coverage_error",
    "d2_absolute_error_score",
    "d2_brier_score",
    "d2_log_loss_score",
    "d2_pinball_score",
    "d2_tweedie_score",
    "davies_bouldin_score",
    "dcg_score",
    "explained_variance_score",
    "f1_score",
    "fbeta_score",
    "fowlkes_mallows_score",
    "hamming_loss",
    "hinge_loss",
    "homogeneity_score",
    "jaccard_score",
    "label_ranking_average_precision_score",
    "label_ranking_loss",
    "matthews_corrcoef",
    "max_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_gamma_deviance",
    "mean_pinball_loss",
    "mean_poisson_deviance",
    "mean_squared_error",
    "mean_squared_log_error",
    "mean_tweedie_deviance",
    "median_absolute_error",
    "mutual_info_score",
    "ndcg_score",
    "normalized_mutual_info_score",
    "precision_score",
    "r2_score",
    "rand_score",
    "recall_score",
    "roc_auc_score",
    "root_mean_squared_error",
    "root_mean_squared_log_error",
    "silhouette_score",
    "top_k_accuracy_score",
    "v_measure_score",
    "zero_one_loss",
];

/// Scorers and short names, which other tools use, too.
const OTHERS: &[&str] = &[
    "accuracy",
    "auc",
    "average_precision",
    "balanced_accuracy",
    "brier_score",
    "cohen_kappa",
    "error_rate",
    "explained_variance",
    "f1",
    "f1-score",
    "jaccard",
    "log_loss",
    "logloss",
    "mae",
    "mape",
    "mcc",
    "medae",
    "mse",
    "precision",
    "r2",
    "recall",
    "rmse",
    "roc_auc",
    "roc_auc_ovo",
    "roc_auc_ovr",
    "sensitivity",
    "specificity",
    "top_k_accuracy",
];

/// How scorers name averages over classes.
const AVERAGES: [&str; 4] = ["_macro", "_micro", "_weighted", "_samples"];

/// Our names for short names.
const SHORT: &[(&str, &str)] = &[
    ("brier_score", "brier_score_loss"),
    ("logloss", "log_loss"),
    ("mae", "mean_absolute_error"),
    ("mcc", "matthews_corrcoef"),
    ("medae", "median_absolute_error"),
    ("mse", "mean_squared_error"),
    ("rmse", "root_mean_squared_error"),
    ("sensitivity", "recall"),
];

/// Our name for the key of a flat object.
pub(super) fn canonical(name: &str) -> &str {
    SHORT
        .iter()
        .find(|(theirs, _)| *theirs == name)
        .map_or_else(|| names::of_sklearn(name), |(_, ours)| ours)
}

/// The name without the part of the data before or after it.
fn bare(key: &str) -> &str {
    part(key).map_or(key, |(_, name)| name)
}

fn is_function(key: &str) -> bool {
    let bare = bare(key);
    FUNCTIONS.contains(&bare)
        || bare
            .strip_prefix("neg_")
            .is_some_and(|bare| FUNCTIONS.contains(&bare) || bare == "log_loss")
}

/// Whether a number of this name is a known metric.
pub(super) fn is_metric(key: &str) -> bool {
    let bare = bare(key);
    let stem = AVERAGES.iter().find_map(|average| bare.strip_suffix(average)).unwrap_or(bare);
    is_function(key) || FUNCTIONS.contains(&stem) || OTHERS.contains(&stem)
}

/// How many metrics an object contains directly.
pub(super) struct Count {
    pub(super) functions: usize,
    pub(super) all: usize,
}

pub(super) fn count_of_metrics(object: &Object<'_>) -> Count {
    let mut count = Count { functions: 0, all: 0 };
    for member in object {
        let number = match &member.value.value {
            Value::Number(_) | Value::NonFinite(_) => true,
            Value::String(text) => {
                matches!(text.to_ascii_lowercase().as_str(), "nan" | "inf" | "-inf" | "infinity")
            }
            _ => false,
        };
        if number && is_metric(&member.key) {
            count.all += 1;
            count.functions += usize::from(is_function(&member.key));
        }
    }
    count
}

/// Whether the key is an object around the metrics, and not a part of their names.
pub(super) fn is_wrapper(key: &str) -> bool {
    matches!(key, "metrics" | "scores" | "results" | "evaluation" | "performance")
}

/// Whether the key contains settings of the model.
pub(super) fn is_parameters(key: &str) -> bool {
    matches!(
        key,
        "params"
            | "parameters"
            | "hyperparameters"
            | "best_params"
            | "model_params"
            | "config"
            | "settings"
            | "versions"
    )
}

/// The reason why a flat object is another tool's, if it is.
pub(super) fn other_tool(object: &Object<'_>) -> Option<String> {
    const KEYS: [&str; 9] = [
        "step",
        "epoch",
        "sum_on_target",
        "mean_on_target",
        "by_group",
        "protected_attribute",
        "schema",
        "uri",
        "bomFormat",
    ];
    const FAIRNESS: [&str; 7] = [
        "demographic_parity",
        "equalized_odds",
        "equal_opportunity",
        "disparate_impact",
        "statistical_parity",
        "average_odds",
        "mean_difference",
    ];
    let own = |key: &str| {
        KEYS.contains(&key)
            || key.ends_with("example_count")
            || key.starts_with(['_', '$', '@'])
            || key.contains('/')
            || FAIRNESS.iter().any(|name| key.starts_with(name))
    };
    let key = object.iter().map(|member| &*member.key).find(|key| own(key))?;
    Some(format!("{} is a key of other tools", quoted(key)))
}
