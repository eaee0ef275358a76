//! One file a rule kind; [`judge`] is the one place that lists them.

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
    condition::Variables,
    evaluate::{
        Case,
        index::{Entry, Index},
    },
    phrase::{self, Reason},
    schema::{Policy, Rule, RuleKind},
};
use crate::model::{Digest, Finding, Status};

/// What a rule sees.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) policy: &'a Policy,
    pub(super) index: &'a Index<'a>,
    /// The champion's evidence; `None` while there is no champion.
    pub(super) champion: Option<&'a Index<'a>>,
    /// The reference's evidence; `None` while there is no reference.
    pub(super) reference: Option<&'a Index<'a>>,
    /// Present when any rule has a condition.
    pub(super) variables: Option<&'a Variables<'a>>,
}

/// What the rules of one policy said, and what they read for it.
#[derive(Debug, Default)]
pub(super) struct Findings<'a> {
    list: Vec<Finding>,
    /// The documents that rules read, by place in the index.
    read: Vec<usize>,
    /// The data sets of the measurements that rules read, each with its document.
    datasets: Vec<(usize, Option<&'a str>)>,
}

impl<'a> Findings<'a> {
    /// Notes what a rule has read.
    fn note(&mut self, entries: &[Entry<'a>]) {
        self.read.extend(entries.iter().map(|e| e.document));
        self.datasets.extend(entries.iter().map(|e| (e.document, e.dataset)));
    }

    /// Adds a finding, its sentence said from its numbers and `reason`.
    fn say(&mut self, mut finding: Finding, reason: &Reason) {
        finding.message = phrase::sentence(&finding, reason);
        self.list.push(finding);
    }
}

/// What every rule of the policy says, in the file's order, and then what `[evidence]` says.
pub(super) fn judge(view: &View<'_>) -> Vec<Finding> {
    let mut out = Findings::default();
    let mut asked = false;
    for rule in &view.policy.rules {
        match asks(view, rule) {
            Ok(true) => {
                asked = true;
                match &rule.kind {
                    RuleKind::Threshold(threshold) => threshold::judge(view, rule, threshold, &mut out),
                    RuleKind::Comparison(comparison) => comparison::judge(view, rule, comparison, &mut out),
                    RuleKind::Disparity(disparity) => disparity::judge(view, rule, disparity, &mut out),
                    RuleKind::Check(check) => check::judge(view, rule, check, &mut out),
                }
            }
            Ok(false) => out.say(blank(view, rule, Status::Skipped), &Reason::Condition(condition(rule))),
            Err(why) => {
                asked = true;
                out.say(blank(view, rule, Status::Error), &Reason::BadCondition(condition(rule), why));
            }
        }
    }
    recomputed::judge(view, &mut out);
    requirements::judge(view, asked, &mut out);
    out.list
}

fn condition(rule: &Rule) -> String {
    rule.when.as_ref().map(|w| w.text().to_owned()).unwrap_or_default()
}

/// Whether the rule is asked at all.
fn asks(view: &View<'_>, rule: &Rule) -> Result<bool, String> {
    match (&rule.when, view.variables) {
        (None, _) => Ok(true),
        (Some(when), Some(variables)) => when.holds(variables),
        (Some(_), None) => Err("there is nothing to read it against".to_owned()),
    }
}

/// A finding of `rule` with nothing known yet.
fn blank(view: &View<'_>, rule: &Rule, status: Status) -> Finding {
    let metric = match &rule.kind {
        RuleKind::Threshold(threshold) => threshold.target.metric.clone(),
        RuleKind::Comparison(comparison) => comparison.target.metric.clone(),
        RuleKind::Disparity(disparity) => disparity.metric.clone(),
        RuleKind::Check(check) => check.pattern.as_str().to_owned(),
    };
    Finding { severity: rule.severity, metric: Some(metric), ..Finding::new(&view.policy.name, &rule.id, status) }
}

/// The digests of documents, each once and in order.
fn digests(view: &View<'_>, documents: impl IntoIterator<Item = usize>) -> Vec<Digest> {
    let digest = |at| view.index.document(at).map(|d| d.evidence().digest);
    let mut list: Vec<Digest> = documents.into_iter().filter_map(digest).collect();
    list.sort_unstable();
    list.dedup();
    list
}
