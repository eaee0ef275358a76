//! A policy in plain sentences, for people who answer for it and do not write it.

use super::schema::{ApprovalRule, Policy, Rule, RuleKind, Selector, Statistics, Threshold};
use crate::model::{Metric, Op, Quantity, Severity, metric::Kind, number::{grouped, round12}, verdict::Mode};
use serde::Serialize;
use std::fmt::{self, Write as _};

/// What a policy says, in sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The policy's name.
    pub name: String,
    /// The digest of its bytes.
    pub digest: String,
    /// What it is for.
    pub description: Option<String>,
    /// The sentences, by what they are about.
    pub sections: Vec<Section>,
}

/// Sentences about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What they are about.
    pub title: &'static str,
    /// The sentences.
    pub sentences: Vec<String>,
}

/// Explains `policy`.
pub fn explain(policy: &Policy) -> Explanation {
    let sections = [
        ("Where it applies", place(policy)),
        ("What is required", policy.rules.iter().map(|r| rule(policy, r)).collect()),
        ("What the evidence must be", evidence(policy)),
        ("How numbers are judged", statistics(&policy.statistics)),
        ("Who must be heard from", groups(policy)),
        ("Who approves", approvals(policy)),
    ];
    let filled = sections.into_iter().filter(|(_, sentences)| !sentences.is_empty());
    Explanation {
        name: policy.name.clone(),
        digest: policy.digest.to_string(),
        description: policy.description.clone(),
        sections: filled.map(|(title, sentences)| Section { title, sentences }).collect(),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        if let Some(description) = &self.description {
            writeln!(f, "{description}")?;
        }
        writeln!(f, "{}", self.digest)?;
        for section in &self.sections {
            writeln!(f, "\n{}", section.title)?;
            for sentence in &section.sentences {
                writeln!(f, "  - {sentence}")?;
            }
        }
        Ok(())
    }
}

fn place(policy: &Policy) -> Vec<String> {
    let list = |globs: &[super::Glob]| globs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let models = match policy.applies_to.models.as_slice() {
        [] => "every model".to_owned(),
        globs => format!("models named {}", list(globs)),
    };
    let environments = match policy.applies_to.environments.as_slice() {
        [] => "every environment".to_owned(),
        globs => list(globs),
    };
    let mode = match policy.mode {
        Mode::Enforce => "A release that does not meet it is stopped.",
        Mode::Observe => "It only observes: what it finds is recorded and shown, and stops nothing.",
    };
    vec![format!("It applies to {models}, for a release to {environments}."), mode.to_owned()]
}

fn rule(policy: &Policy, rule: &Rule) -> String {
    let when = match &rule.when {
        Some(when) => format!("When {} holds, ", when.text()),
        None => String::new(),
    };
    let asks = match &rule.kind {
        RuleKind::Threshold(t) => threshold(policy, t),
        RuleKind::Check(c) => format!("every check named {} must have passed, and there must be at least one", c.pattern),
    };
    let otherwise = match rule.severity {
        Severity::Block => "",
        Severity::Warn => " It only warns.",
    };
    format!("{}: {when}{asks}.{otherwise}", rule.id)
}

fn threshold(policy: &Policy, t: &Threshold) -> String {
    let limits: Vec<String> = t.limits.iter().map(|l| {
        let value = Quantity { value: l.value, unit: t.unit };
        match l.op {
            Op::AtLeast => format!("at least {value}"),
            Op::AtMost => format!("at most {value}"),
        }
    }).collect();
    let mut text = format!("{}{} must be {}", metric(t), selected(&t.selector), limits.join(" and "));
    let exact = Metric::find(&t.metric).is_some_and(Metric::is_proportion);
    if exact {
        let _ = write!(text, ", and shown to be so at {} confidence", percent(policy.statistics.confidence));
    } else if t.point_estimate && policy.statistics.claimed_intervals {
        text.push_str(", by the interval that the evidence states, else by the bare number");
    } else if t.point_estimate {
        text.push_str(" by the bare number, whose uncertainty is not known");
    } else if policy.statistics.claimed_intervals {
        text.push_str(" by the interval that the evidence states");
    }
    if !t.slices.is_empty() {
        let _ = write!(text, ", in every group of {}", t.slices.join(" and in every group of "));
    }
    if let Some(least) = t.min_samples {
        let _ = write!(text, ", on at least {} samples", grouped(least));
    }
    text
}

fn metric(t: &Threshold) -> String {
    let latency = Metric::find(&t.metric).is_some_and(|m| m.kind == Kind::Latency);
    match t.selector.quantile {
        Some(q) if latency => format!("the time within which {} of requests are answered ({} p{})", percent(q), t.metric, round12(q * 100.0)),
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

fn evidence(policy: &Policy) -> Vec<String> {
    let asks = &policy.evidence;
    let mut out = Vec::new();
    if let Some(age) = asks.max_age {
        out.push(format!("Every document that decides must be at most {age} old and say when it was made."));
    }
    if !asks.datasets.is_empty() {
        out.push(format!("Every number that decides must be measured on {}.", asks.datasets.join(" or ")));
    }
    if !asks.require.is_empty() {
        out.push(format!("The evidence must link to: {}.", asks.require.join(", ")));
    }
    out.push("A document about another artifact, or one that contradicts what is said of it, stops the release.".to_owned());
    out
}

fn statistics(s: &Statistics) -> Vec<String> {
    let confidence = percent(s.confidence);
    let mut out = vec![format!(
        "A number counts with its uncertainty: a share such as accuracy or recall holds only if its bound at {confidence} \
         confidence (one-sided, exact, by Clopper and Pearson) is on the right side of the limit."
    )];
    out.push(if s.claimed_intervals {
        format!(
            "Where no exact bound can be computed, an interval that the evidence states may decide, if each of its \
             ends holds at {confidence} or more."
        )
    } else {
        "An interval that the evidence merely states does not decide.".to_owned()
    });
    if s.point_estimates {
        out.push("Where there is no bound at all, the bare number decides; its uncertainty is then not known.".to_owned());
    }
    let unsettled = if s.inconclusive_warns {
        "What the evidence does not settle only warns, if it stands on enough samples; anything missing or in error \
         stops the release."
    } else {
        "What the evidence does not settle stops the release, and so does anything that is missing or in error."
    };
    out.push(unsettled.to_owned());
    out
}

fn groups(policy: &Policy) -> Vec<String> {
    let one = |(key, groups): (&String, &Vec<String>)| {
        format!("Of {key}, the groups {} must all be there wherever a rule asks for every group.", groups.join(", "))
    };
    policy.groups.iter().map(one).collect()
}

fn approvals(policy: &Policy) -> Vec<String> {
    if policy.approvals.is_empty() {
        return vec!["Nobody: a release that meets the rules is allowed.".to_owned()];
    }
    let one = |a: &ApprovalRule| {
        let people = if a.count == 1 { "1 person".to_owned() } else { format!("{} people", grouped(a.count)) };
        let expires = a.expires.map_or_else(String::new, |age| format!("; an approval counts for {age}"));
        format!("{}: {people} with the role {}{expires}.", a.id, a.role)
    };
    let mut out: Vec<String> = policy.approvals.iter().map(one).collect();
    out.push("Nobody approves their own release, one rejection is enough to stop it, and an approval counts only for what its author saw.".to_owned());
    out
}

fn percent(share: f64) -> String {
    format!("{}%", round12(share * 100.0))
}
