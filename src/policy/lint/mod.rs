//! Warnings about a policy that is valid, but probably does not do what its author means.

mod direction;
mod holders;
mod reach;
mod sense;

pub use holders::Holders;

use super::{
    diagnostic::{Collector, Mistakes, nearest, quote},
    schema::{Limit, Policy, Rule, RuleKind, Target, Threshold},
};
use crate::{
    model::{Metric, Namespace, Op, Severity, metric::METRICS, number::round12, verdict::Mode},
    stats::sample_size::{Side, least_perfect},
};

/// The place where a policy is published: facts that only the service knows.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The namespace.
    pub namespace: &'a Namespace,
    /// The holders of each role in it.
    pub holders: &'a Holders,
}

/// The warnings about a valid policy. `place` is where it is published, or `None`.
pub fn lint(policy: &Policy, place: Option<Place<'_>>) -> Mistakes {
    let mut found = Collector::new(&policy.source);
    if let Some(place) = place {
        holders::check(&mut found, policy, place.holders);
        reach::in_namespace(&mut found, policy, place.namespace);
    }
    reach::patterns(&mut found, policy);
    sense::shadowed(&mut found, policy);
    for (at, rule) in policy.rules.iter().enumerate() {
        let earlier = policy.rules.iter().take(at);
        if let Some(twin) = earlier.into_iter().find(|r| same(r, rule)) {
            let message = format!("this rule requires the same as {}", quote(&twin.id));
            found.help("duplicate-requirement", rule.span.clone(), message, "remove one of them");
        }
        sense::condition(&mut found, rule);
        if let RuleKind::Disparity(disparity) = &rule.kind {
            for key in disparity
                .by
                .iter()
                .filter(|k| !disparity.intersection && !policy.groups.contains_key(*k))
            {
                undeclared(&mut found, rule, key);
            }
        }
        if let RuleKind::Comparison(comparison) = &rule.kind {
            unknown_metric(&mut found, rule, &comparison.target);
            groups(&mut found, policy, rule, &comparison.slices);
            decides(&mut found, policy, rule, &comparison.target);
            direction::comparison(&mut found, rule, comparison);
            sense::unknown(&mut found, policy, rule, &comparison.target);
        }
        if let RuleKind::Threshold(threshold) = &rule.kind {
            unknown_metric(&mut found, rule, &threshold.target);
            groups(&mut found, policy, rule, &threshold.slices);
            decides(&mut found, policy, rule, &threshold.target);
            direction::threshold(&mut found, rule, threshold);
            sense::unknown(&mut found, policy, rule, &threshold.target);
            for limit in &threshold.limits {
                vacuous(&mut found, rule, threshold, *limit);
                samples(&mut found, policy, rule, threshold, *limit);
            }
        }
    }
    whole(&mut found, policy);
    found.finish()
}

fn whole(found: &mut Collector<'_>, policy: &Policy) {
    let place = policy.source.find("name").map_or(0..0, |at| at..at + 4);
    if policy.mode == Mode::Observe && !policy.approvals.is_empty() {
        let message = "this policy only observes, so its approvals are not needed";
        found.help(
            "observe-approvals",
            place.clone(),
            message,
            "enforce it, or remove `[[approval]]`",
        );
    }
    if policy.rules.iter().all(|r| r.severity == Severity::Warn) {
        let help = "let at least one rule block";
        found.help(
            "never-denies",
            place.clone(),
            "every rule only warns, so this policy never denies a release",
            help,
        );
    }
    let uses = |key: &String| {
        policy.rules.iter().any(|r| match &r.kind {
            RuleKind::Threshold(t) => t.slices.contains(key),
            RuleKind::Comparison(c) => c.slices.contains(key),
            RuleKind::Disparity(d) => d.by.contains(key),
            RuleKind::Check(_) => false,
        })
    };
    for key in policy.groups.keys().filter(|k| !uses(k)) {
        let message = format!(
            "the groups of {} are declared, but no rule uses them in `slices` or `by`",
            quote(key)
        );
        found.help(
            "unused-groups",
            place.clone(),
            message,
            "add a rule that uses them, or remove them",
        );
    }
}

fn same(a: &Rule, b: &Rule) -> bool {
    let condition = |r: &Rule| r.when.as_ref().map(|w| w.text().to_owned());
    let kinds = match (&a.kind, &b.kind) {
        (RuleKind::Threshold(a), RuleKind::Threshold(b)) => a == b,
        (RuleKind::Check(a), RuleKind::Check(b)) => a == b,
        (RuleKind::Comparison(a), RuleKind::Comparison(b)) => a == b,
        (RuleKind::Disparity(a), RuleKind::Disparity(b)) => a == b,
        _ => false,
    };
    kinds && condition(a) == condition(b)
}

/// Warns about an unknown metric: it can be a source's own name, or a typing error.
fn unknown_metric(found: &mut Collector<'_>, rule: &Rule, target: &Target) {
    let name = target.metric.as_str();
    if Metric::find(name).is_some() {
        return;
    }
    let near = nearest(name, METRICS.iter().map(|m| m.name));
    if let Some(near) = near.filter(|n| strsim::normalized_damerau_levenshtein(n, name) >= 0.7) {
        let message = format!("{} is not a metric we know", quote(name));
        let help = format!("did you mean `{near}`? A source's own name is also accepted");
        found.help("unknown-metric", rule.span.clone(), message, help);
    }
}

/// Warns about a rule on undeclared groups: without a declaration, a missing group is not noticed.
fn groups(found: &mut Collector<'_>, policy: &Policy, rule: &Rule, slices: &[String]) {
    for key in slices.iter().filter(|k| !policy.groups.contains_key(*k)) {
        undeclared(found, rule, key);
    }
}

fn undeclared(found: &mut Collector<'_>, rule: &Rule, key: &str) {
    let message =
        format!("the groups of {} are not declared, so a missing group is not noticed", quote(key));
    found.help(
        "undeclared-groups",
        rule.span.clone(),
        message,
        format!("add `{key} = [\"…\"]` to `[groups]`"),
    );
}

/// Warns about a rule on a metric without an exact bound, if the policy allows no other evidence to
/// decide.
fn decides(found: &mut Collector<'_>, policy: &Policy, rule: &Rule, target: &Target) {
    let exact = Metric::find(&target.metric).is_none_or(Metric::is_proportion);
    let computed = policy.recompute.is_some();
    if !exact && !computed && !policy.statistics.claimed_intervals && !target.point_estimate {
        let message =
            format!("a bare `{}` has no bound, so this rule stays inconclusive", target.metric);
        let help = "add `[recompute]`, or set `claimed_intervals = \"allow\"` in `[statistics]` or `point_estimate = \"allow\"` here";
        found.help("never-decides", rule.span.clone(), message, help);
    }
}

/// Warns about a limit that every value meets.
fn vacuous(found: &mut Collector<'_>, rule: &Rule, threshold: &Threshold, limit: Limit) {
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
fn samples(
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
