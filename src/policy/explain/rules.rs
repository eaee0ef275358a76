//! Explains rules in sentences.

use super::percent;
use crate::{
    model::{
        Metric, Severity,
        metric::Kind,
        number::{grouped, round12},
    },
    policy::schema::{Policy, Rule, Selector, Target},
};
use std::fmt::Write as _;

/// A rule as a sentence.
pub(super) fn sentence(policy: &Policy, rule: &Rule) -> String {
    let when = match &rule.when {
        Some(when) => format!("If {} is true, ", when.text()),
        None => String::new(),
    };
    let asks = rule.kind.explain(policy);
    let otherwise = match rule.severity {
        Severity::Block => "",
        Severity::Warn => " It only warns.",
    };
    format!("{}: {when}{asks}.{otherwise}", rule.id)
}

/// The groups, and the numbers of samples and of events that a rule requires.
pub(in crate::policy) fn where_and_on(
    slices: &[String],
    min_samples: Option<u64>,
    min_events: Option<u64>,
) -> String {
    let mut text = String::new();
    if !slices.is_empty() {
        let _ = write!(text, ", in every group of {}", slices.join(" and in every group of "));
    }
    if let Some(least) = min_samples {
        let _ = write!(text, ", on at least {} samples", grouped(least));
    }
    if let Some(least) = min_events {
        let and = if min_samples.is_some() { " and" } else { ", on at least" };
        let _ = write!(text, "{and} {} events", grouped(least));
    }
    text
}

pub(in crate::policy) fn metric(t: &Target) -> String {
    let latency = Metric::find(&t.metric).is_some_and(|m| m.kind == Kind::Latency);
    match t.selector.quantile {
        Some(q) if latency => format!(
            "the time within which {} of requests are answered ({} p{})",
            percent(q),
            t.metric,
            round12(q * 100.0)
        ),
        Some(q) => format!("{} at the quantile {q}", t.metric),
        None => t.metric.clone(),
    }
}

pub(in crate::policy) fn selected(selector: &Selector) -> String {
    let mut text = String::new();
    if !selector.slice.is_overall() {
        let _ = write!(text, " for {}", selector.slice);
    }
    if let Some(dataset) = &selector.dataset {
        let _ = write!(text, " on the data set {dataset}");
    }
    if let Some(source) = &selector.source {
        let _ = write!(text, " as {source} reports it");
    }
    text
}
