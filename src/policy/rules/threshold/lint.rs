//! Warnings about limits that probably do not mean what they say.

use super::Threshold;
use crate::{
    model::{Metric, Op, Range, metric::Better, number::round12},
    policy::{
        diagnostic::{Collector, quote},
        lint::direction::{better, words},
        schema::{Limit, Policy, Rule},
    },
    stats::sample_size::{Side, least_perfect},
};

/// Warns about a limit that every value meets.
pub(super) fn vacuous(found: &mut Collector<'_>, rule: &Rule, threshold: &Threshold, limit: Limit) {
    let Some(metric) = Metric::find(&threshold.target.metric) else { return };
    let (least, most) = metric.range().ends();
    let always = match limit.op {
        Op::AtLeast => limit.value <= least,
        Op::AtMost => limit.value >= most,
    };
    if always {
        let message = format!("every value of {} meets this limit of {}", metric.name, limit.value);
        found.add("vacuous-bound", rule.span.clone(), message);
    }
}

/// Warns if `min_samples` is below the size at which even a perfect result does not pass, or the
/// worst result does not fail.
pub(super) fn samples(
    found: &mut Collector<'_>,
    policy: &Policy,
    rule: &Rule,
    threshold: &Threshold,
    limit: Limit,
) {
    let proportion = Metric::find(&threshold.target.metric).is_some_and(Metric::is_proportion);
    let (Some(asked), true) = (threshold.min_samples, proportion) else { return };
    let side = match limit.op {
        Op::AtLeast => Side::AtLeast,
        Op::AtMost => Side::AtMost,
    };
    let alpha = round12(1.0 - policy.statistics.confidence);
    if let Some(least) = least_perfect(limit.value, side, alpha).filter(|n| *n > asked) {
        let message = format!(
            "this can never pass with {asked} samples: even without a failure, {least} are needed"
        );
        found.help(
            "min-samples-too-few",
            rule.span.clone(),
            message,
            format!("write `min_samples = {least}` or more"),
        );
    }
    let opposite = if side == Side::AtLeast { Side::AtMost } else { Side::AtLeast };
    let reachable = least_perfect(limit.value, opposite, alpha);
    if reachable.is_none_or(|n| n > asked) {
        let need = reachable.map_or_else(
            || "no number of samples is enough".to_owned(),
            |n| format!("{n} are needed"),
        );
        let message =
            format!("this can never fail with {asked} samples, however bad the model is: {need}");
        found.add("never-fails", rule.span.clone(), message);
    }
}

/// Warns about a threshold whose limits are all on the wrong side.
pub(super) fn direction(found: &mut Collector<'_>, rule: &Rule, threshold: &Threshold) {
    let name = &threshold.target.metric;
    let Some(better) = better(name) else { return };
    let wrong =
        |limit: &Limit| limit.op == if better == Better::Higher { Op::AtMost } else { Op::AtLeast };
    if threshold.limits.iter().all(wrong) {
        let (way, has, wants) = words(better);
        let message = format!(
            "{} is better when {way}, but this rule only has a `{has}`: a worse model passes more easily",
            quote(name)
        );
        let help = format!("write `{wants}`, or both if the value must be between two limits");
        found.help("wrong-direction", rule.span.clone(), message, help);
    }
    range(found, rule, threshold);
}

/// Warns about a limit on another scale than the metric's name implies: a proportion is never 95,
/// and a useful limit for a percentage is rarely 0.95.
fn range(found: &mut Collector<'_>, rule: &Rule, threshold: &Threshold) {
    let name = &threshold.target.metric;
    if Metric::find(name).is_some() || threshold.target.unit.is_some() {
        return;
    }
    for limit in &threshold.limits {
        let (message, help) = match Range::of(name) {
            Some(Range::Fraction) if !(0.0..=1.0).contains(&limit.value) => (
                format!(
                    "{} is a number from 0 to 1 by its name, but the limit is {}",
                    quote(name),
                    limit.value
                ),
                "write a fraction such as 0.9".to_owned(),
            ),
            Some(Range::Percent) if limit.value > 0.0 && limit.value <= 1.0 => (
                format!(
                    "{} is a percentage by its name, but the limit {} looks like a fraction",
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
