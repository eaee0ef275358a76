//! The kinds of rules, one file each; only [`KINDS`] lists them all.

mod bound;
mod check;
mod choose;
mod comparison;
mod disparity;
mod groups;
mod hint;
mod judging;
mod reader;
mod recomputed;
mod requirements;
mod select;
mod threshold;
mod weigh;

use super::{
    budget,
    condition::LARGEST_CONTEXT,
    index::Index,
    judged::Judged,
    phrase::{self, Reason},
    schema::{Findings, Kind, Limits, Needs, Rule, View, as_kind, kind},
};
use crate::model::{Digest, Status};
use std::{borrow::Cow, slice};

pub(super) use reader::Reader;
#[cfg(test)]
pub(super) use threshold::Threshold;

/// Every kind of rule. A later kind is more specific than an earlier one with the same subject.
pub(super) const KINDS: [Reader; 4] =
    [check::READER, threshold::READER, comparison::READER, disparity::READER];

/// The subject of most kinds, and how to write it.
const METRIC_SUBJECT: &str = "metric";
const METRIC_EXAMPLE: &str = "`metric = \"accuracy\"` and a limit";

/// The rule id of the finding on a policy that exceeds its budget.
const OVER_BUDGET: &str = "evidence.budget";

/// Adds the findings of every rule in the policy, in the order of the file, then those of
/// `[evidence]`, to `list`. Rules stop when the list has `most` findings. A policy that exceeds its
/// budget is in error, and so is one whose rules reach `most`.
pub(super) fn judge<'a>(
    view: &View<'a>,
    list: Vec<(Judged<'a>, Reason)>,
    most: usize,
) -> Vec<(Judged<'a>, Reason)> {
    let first = view.case.is_first();
    let mut out =
        Findings { list, full: if first { usize::MAX } else { most }, ..Findings::default() };
    let over = |why: String, out: &mut Findings<'a>| {
        out.say(Judged::new(&view.policy.name, OVER_BUDGET, Status::Error), Reason::Said(why));
    };
    if let Some(why) = view.policy.over_budget.as_ref().filter(|_| !first) {
        over(format!("this policy asks for more than is judged: {why}"), &mut out);
        return out.list;
    }
    let mut asked = false;
    out.list.reserve(view.policy.rules.len());
    for rule in &view.policy.rules {
        if out.is_full() {
            break;
        }
        match asks(view, rule) {
            Ok(true) => {
                asked = true;
                rule.kind.judge(view, rule, &mut out);
            }
            Ok(false) => {
                out.say(blank(view, rule, Status::Skipped), Reason::Condition(condition(rule)));
            }
            Err(why) => {
                asked = true;
                out.say(
                    blank(view, rule, Status::Error),
                    Reason::BadCondition(condition(rule), why),
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
#[inline]
fn blank<'a>(view: &View<'a>, rule: &'a Rule, status: Status) -> Judged<'a> {
    Judged {
        severity: rule.severity,
        metric: Some(rule.kind.about()),
        ..Judged::new(&view.policy.name, &rule.id, status)
    }
}

/// The digests of documents, without duplicates, in order.
fn digests<'a>(view: &View<'a>, documents: impl IntoIterator<Item = usize>) -> Cow<'a, [Digest]> {
    let index: &'a Index<'a> = view.index;
    let digest = |at| index.document(at).map(|d| &d.evidence().digest);
    let mut documents = documents.into_iter().filter_map(digest);
    let Some(first) = documents.next() else { return Cow::Borrowed(&[]) };
    let Some(second) = documents.find(|digest| *digest != first) else {
        return Cow::Borrowed(slice::from_ref(first));
    };
    let mut list: Vec<Digest> = [first, second].into_iter().chain(documents).copied().collect();
    list.sort_unstable();
    list.dedup();
    Cow::Owned(list)
}
