//! Reads `[[rule]]`.

use super::{
    comparison, disparity,
    limits::{self, Lenience},
    section::{At, Section, text},
};
use crate::{
    model::{Metric, Severity, Slice, metric::Kind},
    policy::{
        condition::Condition,
        diagnostic::{Collector, quote},
        glob::Glob,
        schema::{CheckRule, Rule, RuleKind, Selector, Statistics, Target, Threshold},
    },
};

/// The keys that every rule can have.
const COMMON: [&str; 3] = ["id", "severity", "when"];
/// The keys that every rule about a metric can have.
const METRIC: [&str; 4] = ["metric", "min_samples", "dataset", "source"];
/// The keys that choose the measurements of a threshold or a comparison.
const CHOICE: [&str; 4] = ["slice", "slices", "quantile", "point_estimate"];
/// The limits of a threshold or a disparity.
const LIMITS: [&str; 2] = ["min", "max"];

/// Reads one rule. `None` if it contains a mistake.
pub(super) fn read(
    found: &mut Collector<'_>,
    rule: &Section<'_>,
    statistics: &Statistics,
) -> Option<Rule> {
    rule.only(found, &known());
    let id = identifier(found, rule, "a rule");
    let severity = match rule.word(found, "severity", &["block", "warn"]) {
        Some("warn") => Severity::Warn,
        _ => Severity::Block,
    };
    let when = condition(found, rule);
    let kind = kind(found, rule, statistics);
    let id = id?;
    Some(Rule { id: id.value.to_owned(), severity, when, kind: kind?, span: id.span })
}

fn known() -> Vec<&'static str> {
    let of_metrics = METRIC.into_iter().chain(CHOICE).chain(LIMITS);
    COMMON
        .into_iter()
        .chain(["check"])
        .chain(of_metrics)
        .chain(comparison::KEYS)
        .chain(disparity::KEYS)
        .collect()
}

/// An id: letters, digits, `-`, `_` and `.`; ids that begin with `evidence.` are reserved.
pub(super) fn identifier<'t>(
    found: &mut Collector<'_>,
    section: &Section<'t>,
    what: &str,
) -> Option<At<&'t str>> {
    let id = section.required(found, "id", "\"…\"")?;
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if id.value.len() > 100
        || !id.value.chars().all(fine)
        || !id.value.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        let message = format!("{} cannot be the id of {what}", quote(id.value));
        found.help("bad-id", id.span, message, "use up to 100 letters, digits, `-`, `_` and `.`");
        return None;
    }
    if id.value.starts_with("evidence.") {
        let message =
            format!("{} cannot be the id of {what}: `evidence.` is reserved", quote(id.value));
        found.help(
            "reserved-id",
            id.span,
            message,
            "the findings of `[evidence]` have these ids; choose another",
        );
        return None;
    }
    Some(id)
}

fn condition(found: &mut Collector<'_>, rule: &Section<'_>) -> Option<Condition> {
    let when = text(found, "when", rule.get("when")?)?;
    match Condition::compile(when.value) {
        Ok(condition) => Some(condition),
        Err(wrong) => {
            found.help("bad-condition", when.span, wrong.message, wrong.help);
            None
        }
    }
}

fn kind(
    found: &mut Collector<'_>,
    rule: &Section<'_>,
    statistics: &Statistics,
) -> Option<RuleKind> {
    match (rule.has("metric"), rule.has("check")) {
        (true, true) => {
            let message = "a rule is about a `metric` or a `check`, not both";
            found.help("rule-kind", rule.place("check"), message, "split it into two rules");
            None
        }
        (false, false) => {
            let help = "add `metric = \"accuracy\"` and a limit, or `check = \"…\"`";
            found.help(
                "rule-kind",
                rule.span.clone(),
                "this rule has neither `metric` nor `check`",
                help,
            );
            None
        }
        (true, false) if rule.has("by") || disparity::is_one(rule) => {
            stray(
                found,
                rule,
                &[&METRIC, &LIMITS, &disparity::KEYS],
                "a rule that compares groups (`by`)",
            );
            disparity::read(found, rule, statistics).map(RuleKind::Disparity)
        }
        (true, false) if comparison::KEYS.iter().any(|k| rule.has(k)) => {
            stray(
                found,
                rule,
                &[&METRIC, &CHOICE, &comparison::KEYS],
                "a rule that compares with a baseline",
            );
            comparison::read(found, rule, statistics).map(RuleKind::Comparison)
        }
        (true, false) => {
            stray(found, rule, &[&METRIC, &CHOICE, &LIMITS], "a rule with a limit");
            threshold(found, rule, statistics).map(RuleKind::Threshold)
        }
        (false, true) => {
            stray(found, rule, &[&["check"]], "a check, which only passes or fails");
            check(found, rule)
        }
    }
}

