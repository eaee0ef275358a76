//! Explains rules in sentences.

use super::percent;
use crate::{
    model::{
        Metric, Op, Quantity, Severity, Unit,
        metric::Kind,
        number::{grouped, round12},
    },
    policy::schema::{
        ComparisonRule, Disparity, DisparityRule, FirstRelease, Margin, Policy, Rule, RuleKind,
        Selector, Target, Threshold,
    },
};
use std::fmt::Write as _;

/// A rule as a sentence.
pub(super) fn sentence(policy: &Policy, rule: &Rule) -> String {
    let when = match &rule.when {
        Some(when) => format!("If {} is true, ", when.text()),
        None => String::new(),
    };
    let asks = match &rule.kind {
        RuleKind::Threshold(t) => threshold(policy, t),
        RuleKind::Comparison(c) => comparison(policy, c),
        RuleKind::Disparity(d) => disparity(policy, d),
        RuleKind::Check(c) => {
            format!(
                "every check named {} must have passed, and there must be at least one",
                c.pattern
            )
        }
    };
    let otherwise = match rule.severity {
        Severity::Block => "",
        Severity::Warn => " It only warns.",
    };
    format!("{}: {when}{asks}.{otherwise}", rule.id)
}

fn threshold(policy: &Policy, t: &Threshold) -> String {
    let limits: Vec<String> = t
        .limits
        .iter()
        .map(|l| {
            let value = Quantity { value: l.value, unit: t.target.unit };
            match l.op {
                Op::AtLeast => format!("at least {value}"),
                Op::AtMost => format!("at most {value}"),
            }
        })
        .collect();
    let mut text = format!(
        "{}{} must be {}",
        metric(&t.target),
        selected(&t.target.selector),
        limits.join(" and ")
    );
    let exact = Metric::find(&t.target.metric).is_some_and(Metric::is_proportion);
    if exact {
        let _ = write!(
            text,
            ", and shown to be so at {} confidence",
            percent(policy.statistics.confidence)
        );
    } else if t.target.point_estimate && policy.statistics.claimed_intervals {
        text.push_str(", by the interval that the evidence states, else by the bare number");
    } else if t.target.point_estimate {
        text.push_str(" by the bare number, whose uncertainty is unknown");
    } else if policy.statistics.claimed_intervals {
        text.push_str(" by the interval that the evidence states");
    }
    text + &where_and_on(&t.slices, t.min_samples)
}

/// The groups and the number of samples that a rule requires.
fn where_and_on(slices: &[String], min_samples: Option<u64>) -> String {
    let mut text = String::new();
    if !slices.is_empty() {
        let _ = write!(text, ", in every group of {}", slices.join(" and in every group of "));
    }
    if let Some(least) = min_samples {
        let _ = write!(text, ", on at least {} samples", grouped(least));
    }
    text
}

fn comparison(policy: &Policy, c: &ComparisonRule) -> String {
    let margins: Vec<String> = c.margins.iter().map(|m| margin(m, c.target.unit)).collect();
    let first = match c.first_release {
        FirstRelease::Review => "the approvals decide",
        FirstRelease::Allow => "it passes",
        FirstRelease::Deny => "it blocks the release",
    };
    let text = format!(
        "{}{} must be compared with that of the {}: {}, shown at {} confidence{}",
        metric(&c.target),
        selected(&c.target.selector),
        c.against,
        margins.join(" and "),
        percent(policy.statistics.confidence),
        where_and_on(&c.slices, c.min_samples)
    );
    format!("{text}; while there is no {}, {first}", c.against)
}

fn margin(margin: &Margin, unit: Option<Unit>) -> String {
    let quantity = |value: f64| Quantity { value, unit };
    match margin {
        Margin::Loss(most) if *most > 0.0 => format!("it may be at most {} worse", quantity(*most)),
        Margin::Loss(_) => "it must not be worse".to_owned(),
        Margin::LossRatio(share) => {
            format!("it may be at most {} of that value worse", percent(*share))
        }
        Margin::Gain(least) => format!("it must be at least {} better", quantity(*least)),
    }
}

fn disparity(policy: &Policy, d: &DisparityRule) -> String {
    let limit = match d.limit.op {
        Op::AtLeast => format!("at least {}", d.limit.value),
        Op::AtMost => format!("at most {}", d.limit.value),
    };
    let by = if d.intersection { d.by.join(" × ") } else { d.by.join(" and by ") };
    let shown = match d.measure {
        Disparity::Impact => ", in whole numbers and without a statistical bound".to_owned(),
        Disparity::Worst(_) => {
            format!(
                ", shown for every group at {} confidence",
                percent(policy.statistics.confidence)
            )
        }
        Disparity::Difference(_) | Disparity::Ratio(_) => {
            format!(
                ", shown for every pair of groups at {} confidence",
                percent(policy.statistics.confidence)
            )
        }
    };
    let out = d.exclude_below.map_or_else(String::new, |share| {
        format!("; groups below {} of all have no ratio", percent(share))
    });
    format!("{} by {by} must be {limit}{shown}{out}{}", d.metric, each_on(d.min_samples))
}

fn metric(t: &Target) -> String {
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

fn selected(selector: &Selector) -> String {
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

fn each_on(min_samples: Option<u64>) -> String {
    min_samples.map_or_else(String::new, |least| {
        format!(", on at least {} samples in each group", grouped(least))
    })
}
