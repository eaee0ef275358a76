//! Reads `[[rule]]`.

use super::section::{At, Section, text};
use crate::{
    model::{Metric, Severity, Slice, metric},
    policy::{
        condition::Condition,
        diagnostic::{Collector, quote},
        rules::{KINDS, Reader},
        schema::{Kind, Rule, Selector, Statistics, Target},
    },
};

/// The keys that every rule can have.
const COMMON: [&str; 3] = ["id", "severity", "when"];
/// The keys that every rule about a metric can have.
pub(in crate::policy) const METRIC: [&str; 5] =
    ["metric", "min_samples", "min_events", "dataset", "source"];
/// The keys that choose the measurements of a threshold or a comparison.
pub(in crate::policy) const CHOICE: [&str; 4] = ["slice", "slices", "quantile", "point_estimate"];
/// The limits of a threshold or a disparity.
pub(in crate::policy) const LIMITS: [&str; 2] = ["min", "max"];

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

/// Every key that a rule of any kind can have.
fn known() -> Vec<&'static str> {
    let mut all: Vec<&str> = COMMON.to_vec();
    for key in KINDS.iter().flat_map(|kind| kind.keys.iter().copied().flatten()) {
        if !all.contains(key) {
            all.push(key);
        }
    }
    all
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
) -> Option<Box<dyn Kind>> {
    let (subjects, examples) = subjects();
    let mut has = subjects.iter().filter(|subject| rule.has(subject));
    let Some(subject) = has.next() else {
        let message = format!("this rule has neither `{}`", subjects.join("` nor `"));
        found.help(
            "rule-kind",
            rule.span.clone(),
            message,
            format!("add {}", examples.join(", or ")),
        );
        return None;
    };
    if let Some(other) = has.next() {
        let message = format!("a rule is about a `{}`, not both", subjects.join("` or a `"));
        found.help("rule-kind", rule.place(other), message, "split it into two rules");
        return None;
    }
    let reader = KINDS.iter().rfind(|kind| kind.subject == *subject && (kind.is)(rule))?;
    stray(found, rule, reader);
    (reader.read)(found, rule, statistics)
}

/// Every subject that a rule can have, with an example of how to write it.
fn subjects() -> (Vec<&'static str>, Vec<&'static str>) {
    let mut all: Vec<(&str, &str)> = Vec::new();
    for kind in KINDS.iter().rev() {
        if !all.iter().any(|(subject, _)| *subject == kind.subject) {
            all.push((kind.subject, kind.example));
        }
    }
    all.into_iter().unzip()
}

/// Reports known keys that have no meaning in this kind of rule.
fn stray(found: &mut Collector<'_>, rule: &Section<'_>, kind: &Reader) {
    let fits =
        |key: &str| COMMON.contains(&key) || kind.keys.iter().any(|keys| keys.contains(&key));
    let known = known();
    for (key, _) in rule.entries() {
        if known.contains(&key.value) && !fits(key.value) {
            let message = format!("`{}` has no meaning in {}", key.value, kind.name);
            found.help(
                "rule-kind",
                key.span,
                message,
                "remove the key, or split it into two rules",
            );
        }
    }
}

/// The target of a threshold or a comparison, without its unit, and the position of its metric.
pub(in crate::policy) fn target<'t>(
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
        let latency = Metric::find(metric.value).is_some_and(|m| m.kind == metric::Kind::Latency);
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

pub(in crate::policy) fn slices(found: &mut Collector<'_>, rule: &Section<'_>) -> Vec<String> {
    let list = rule.texts(found, "slices").unwrap_or_default();
    if rule.has("slices") && rule.has("slice") {
        let message =
            "a rule has `slice` (one group) or `slices` (every group of an attribute), not both";
        found.help("conflict", rule.place("slices"), message, "split it into two rules");
    }
    list.into_iter().map(|t| t.value.to_owned()).collect()
}
