//! Limits on the wrong side: the worse the model is, the more surely it passes.

use crate::model::{
    Metric,
    metric::{Better, METRICS},
    range,
};

/// Metrics for which a rule can require either side.
const EITHER: [&str; 2] = ["ks_statistic", "selection_rate"];

/// The endings of other names, and the direction in which each improves.
const ENDINGS: [(&str, Better); 28] = [
    ("acc", Better::Higher),
    ("auc", Better::Higher),
    ("auroc", Better::Higher),
    ("bleu", Better::Higher),
    ("cost", Better::Lower),
    ("delay", Better::Lower),
    ("duration", Better::Lower),
    ("ece", Better::Lower),
    ("error", Better::Lower),
    ("errors", Better::Lower),
    ("failures", Better::Lower),
    ("f1_score", Better::Higher),
    ("fnr", Better::Lower),
    ("fpr", Better::Lower),
    ("loss", Better::Lower),
    ("mae", Better::Lower),
    ("map", Better::Higher),
    ("mape", Better::Lower),
    ("mse", Better::Lower),
    ("ndcg", Better::Higher),
    ("perplexity", Better::Lower),
    ("r2_score", Better::Higher),
    ("rmse", Better::Lower),
    ("score_loss", Better::Lower),
    ("sensitivity", Better::Higher),
    ("success_rate", Better::Higher),
    ("failure_rate", Better::Lower),
    ("wer", Better::Lower),
];

/// Whether `name` ends in the word `end`: `test_accuracy`, `eval/loss`.
fn ends(name: &str, end: &str) -> bool {
    name.strip_suffix(end)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with(['_', '-', '/', '.', ' ', ':']))
}

/// The metric that a name equals or ends in; the longest match.
fn metric(name: &str) -> Option<&'static Metric> {
    let found = METRICS.iter().filter(|m| ends(name, m.name));
    Metric::find(name).or_else(|| found.max_by_key(|m| m.name.len()))
}

/// Words after a metric that do not change its direction: a rank, an average, a step.
#[rustfmt::skip]
const LABELS: [&str; 19] = [
    "at", "avg", "binary", "epoch", "k", "macro", "mean", "micro", "percent", "percentage", "pct", "score", "scores",
    "step", "top", "v", "val", "weighted", "|",
];

/// A name as its words, without trailing labels: `val_acc@1` and `testAccuracy (macro)` also end in
/// a metric.
fn plain(name: &str) -> String {
    let mut words = range::words(name);
    let label =
        |word: &String| LABELS.contains(&word.as_str()) || word.bytes().all(|b| b.is_ascii_digit());
    while words.len() > 1 && words.last().is_some_and(label) {
        words.pop();
    }
    words.join("_")
}

/// The direction in which a metric improves, from its name or from the ending of its name.
pub(in crate::policy) fn better(name: &str) -> Option<Better> {
    let by = |name: &str| match metric(name) {
        Some(known) => Some(Some(known.better).filter(|_| !EITHER.contains(&known.name))),
        None => ENDINGS.iter().find(|(end, _)| ends(name, end)).map(|(_, better)| Some(*better)),
    };
    by(&name.to_lowercase()).or_else(|| by(&plain(name))).flatten()
}

pub(in crate::policy) const fn words(better: Better) -> (&'static str, &'static str, &'static str) {
    match better {
        Better::Higher => ("higher", "max", "min"),
        Better::Lower => ("lower", "min", "max"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_by_what_it_ends_in() {
        for (name, way) in [
            ("accuracy", Some(Better::Higher)),
            ("test_accuracy", Some(Better::Higher)),
            ("eval/loss", Some(Better::Lower)),
            ("val_log_loss", Some(Better::Lower)),
            ("error_rate", Some(Better::Lower)),
            ("psi", Some(Better::Lower)),
            ("latency", Some(Better::Lower)),
            ("holdout.roc_auc", Some(Better::Higher)),
            ("selection_rate", None),
            ("group_selection_rate", None),
            ("my_own", None),
            ("val_acc@1", Some(Better::Higher)),
            ("testAccuracy", Some(Better::Higher)),
            ("accuracy_top1", Some(Better::Higher)),
            ("recall_score", Some(Better::Higher)),
            ("Test Accuracy (macro)", Some(Better::Higher)),
            ("val_loss_epoch", Some(Better::Lower)),
            ("accuracy_count", None),
            ("glossary", None),
        ] {
            assert_eq!(better(name), way, "{name}");
        }
    }
}
