//! The rule kinds, one file each; only [`judge`] lists them all.

mod check;
mod choose;
mod comparison;
mod disparity;
mod groups;
mod hint;
mod judging;
mod recomputed;
mod requirements;
mod select;
mod threshold;
mod weigh;

use super::{
    budget,
    condition::{LARGEST_CONTEXT, Variables},
    evaluate::{
        Case,
        index::{Entry, Index},
    },
    phrase::{self, Reason},
    schema::{Policy, Rule, RuleKind},
};
use crate::model::{Digest, Finding, Status};

/// The rule id of the finding on a policy that exceeds its budget.
const OVER_BUDGET: &str = "evidence.budget";

/// The data that a rule can read.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) policy: &'a Policy,
    pub(super) index: &'a Index<'a>,
    /// The champion's evidence; `None` if there is no champion.
    pub(super) champion: Option<&'a Index<'a>>,
    /// The reference's evidence; `None` if there is no reference.
    pub(super) reference: Option<&'a Index<'a>>,
    /// Present if any rule has a condition.
    pub(super) variables: Option<&'a Variables<'a>>,
}

/// The findings of one policy's rules, and what the rules read.
#[derive(Debug, Default)]
pub(super) struct Findings<'a> {
    list: Vec<Finding>,
    /// Whether sentences use the wording of the first semantics.
    first: bool,
    /// The maximum number of findings.
    room: usize,
    /// The documents that rules read, by position in the index.
    read: Vec<usize>,
    /// The data sets of the measurements that rules read, each with its document.
    datasets: Vec<(usize, Option<&'a str>)>,
}

impl<'a> Findings<'a> {
    /// Records what a rule has read.
    fn note(&mut self, entries: &[Entry<'a>]) {
        self.read.extend(entries.iter().map(|e| e.document));
        self.datasets.extend(entries.iter().map(|e| (e.document, e.dataset)));
    }

    /// Whether the maximum number of findings is reached.
    fn is_full(&self) -> bool {
        self.list.len() >= self.room
    }

    /// Adds a finding. Its sentence is made from its numbers and `reason`.
    fn say(&mut self, mut finding: Finding, reason: &Reason) {
        finding.message = phrase::sentence(&finding, reason, self.first);
        self.list.push(finding);
    }
}

/// The findings of every rule in the policy, in the order of the file, then those of `[evidence]`.
/// At most `room` findings come from rules. A policy that exceeds its budget is in error, and so is
/// one whose rules reach `room`.
pub(super) fn judge(view: &View<'_>, room: usize) -> Vec<Finding> {
    let first = view.case.is_first();
    let mut out =
        Findings { first, room: if first { usize::MAX } else { room }, ..Findings::default() };
    let over = |why: String, out: &mut Findings<'_>| {
        out.say(Finding::new(&view.policy.name, OVER_BUDGET, Status::Error), &Reason::Said(why));
    };
    if let Some(why) = view.policy.over_budget.as_ref().filter(|_| !first) {
        over(format!("this policy asks for more than is judged: {why}"), &mut out);
        return out.list;
    }
    let mut asked = false;
    for rule in &view.policy.rules {
        if out.is_full() {
            break;
        }
        match asks(view, rule) {
            Ok(true) => {
                asked = true;
                match &rule.kind {
                    RuleKind::Threshold(threshold) => {
                        threshold::judge(view, rule, threshold, &mut out);
                    }
                    RuleKind::Comparison(comparison) => {
                        comparison::judge(view, rule, comparison, &mut out);
                    }
                    RuleKind::Disparity(disparity) => {
                        disparity::judge(view, rule, disparity, &mut out);
                    }
                    RuleKind::Check(check) => check::judge(view, rule, check, &mut out),
                }
            }
            Ok(false) => {
                out.say(blank(view, rule, Status::Skipped), &Reason::Condition(condition(rule)));
            }
            Err(why) => {
                asked = true;
                out.say(
                    blank(view, rule, Status::Error),
                    &Reason::BadCondition(condition(rule), why),
                );
            }
        }
    }
    if out.is_full() {
        over(phrase::too_many_findings(budget::MOST_FINDINGS), &mut out);
        return out.list;
    }
    recomputed::judge(view, &mut out);
    requirements::judge(view, asked, &mut out);
    out.list
}

fn condition(rule: &Rule) -> String {
    rule.when.as_ref().map(|w| w.text().to_owned()).unwrap_or_default()
}

/// Whether the rule's condition is true, so that the rule is evaluated.
fn asks(view: &View<'_>, rule: &Rule) -> Result<bool, String> {
    match (&rule.when, view.variables) {
        (None, _) => Ok(true),
        (Some(_), Some(variables)) if !view.case.is_first() && variables.size > LARGEST_CONTEXT => {
            Err(format!("the context that was submitted is larger than {LARGEST_CONTEXT} bytes"))
        }
        (Some(when), Some(variables)) => when.holds(variables),
        (Some(_), None) => Err("there is nothing to read it against".to_owned()),
    }
}

/// A finding of `rule` with every other field empty.
fn blank(view: &View<'_>, rule: &Rule, status: Status) -> Finding {
    let metric = match &rule.kind {
        RuleKind::Threshold(threshold) => threshold.target.metric.clone(),
        RuleKind::Comparison(comparison) => comparison.target.metric.clone(),
        RuleKind::Disparity(disparity) => disparity.metric.clone(),
        RuleKind::Check(check) => check.pattern.as_str().to_owned(),
    };
    Finding {
        severity: rule.severity,
        metric: Some(metric),
        ..Finding::new(&view.policy.name, &rule.id, status)
    }
}

/// The digests of documents, without duplicates, in order.
fn digests(view: &View<'_>, documents: impl IntoIterator<Item = usize>) -> Vec<Digest> {
    let digest = |at| view.index.document(at).map(|d| d.evidence().digest);
    let mut list: Vec<Digest> = documents.into_iter().filter_map(digest).collect();
    list.sort_unstable();
    list.dedup();
    list
}
