//! Limits on the side that a better model is on: the worse the model, the surer it passes.

use super::super::{
    diagnostic::{Collector, quote},
    schema::{ComparisonRule, Limit, Rule, Threshold},
};
use crate::model::{Metric, Op, metric::{Better, Kind, METRICS}};

/// Metrics that a rule may want on either side.
const EITHER: [&str; 2] = ["ks_statistic", "selection_rate"];

/// What other names end in, and which way is better.
const ENDINGS: [(&str, Better); 28] = [
    ("acc", Better::Higher), ("auc", Better::Higher), ("auroc", Better::Higher), ("bleu", Better::Higher),
    ("cost", Better::Lower), ("delay", Better::Lower), ("duration", Better::Lower), ("ece", Better::Lower),
    ("error", Better::Lower), ("errors", Better::Lower), ("failures", Better::Lower), ("f1_score", Better::Higher),
    ("fnr", Better::Lower), ("fpr", Better::Lower), ("loss", Better::Lower), ("mae", Better::Lower),
    ("map", Better::Higher), ("mape", Better::Lower), ("mse", Better::Lower), ("ndcg", Better::Higher),
    ("perplexity", Better::Lower), ("r2_score", Better::Higher), ("rmse", Better::Lower), ("score_loss", Better::Lower),
    ("sensitivity", Better::Higher), ("success_rate", Better::Higher), ("failure_rate", Better::Lower), ("wer", Better::Lower),
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

/// Which way is better, by the name or by what it ends in.
fn better(name: &str) -> Option<Better> {
    let name = name.to_lowercase();
    match metric(&name) {
        Some(known) => (!EITHER.contains(&known.name)).then_some(known.better),
        None => ENDINGS.iter().find(|(end, _)| ends(&name, end)).map(|(_, better)| *better),
    }
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
    range(found, rule, name, &threshold.limits);
}

/// A limit of what ends like a proportion that no proportion can have.
fn range(found: &mut Collector<'_>, rule: &Rule, name: &str, limits: &[Limit]) {
    let known = metric(&name.to_lowercase()).filter(|known| known.name != name);
    let share = known.filter(|m| matches!(m.kind, Kind::Proportion | Kind::ProportionOfRows | Kind::Score));
    let Some(share) = share else { return };
    for limit in limits.iter().filter(|limit| !(0.0..=1.0).contains(&limit.value)) {
        let message = format!("{} ends like {}, which is from 0 to 1, and the limit is {}", quote(name), share.name, limit.value);
        found.help("bound-out-of-range", rule.span.clone(), message, "write a fraction such as 0.9");
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
            ("glossary", None),
        ] {
            assert_eq!(better(name), way, "{name}");
        }
    }
}
