//! `by`: rules that compare the rates of groups.

use super::{Disparity, DisparityRule, Rate};
use crate::{
    model::{Metric, Op},
    policy::{
        diagnostic::{Collector, listed, nearest, quote},
        parse::{
            limits::{self, Lenience},
            section::Section,
        },
        schema::{Limit, Selector, Statistics},
    },
};

/// The keys that only disparities have.
pub(super) const KEYS: [&str; 3] = ["by", "by_intersection", "exclude_below"];

const WORST: &str = "worst_group_";

/// Every measure that compares groups.
const MEASURES: [&str; 10] = [
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "impact_ratio",
    "predictive_parity_difference",
    "predictive_parity_ratio",
    "worst_group_accuracy",
];

/// Whether a rule is about a measure that only makes sense between groups.
pub(super) fn is_one(rule: &Section<'_>) -> bool {
    let name = rule.get("metric").and_then(|v| v.get_ref().as_str());
    name.is_some_and(|n| n == "impact_ratio" || n.starts_with(WORST))
}

/// Reads a disparity. `None` if it contains a mistake.
pub(super) fn read(
    found: &mut Collector<'_>,
    rule: &Section<'_>,
    statistics: &Statistics,
) -> Option<DisparityRule> {
    let metric = rule.text(found, "metric");
    let by = rule.texts(found, "by").unwrap_or_default();
    let intersection = rule.boolean(found, "by_intersection").unwrap_or(false);
    let min_samples = rule.count(found, "min_samples").map(|c| c.value);
    let min_events = rule.count(found, "min_events").map(|c| c.value);
    let exclude_below = exclude_below(found, rule);
    let selector = Selector {
        dataset: rule.text(found, "dataset").map(|t| t.value.to_owned()),
        source: rule.text(found, "source").map(|t| t.value.to_owned()),
        ..Selector::default()
    };
    let metric = metric?;
    let Some(measure) = measure(metric.value) else {
        let help = match nearest(metric.value, MEASURES.iter().copied()) {
            Some(near) => {
                format!(
                    "did you mean `{near}`? To check every group against a limit, write `slices` instead of `by`"
                )
            }
            None => format!(
                "metrics that compare groups are {}; to check every group against a limit, write `slices`",
                listed(&MEASURES)
            ),
        };
        found.help(
            "unknown-word",
            metric.span,
            format!("{} does not compare groups", quote(metric.value)),
            help,
        );
        return None;
    };
    if by.is_empty() && !rule.has("by") {
        let help = "add `by = [\"sex\"]`";
        found.help(
            "missing-key",
            rule.span.clone(),
            format!("{} compares groups and needs `by`", quote(metric.value)),
            help,
        );
    }
    if intersection && by.len() < 2 {
        found.help(
            "conflict",
            rule.place("by_intersection"),
            "only several attributes can be crossed",
            "add another attribute to `by`",
        );
    }
    if exclude_below.is_some() && measure != Disparity::Impact {
        let message = "only `impact_ratio` can have `exclude_below`";
        found.help(
            "conflict",
            rule.place("exclude_below"),
            message,
            "no group is left out of a statistical comparison",
        );
    }
    let limit = limit(found, rule, metric.value, &measure, statistics)?;
    Some(DisparityRule {
        metric: metric.value.to_owned(),
        measure,
        by: by.into_iter().map(|t| t.value.to_owned()).collect(),
        intersection,
        selector,
        limit,
        min_samples,
        min_events,
        exclude_below,
    })
}

fn exclude_below(found: &mut Collector<'_>, rule: &Section<'_>) -> Option<f64> {
    let share = rule.number(found, "exclude_below")?;
    if (0.0..1.0).contains(&share.value) {
        return Some(share.value);
    }
    found.help(
        "out-of-range",
        share.span,
        "`exclude_below` must be from 0 to below 1",
        "0.02 means two of a hundred rows",
    );
    None
}

/// The rates that the metric with this name compares.
fn measure(name: &str) -> Option<Disparity> {
    use Rate::{FalsePositive, Precision, Selection, TruePositive};
    if name == "impact_ratio" {
        return Some(Disparity::Impact);
    }
    if let Some(metric) = name.strip_prefix(WORST) {
        let proportion = Metric::find(metric).is_some_and(Metric::is_proportion);
        return proportion.then(|| Disparity::Worst(metric.to_owned()));
    }
    let (what, ratio) = match (name.strip_suffix("_difference"), name.strip_suffix("_ratio")) {
        (Some(what), _) => (what, false),
        (None, Some(what)) => (what, true),
        (None, None) => return None,
    };
    let rates = match what {
        "demographic_parity" => vec![Selection],
        "equal_opportunity" => vec![TruePositive],
        "equalized_odds" => vec![TruePositive, FalsePositive],
        "predictive_parity" => vec![Precision],
        _ => return None,
    };
    Some(if ratio { Disparity::Ratio(rates) } else { Disparity::Difference(rates) })
}

/// The one limit, on the side that can be shown: an upper limit for a difference, a lower limit for
/// a ratio.
fn limit(
    found: &mut Collector<'_>,
    rule: &Section<'_>,
    metric: &str,
    measure: &Disparity,
    statistics: &Statistics,
) -> Option<Limit> {
    let exact = matches!(measure, Disparity::Impact);
    let lenience =
        Lenience { claimed_intervals: statistics.claimed_intervals, point_estimates: exact };
    let lower_is_better = match measure {
        Disparity::Worst(metric) => {
            Metric::find(metric).is_some_and(|m| m.better == crate::model::metric::Better::Lower)
        }
        Disparity::Difference(_) => true,
        Disparity::Ratio(_) | Disparity::Impact => false,
    };
    let (key, other, op) =
        if lower_is_better { ("max", "min", Op::AtMost) } else { ("min", "max", Op::AtLeast) };
    if rule.has(other) {
        let message = format!("`{other}` has no meaning for {}", quote(metric));
        found.help("rule-kind", rule.place(other), message, format!("write `{key}`"));
        return None;
    }
    let limits = limits::read(found, rule, metric, lenience);
    if !rule.has(key) {
        found.help(
            "no-limit",
            rule.span.clone(),
            "this rule has no limit",
            format!("add `{key} = …`"),
        );
    }
    limits.list.into_iter().find(|l| l.op == op)
}
