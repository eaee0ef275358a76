//! Explains a policy in plain sentences, for people who are responsible for it but do not write it.

pub(super) mod rules;

use super::{
    power,
    schema::{ApprovalRule, IntervalMethod, Policy, Recompute, Statistics},
};
use crate::model::{
    number::{grouped, round12},
    verdict::Mode,
};
use serde::Serialize;
use std::fmt;

/// A policy in sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The policy's name.
    pub name: String,
    /// The digest of its bytes.
    pub digest: String,
    /// The purpose of the policy.
    pub description: Option<String>,
    /// The sentences, grouped by subject.
    pub sections: Vec<Section>,
}

/// The sentences about one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// The subject.
    pub title: &'static str,
    /// The sentences.
    pub sentences: Vec<String>,
}

/// Explains `policy`.
pub fn explain(policy: &Policy) -> Explanation {
    let sections = [
        ("Where it applies", place(policy)),
        ("What is required", policy.rules.iter().map(|r| rules::sentence(policy, r)).collect()),
        ("What must be observed to pass", power::sentences(policy)),
        ("Requirements on the evidence", evidence(policy)),
        ("What is recomputed", policy.recompute.as_ref().map(recompute).unwrap_or_default()),
        ("How numbers are evaluated", statistics(&policy.statistics)),
        ("Groups that must be present", groups(policy)),
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
    let either = |globs: &[super::Glob]| {
        globs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
    };
    let models = match policy.applies_to.models.as_slice() {
        [] => "every model".to_owned(),
        globs => format!("models named {}", either(globs)),
    };
    let environments = match policy.applies_to.environments.as_slice() {
        [] => "every environment".to_owned(),
        globs => either(globs),
    };
    let mode = match policy.mode {
        Mode::Enforce => "It blocks a release that does not meet it.",
        Mode::Observe => {
            "It only observes: its findings are recorded and shown, but block nothing."
        }
    };
    vec![format!("It applies to {models}, for a release to {environments}."), mode.to_owned()]
}

fn evidence(policy: &Policy) -> Vec<String> {
    let asks = &policy.evidence;
    let mut out = Vec::new();
    if let Some(age) = asks.max_age {
        out.push(format!(
            "Every document that decides must be at most {age} old and state when it was made."
        ));
    }
    if !asks.datasets.is_empty() {
        out.push(format!(
            "Every number that decides must be measured on {}.",
            asks.datasets.join(" or ")
        ));
    }
    if !asks.require.is_empty() {
        out.push(format!("The evidence must link to: {}.", asks.require.join(", ")));
    }
    out.push(
        "A document about another artifact, or one that contradicts its submission, blocks the release.".to_owned(),
    );
    out
}

fn recompute(r: &Recompute) -> Vec<String> {
    let c = &r.columns;
    let mut out = vec![format!(
        "The numbers are computed from raw predictions. A claim that differs by more than {} in addition to its own \
         rounding blocks the release.",
        if r.tolerance < 1e-4 { format!("{:e}", r.tolerance) } else { r.tolerance.to_string() }
    )];
    let columns =
        [("label", &c.label), ("prediction", &c.prediction), ("score", &c.score), ("id", &c.id)];
    let named: Vec<String> = columns
        .iter()
        .filter_map(|(what, name)| {
            name.as_ref().map(|n| format!("the {what} is in the column {n}"))
        })
        .collect();
    out.push(format!("In the predictions, {}.", named.join(", ")));
    if let Some(labels) = &r.labels {
        out.push(format!(
            "Labels and groups come from the registered data set {labels}, which CI never sees."
        ));
    }
    out
}

fn statistics(s: &Statistics) -> Vec<String> {
    let confidence = percent(s.confidence);
    let method = match s.interval {
        IntervalMethod::ClopperPearson => "exact, by Clopper and Pearson",
        IntervalMethod::Wilson => {
            "approximate, by Wilson; it errs more often than stated for rates near 0 or 1"
        }
        IntervalMethod::Jeffreys => {
            "approximate, by Jeffreys; it errs more often than stated for rates near 0 or 1"
        }
    };
    let mut out = vec![format!(
        "Numbers are evaluated with their uncertainty: a share such as accuracy or recall passes only if its bound at \
         {confidence} confidence (one-sided, {method}) is on the right side of the limit."
    )];
    out.push(if s.spend {
        format!(
            "All artifacts that are ever evaluated on one data set share the allowed error of {}: the k-th gets 6/(π²k²) \
             of it, and its result does not say how far off it was.",
            percent(1.0 - s.confidence)
        )
    } else {
        format!(
            "The allowed error of {} applies to each artifact; how many artifacts were evaluated on a data set is counted \
             and shown.",
            percent(1.0 - s.confidence)
        )
    });
    out.push(if s.claimed_intervals {
        format!(
            "If no exact bound can be computed, an interval that the evidence states can decide, provided that each of \
             its ends has a confidence of {confidence} or more."
        )
    } else {
        "An interval that the evidence only states does not decide.".to_owned()
    });
    if s.point_estimates {
        out.push("If there is no bound at all, the bare number decides; its uncertainty is then unknown.".to_owned());
    }
    let unsettled = if s.inconclusive_warns {
        "An inconclusive result only warns if it is based on enough samples; anything missing or in error blocks the \
         release."
    } else {
        "An inconclusive result blocks the release, and so does anything that is missing or in error."
    };
    out.push(unsettled.to_owned());
    out
}

fn groups(policy: &Policy) -> Vec<String> {
    let one = |(key, groups): (&String, &Vec<String>)| {
        format!(
            "If a rule requires every group of {key}, the groups {} must all be present.",
            groups.join(", ")
        )
    };
    policy.groups.iter().map(one).collect()
}

fn approvals(policy: &Policy) -> Vec<String> {
    if policy.approvals.is_empty() {
        return vec![
            "No approval is needed: a release that meets the rules is allowed.".to_owned(),
        ];
    }
    let one = |a: &ApprovalRule| {
        let people = if a.count == 1 {
            "1 person".to_owned()
        } else {
            format!("{} people", grouped(a.count))
        };
        let expires =
            a.expires.map_or_else(String::new, |age| format!("; an approval is valid for {age}"));
        format!("{}: {people} with the role {}{expires}.", a.id, a.role)
    };
    let mut out: Vec<String> = policy.approvals.iter().map(one).collect();
    out.push("The submitter cannot approve the release, one rejection is enough to block it, and an approval is valid only for the inputs that its author saw.".to_owned());
    out
}

pub(super) fn percent(share: f64) -> String {
    format!("{}%", round12(share * 100.0))
}
