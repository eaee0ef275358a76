//! `against`: rules that compare with a champion or a reference.

use super::{ComparisonRule, FirstRelease, Margin};
use crate::{
    model::{Against, Metric, Quantity, Unit, metric::Better},
    policy::{
        diagnostic::{Collector, quote},
        parse::{
            limits, rule,
            section::{At, Section},
        },
        schema::Statistics,
    },
};

/// The keys that only comparisons have.
pub(super) const KEYS: [&str; 6] =
    ["against", "max_loss", "max_loss_ratio", "min_gain", "first_release", "better"];

/// Reads a comparison. `None` if it contains a mistake.
pub(super) fn read(
    found: &mut Collector<'_>,
    rule: &Section<'_>,
    statistics: &Statistics,
) -> Option<ComparisonRule> {
    let (metric, mut target) = rule::target(found, rule, statistics);
    let slices = rule::slices(found, rule);
    let min_samples = rule.count(found, "min_samples").map(|c| c.value);
    let min_events = rule.count(found, "min_events").map(|c| c.value);
    let against = against(found, rule);
    let first_release = match rule.word(found, "first_release", &["review", "allow", "deny"]) {
        Some("allow") => FirstRelease::Allow,
        Some("deny") => FirstRelease::Deny,
        _ => FirstRelease::Review,
    };
    let metric = metric?;
    let (margins, unit) = margins(found, rule, metric.value);
    let better = better(found, rule, &metric);
    if margins.is_empty() {
        if !["max_loss", "max_loss_ratio", "min_gain"].iter().any(|k| rule.has(k)) {
            let help = "add `max_loss = …`, `max_loss_ratio = …` or `min_gain = …`";
            found.help(
                "no-limit",
                rule.span.clone(),
                "this comparison does not say how much may be lost or must be gained",
                help,
            );
        }
        return None;
    }
    target.unit = unit;
    Some(ComparisonRule {
        target,
        slices,
        against: against?,
        margins,
        better: better?,
        first_release,
        min_samples,
        min_events,
    })
}

fn against(found: &mut Collector<'_>, rule: &Section<'_>) -> Option<Against> {
    if !rule.has("against") {
        let help = "add `against = \"champion\"` or `against = \"reference\"`";
        found.help(
            "missing-key",
            rule.span.clone(),
            "this comparison does not say what it compares with",
            help,
        );
        return None;
    }
    Some(match rule.word(found, "against", &["champion", "reference"])? {
        "reference" => Against::Reference,
        _ => Against::Champion,
    })
}

fn better(found: &mut Collector<'_>, rule: &Section<'_>, metric: &At<&str>) -> Option<Better> {
    let said = rule.word(found, "better", &["higher", "lower"]);
    if rule.has("better") {
        return said.map(|word| if word == "lower" { Better::Lower } else { Better::Higher });
    }
    // For a selection rate, neither direction is better in itself.
    let known = Metric::find(metric.value).filter(|m| m.name != "selection_rate");
    if known.is_none() {
        let message = format!(
            "it is not known whether a higher or a lower {} is better",
            quote(metric.value)
        );
        found.help(
            "missing-key",
            metric.span.clone(),
            message,
            "add `better = \"higher\"` or `better = \"lower\"`",
        );
    }
    known.map(|m| m.better)
}

fn margins(
    found: &mut Collector<'_>,
    rule: &Section<'_>,
    metric: &str,
) -> (Vec<Margin>, Option<Unit>) {
    let mut out = Vec::new();
    let mut unit = None;
    for key in ["max_loss", "min_gain"] {
        let read =
            limits::quantity(found, rule, key).and_then(|q| limits::fit(found, metric, key, &q));
        let Some(At { value, span }) = read else { continue };
        if value.value < 0.0 {
            found.help(
                "out-of-range",
                span,
                format!("`{key}` cannot be negative"),
                "write the amount without a sign",
            );
            continue;
        }
        if let Some(number) = in_unit(found, key, &At { value, span }, &mut unit) {
            out.push(if key == "min_gain" { Margin::Gain(number) } else { Margin::Loss(number) });
        }
    }
    if let Some(ratio) = rule.number(found, "max_loss_ratio") {
        if (0.0..1.0).contains(&ratio.value) {
            out.push(Margin::LossRatio(ratio.value));
        } else {
            let help = "write a share such as 0.05, which is 5% of the baseline's value";
            found.help(
                "out-of-range",
                ratio.span,
                "`max_loss_ratio` must be from 0 to below 1",
                help,
            );
        }
    }
    (out, unit)
}

/// The number, converted to the unit of the rule's first margin.
fn in_unit(
    found: &mut Collector<'_>,
    key: &str,
    margin: &At<Quantity>,
    unit: &mut Option<Unit>,
) -> Option<f64> {
    let Quantity { value, unit: given } = margin.value;
    let converted = match (given, *unit) {
        (Some(from), Some(to)) => from.convert(value, to),
        (from, None) => {
            *unit = from;
            Some(value)
        }
        (None, Some(_)) => None,
    };
    if converted.is_none() {
        found.add(
            "wrong-unit",
            margin.span.clone(),
            format!("`{key}` has a different unit from the other margin"),
        );
    }
    converted
}
