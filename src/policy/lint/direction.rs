//! Limits on the side that a better model is on: the worse the model, the surer it passes.

use super::super::{
    diagnostic::{Collector, quote},
    schema::{ComparisonRule, Limit, Rule, Threshold},
};
use crate::model::{
    Metric, Op, Range,
    metric::{Better, METRICS},
    number::round12,
    range,
};

/// Metrics that a rule may want on either side.
const EITHER: [&str; 2] = ["ks_statistic", "selection_rate"];

/// What other names end in, and which way is better.
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
    name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with(['_', '-', '/', '.', ' ', ':']))
}

/// The metric that a name is or ends in; the longest.
fn metric(name: &str) -> Option<&'static Metric> {
    let found = METRICS.iter().filter(|m| ends(name, m.name));
    Metric::find(name).or_else(|| found.max_by_key(|m| m.name.len()))
}

/// Words behind a metric that leave it what it is: a place in a ranking, an average, a step.
#[rustfmt::skip]
const LABELS: [&str; 19] = [
    "at", "avg", "binary", "epoch", "k", "macro", "mean", "micro", "percent", "percentage", "pct", "score", "scores",
    "step", "top", "v", "val", "weighted", "|",
];

/// A name as its words, without the labels behind it: `val_acc@1` and `testAccuracy (macro)` end in a metric, too.
fn plain(name: &str) -> String {
    let mut words = range::words(name);
    let label = |word: &String| LABELS.contains(&word.as_str()) || word.bytes().all(|b| b.is_ascii_digit());
    while words.len() > 1 && words.last().is_some_and(label) {
        words.pop();
    }
    words.join("_")
}

/// Which way is better, by the name or by what it ends in.
fn better(name: &str) -> Option<Better> {
    let by = |name: &str| match metric(name) {
        Some(known) => Some(Some(known.better).filter(|_| !EITHER.contains(&known.name))),
        None => ENDINGS.iter().find(|(end, _)| ends(name, end)).map(|(_, better)| Some(*better)),
    };
    by(&name.to_lowercase()).or_else(|| by(&plain(name))).flatten()
}

const fn words(better: Better) -> (&'static str, &'static str, &'static str) {
    match better {
        Better::Higher => ("higher", "max", "min"),
        Better::Lower => ("lower", "min", "max"),
    }
}

/// A threshold whose every limit is on the wrong side.
pub(super) fn threshold(found: &mut Collector<'_>, rule: &Rule, threshold: &Threshold) {
    let name = &threshold.target.metric;
    let Some(better) = better(name) else { return };
    let wrong = |limit: &Limit| limit.op == if better == Better::Higher { Op::AtMost } else { Op::AtLeast };
    if threshold.limits.iter().all(wrong) {
        let (way, has, wants) = words(better);
        let message = format!(
            "{} is better when {way}, and this rule only has a `{has}`: the worse the model, the surer it passes",
            quote(name)
        );
        let help = format!("write `{wants}`, or both if it must lie between");
        found.help("wrong-direction", rule.span.clone(), message, help);
    }
    range(found, rule, threshold);
}

/// A limit of another scale than the name tells: no proportion is 95, and hardly a percentage that counts is 0.95.
fn range(found: &mut Collector<'_>, rule: &Rule, threshold: &Threshold) {
    let name = &threshold.target.metric;
    if Metric::find(name).is_some() || threshold.target.unit.is_some() {
        return;
    }
    for limit in &threshold.limits {
        let (message, help) = match Range::of(name) {
            Some(Range::Fraction) if !(0.0..=1.0).contains(&limit.value) => (
                format!("{} is a number from 0 to 1 by its name, and the limit is {}", quote(name), limit.value),
                "write a fraction such as 0.9".to_owned(),
            ),
            Some(Range::Percent) if limit.value > 0.0 && limit.value <= 1.0 => (
                format!(
                    "{} is a percentage by its name, and the limit {} looks like a fraction",
                    quote(name),
                    limit.value
                ),
                format!("write {} if that is meant", round12(limit.value * 100.0)),
            ),
            _ => continue,
        };
        found.help("bound-out-of-range", rule.span.clone(), message, help);
    }
}

/// A comparison that says the opposite of what is known.
pub(super) fn comparison(found: &mut Collector<'_>, rule: &Rule, comparison: &ComparisonRule) {
    let name = &comparison.target.metric;
    if let Some(known) = better(name).filter(|known| *known != comparison.better) {
        let (way, ..) = words(known);
        let message = format!("{} is better when {way}, and this rule says the opposite", quote(name));
        found.help("wrong-direction", rule.span.clone(), message, format!("write `better = \"{way}\"`"));
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