/// Reports known keys that have no meaning in this kind of rule.
fn stray(found: &mut Collector<'_>, rule: &Section<'_>, mine: &[&[&str]], what: &str) {
    let fits = |key: &str| COMMON.contains(&key) || mine.iter().any(|keys| keys.contains(&key));
    let known = known();
    for (key, _) in rule.entries() {
        if known.contains(&key.value) && !fits(key.value) {
            let message = format!("`{}` has no meaning in {what}", key.value);
            found.help(
                "rule-kind",
                key.span,
                message,
                "remove the key, or split it into two rules",
            );
        }
    }
}

fn check(found: &mut Collector<'_>, rule: &Section<'_>) -> Option<RuleKind> {
    let pattern = rule.text(found, "check")?;
    Some(RuleKind::Check(CheckRule { pattern: Glob::permissive(pattern.value) }))
}

fn threshold(
    found: &mut Collector<'_>,
    rule: &Section<'_>,
    statistics: &Statistics,
) -> Option<Threshold> {
    let (metric, mut target) = target(found, rule, statistics);
    let slices = slices(found, rule);
    let min_samples = rule.count(found, "min_samples").map(|c| c.value);
    let metric = metric?;
    let lenience = Lenience {
        claimed_intervals: statistics.claimed_intervals,
        point_estimates: target.point_estimate,
    };
    let limits = limits::read(found, rule, metric.value, lenience);
    if !rule.has("min") && !rule.has("max") {
        let help = "add `min = …` or `max = …`, or compare with `against = \"champion\"`";
        found.help("no-limit", rule.span.clone(), "this rule has no limit", help);
        return None;
    }
    target.unit = limits.unit;
    Some(Threshold { target, slices, limits: limits.list, min_samples })
}

/// The target of a threshold or a comparison, without its unit, and the position of its metric.
pub(super) fn target<'t>(
    found: &mut Collector<'_>,
    rule: &Section<'t>,
    statistics: &Statistics,
) -> (Option<At<&'t str>>, Target) {
    let metric = rule.text(found, "metric");
    let point_estimate = match rule.word(found, "point_estimate", &["allow", "refuse"]) {
        Some(word) => word == "allow",
        None => statistics.point_estimates,
    };
    let selector = selector(found, rule);
    if let Some(metric) = &metric {
        let latency = Metric::find(metric.value).is_some_and(|m| m.kind == Kind::Latency);
        if latency && !rule.has("quantile") {
            let help = "add `quantile = 0.99`; a mean hides the slow requests";
            found.help(
                "missing-key",
                metric.span.clone(),
                "a rule about `latency` needs `quantile`",
                help,
            );
        }
    }
    let name = metric.as_ref().map(|m| m.value.to_owned()).unwrap_or_default();
    (metric, Target { metric: name, selector, unit: None, point_estimate })
}

fn selector(found: &mut Collector<'_>, rule: &Section<'_>) -> Selector {
    let quantile = rule.number(found, "quantile").filter(|q| {
        let inside = q.value > 0.0 && q.value < 1.0;
        if !inside {
            let help = if q.value > 1.0 && q.value < 100.0 {
                format!("did you mean `{}`?", crate::model::number::round12(q.value / 100.0))
            } else {
                "write a number such as 0.99".to_owned()
            };
            found.help("out-of-range", q.span.clone(), "`quantile` must be between 0 and 1", help);
        }
        inside
    });
    Selector {
        slice: slice(found, rule),
        dataset: rule.text(found, "dataset").map(|t| t.value.to_owned()),
        source: rule.text(found, "source").map(|t| t.value.to_owned()),
        quantile: quantile.map(|q| q.value),
    }
}

fn slice(found: &mut Collector<'_>, rule: &Section<'_>) -> Slice {
    let mut slice = Slice::overall();
    let Some(section) = rule.table(found, "slice", "`slice`") else { return slice };
    for (key, value) in section.entries() {
        if let Some(group) = text(found, key.value, value) {
            slice.0.insert(key.value.to_owned(), group.value.to_owned());
        }
    }
    slice
}

pub(super) fn slices(found: &mut Collector<'_>, rule: &Section<'_>) -> Vec<String> {
    let list = rule.texts(found, "slices").unwrap_or_default();
    if rule.has("slices") && rule.has("slice") {
        let message =
            "a rule has `slice` (one group) or `slices` (every group of an attribute), not both";
        found.help("conflict", rule.place("slices"), message, "split it into two rules");
    }
    list.into_iter().map(|t| t.value.to_owned()).collect()
}
