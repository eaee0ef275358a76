//! Warnings about a policy that is valid, but probably does not do what its author means.

pub(super) mod direction;
mod holders;
mod reach;
mod sense;

pub use holders::Holders;

use super::{
    diagnostic::{Collector, Mistakes, nearest, quote},
    schema::{Policy, Rule, Target},
};
use crate::model::{Metric, Namespace, Severity, metric::METRICS, verdict::Mode};

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
        rule.kind.lint(&mut found, policy, rule);
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
    let uses = |key: &String| policy.rules.iter().any(|r| r.kind.attributes().contains(key));
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
    a.kind.same(&*b.kind) && condition(a) == condition(b)
}

/// Warns about the number that a rule is about, and the attributes whose groups must all hold.
pub(super) fn number(
    found: &mut Collector<'_>,
    policy: &Policy,
    rule: &Rule,
    target: &Target,
    slices: &[String],
) {
    unknown_metric(found, rule, target);
    for key in slices.iter().filter(|k| !policy.groups.contains_key(*k)) {
        undeclared(found, rule, key);
    }
    decides(found, policy, rule, target);
    sense::unknown(found, policy, rule, target);
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
pub(super) fn undeclared(found: &mut Collector<'_>, rule: &Rule, key: &str) {
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
