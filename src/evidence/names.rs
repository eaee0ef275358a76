//! Our names for metrics that sources name differently.

/// Names that scikit-learn's functions and reports use, and ours for them.
const SKLEARN: &[(&str, &str)] = &[
    ("accuracy_score", "accuracy"),
    ("average_precision_score", "average_precision"),
    ("balanced_accuracy_score", "balanced_accuracy"),
    ("cohen_kappa_score", "cohen_kappa"),
    ("explained_variance_score", "explained_variance"),
    ("f1-score", "f1"),
    ("f1_score", "f1"),
    ("precision_score", "precision"),
    ("r2_score", "r2"),
    ("recall_score", "recall"),
    ("roc_auc_score", "roc_auc"),
    ("zero_one_loss", "error_rate"),
];

/// Our name for what scikit-learn calls `name`; `name` itself if we have no other.
pub fn of_sklearn(name: &str) -> &str {
    SKLEARN.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours)
}

/// The name in `known` that was most likely meant by `name`.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let folded = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&folded, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Metric;

    #[test]
    fn our_names_are_metrics_we_know() {
        assert!(
            SKLEARN.iter().all(
                |(theirs, ours)| Metric::find(ours).is_some() && Metric::find(theirs).is_none()
            )
        );
    }

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("Succeses", ["n", "trials", "successes"]), Some("successes"));
        assert_eq!(nearest("zzz", ["n", "trials"]), None);
    }
}
