//! Compares a metric with that of the champion or the reference: paired if both predicted the same
//! rows, otherwise from the bounds of each. The bound of the difference decides.

mod weighed;

use super::{
    Findings, View, blank, choose, digests, groups, hint::Hint, select, threshold,
    threshold::Ruling,
};
use crate::{
    model::{
        Against, Op, Range, Required, Severity, Slice, Status, metric::Better, number::round12,
    },
    policy::{
        judged::{Judged, Numbers, Versus},
        phrase::{Compared, Reason},
        schema::{ComparisonRule, FirstRelease, Limit, Margin, Rule},
    },
};
use std::borrow::Cow;
use weighed::{Difference, Problem};

/// Evaluates the rule: one finding for each slice and margin.
pub(super) fn judge<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    comparison: &'a ComparisonRule,
    out: &mut Findings<'a>,
) {
    let baseline = match comparison.against {
        Against::Champion => view.champion,
        Against::Reference => view.reference,
    };
    let Some(index) = baseline else {
        first_release(view, rule, comparison, out);
        return;
    };
    let baseline = View { index, ..*view };
    if comparison.slices.is_empty() {
        let of = Cow::Borrowed(&comparison.target.selector.slice);
        slice(view, &baseline, rule, comparison, of, out);
    }
    for key in &comparison.slices {
        groups::each(view, rule, &comparison.target, key, out, |group, out| {
            slice(view, &baseline, rule, comparison, Cow::Owned(group), out);
        });
    }
}

/// The finding if there is no baseline; its status depends on the rule's `first_release`.
fn first_release<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    comparison: &'a ComparisonRule,
    out: &mut Findings<'a>,
) {
    let status = match comparison.first_release {
        FirstRelease::Review | FirstRelease::Allow => Status::Skipped,
        FirstRelease::Deny => Status::Missing,
    };
    let versus =
        |value, baseline| Some(Box::new(Versus { against: comparison.against, value, baseline }));
    let finding = Judged {
        versus: versus(None, None),
        unit: comparison.target.unit,
        quantile: comparison.target.selector.quantile,
        slice: Cow::Borrowed(&comparison.target.selector.slice),
        ..blank(view, rule, status)
    };
    out.say(finding, Reason::FirstRelease(comparison.first_release));
}

/// A margin as a limit of `value − factor · baseline`.
fn limit(margin: Margin, better: Better) -> (Limit, f64) {
    let (op, sign) = match better {
        Better::Higher => (Op::AtLeast, 1.0),
        Better::Lower => (Op::AtMost, -1.0),
    };
    match margin {
        Margin::Loss(most) => (Limit { op, value: 0.0 - sign * most }, 1.0),
        Margin::Gain(least) => (Limit { op, value: sign * least }, 1.0),
        Margin::LossRatio(share) => (Limit { op, value: 0.0 }, round12(1.0 - sign * share)),
    }
}

fn slice<'a>(
    view: &View<'a>,
    baseline: &View<'a>,
    rule: &'a Rule,
    comparison: &'a ComparisonRule,
    slice: Cow<'a, Slice>,
    out: &mut Findings<'a>,
) {
    let target = &comparison.target;
    let entries = select::of_slice(view, target, &slice);
    let theirs = select::of_slice(baseline, target, &slice);
    out.note(&entries);
    let mut evidence = digests(view, entries.iter().map(|e| e.document)).into_owned();
    evidence.extend_from_slice(&digests(baseline, theirs.iter().map(|e| e.document)));
    evidence.sort_unstable();
    evidence.dedup();
    let versus =
        |value, baseline| Some(Box::new(Versus { against: comparison.against, value, baseline }));
    let finding = |limit: Limit, status| Judged {
        slice: slice.clone(),
        unit: target.unit,
        quantile: target.selector.quantile,
        evidence: Cow::Owned(evidence.clone()),
        required: Some(Required { op: limit.op, value: limit.value }),
        ..blank(view, rule, status)
    };
    for margin in &comparison.margins {
        let (limit, factor) = limit(*margin, comparison.better);
        let pairs = (choose::one(view, target, &entries), choose::one(baseline, target, &theirs));
        let difference = match pairs {
            (Err(places), _) | (_, Err(places)) => Err(Problem::Conflict(places)),
            (Ok(ours), Ok(theirs)) => {
                weighed::difference(view, baseline, comparison, &slice, factor, ours, theirs)
            }
        };
        match difference {
            Ok(difference) => {
                let ruling = hold(view, comparison, limit, *margin, &difference);
                let finding = Judged {
                    severity: ruling.severity.unwrap_or(rule.severity),
                    numbers: Numbers { method: difference.method, ..difference.weighed.numbers() },
                    versus: versus(difference.value, difference.baseline),
                    tries: difference.judging.tries,
                    samples_needed: ruling.hint.samples_needed,
                    allowed_failures: ruling.hint.allowed_failures,
                    ..finding(limit, ruling.status)
                };
                out.say(finding, ruling.reason);
            }
            Err(problem) => {
                let (status, reason) = problem.said(view, comparison, &slice);
                let finding = Judged { versus: versus(None, None), ..finding(limit, status) };
                out.say(finding, reason);
            }
        }
    }
}

/// The reason why a bare margin does not fit the metric, if so: no proportion can lose more than 1,
/// so a margin of 2 was meant in percent.
fn misread(comparison: &ComparisonRule, margin: Margin) -> Option<String> {
    let target = &comparison.target;
    let fraction = target.unit.is_none() && Range::of(&target.metric) == Some(Range::Fraction);
    let (Margin::Loss(size) | Margin::Gain(size)) = margin else { return None };
    (fraction && size > 1.0).then(|| {
        format!(
            "the margin {size} is none of a number from 0 to 1; write {}, or \"{size}%\"",
            round12(size / 100.0)
        )
    })
}

fn hold(
    view: &View<'_>,
    comparison: &ComparisonRule,
    limit: Limit,
    margin: Margin,
    difference: &Difference,
) -> Ruling {
    let weighed = &difference.weighed;
    let (status, reason) = match misread(comparison, margin) {
        Some(why) => (Status::Error, Reason::Wrong(why)),
        None => threshold::answer(weighed, limit),
    };
    let reason = match reason {
        Reason::Bound | Reason::PointEstimate => {
            Reason::Compared(Compared { margin, paired: difference.paired })
        }
        other => other,
    };
    let mut ruling = Ruling { status, severity: None, hint: Hint::default(), reason };
    let least = comparison.min_samples.unwrap_or(0);
    let decides = matches!(status, Status::Pass | Status::Fail | Status::Inconclusive);
    if decides && weighed.n.unwrap_or(0) < least {
        ruling.status = Status::Inconclusive;
        ruling.reason = Reason::TooFew { least, clears: status == Status::Pass };
    }
    if ruling.status == Status::Inconclusive {
        ruling.hint =
            Hint::by_width(&difference.judging, limit, weighed).shown(&difference.judging);
        let enough = weighed.method.bounds() && weighed.n.is_some_and(|n| n >= least.max(1));
        if view.policy.statistics.inconclusive_warns && enough {
            ruling.severity = Some(Severity::Warn);
        }
    }
    ruling
}
