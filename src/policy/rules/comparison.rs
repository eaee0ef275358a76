//! Compares a metric with that of the champion or the reference: paired if both predicted the same
//! rows, otherwise from the bounds of each. The bound of the difference decides.

mod weighed;

use super::{Findings, View, blank, choose, digests, groups, hint, select, threshold};
use crate::{
    model::{
        Against, Finding, Op, Range, Required, Severity, Slice, Status, metric::Better,
        number::round12,
    },
    policy::{
        phrase::{Compared, Reason},
        schema::{ComparisonRule, FirstRelease, Limit, Margin, Rule},
    },
};
use weighed::{Difference, Problem};

/// Evaluates the rule: one finding for each slice and margin.
pub(super) fn judge<'a>(
    view: &View<'a>,
    rule: &Rule,
    comparison: &ComparisonRule,
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
        slice(view, &baseline, rule, comparison, &comparison.target.selector.slice, out);
    }
    for key in &comparison.slices {
        groups::each(view, rule, &comparison.target, key, out, |group, out| {
            slice(view, &baseline, rule, comparison, group, out);
        });
    }
}

/// The finding if there is no baseline; its status depends on the rule's `first_release`.
fn first_release<'a>(
    view: &View<'a>,
    rule: &Rule,
    comparison: &ComparisonRule,
    out: &mut Findings<'a>,
) {
    let status = match comparison.first_release {
        FirstRelease::Review | FirstRelease::Allow => Status::Skipped,
        FirstRelease::Deny => Status::Missing,
    };
    let finding = Finding {
        against: Some(comparison.against),
        unit: comparison.target.unit,
        quantile: comparison.target.selector.quantile,
        slice: comparison.target.selector.slice.clone(),
        ..blank(view, rule, status)
    };
    out.say(finding, &Reason::FirstRelease(comparison.first_release));
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
    rule: &Rule,
    comparison: &ComparisonRule,
    slice: &Slice,
    out: &mut Findings<'a>,
) {
    let target = &comparison.target;
    let entries = select::of_slice(view, target, slice);
    let theirs = select::of_slice(baseline, target, slice);
    out.note(&entries);
    let mut evidence = digests(view, entries.iter().map(|e| e.document));
    evidence.extend(digests(baseline, theirs.iter().map(|e| e.document)));
    evidence.sort_unstable();
    evidence.dedup();
    let blank = Finding {
        against: Some(comparison.against),
        slice: slice.clone(),
        unit: target.unit,
        quantile: target.selector.quantile,
        evidence,
        ..blank(view, rule, Status::Missing)
    };
    for margin in &comparison.margins {
        let (limit, factor) = limit(*margin, comparison.better);
        let blank = Finding {
            required: Some(Required { op: limit.op, value: limit.value }),
            ..blank.clone()
        };
        let pairs = (choose::one(view, target, &entries), choose::one(baseline, target, &theirs));
        let difference = match pairs {
            (Err(places), _) | (_, Err(places)) => Err(Problem::Conflict(places)),
            (Ok(ours), Ok(theirs)) => {
                weighed::difference(view, baseline, comparison, slice, factor, ours, theirs)
            }
        };
        match difference {
            Ok(difference) => {
                let (finding, reason) = hold(view, comparison, blank, limit, *margin, &difference);
                out.say(finding, &reason);
            }
            Err(problem) => {
                let (status, reason) = problem.said(view, comparison, slice);
                out.say(Finding { status, ..blank }, &reason);
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
    blank: Finding,
    limit: Limit,
    margin: Margin,
    difference: &Difference,
) -> (Finding, Reason) {
    let weighed = &difference.weighed;
    let mut finding = Finding {
        status: Status::Inconclusive,
        value: difference.value,
        baseline: difference.baseline,
        tries: difference.judging.tries,
        method: difference.method.clone(),
        ..threshold::with_numbers(blank, weighed)
    };
    let (status, reason) = match misread(comparison, margin) {
        Some(why) => (Status::Error, Reason::Wrong(why)),
        None => threshold::answer(weighed, limit),
    };
    finding.status = status;
    let mut reason = match reason {
        Reason::Bound | Reason::PointEstimate => {
            Reason::Compared(Compared { margin, paired: difference.paired })
        }
        other => other,
    };
    let least = comparison.min_samples.unwrap_or(0);
    let decides = matches!(status, Status::Pass | Status::Fail | Status::Inconclusive);
    if decides && weighed.n.unwrap_or(0) < least {
        finding.status = Status::Inconclusive;
        reason = Reason::TooFew { least, clears: status == Status::Pass };
    }
    if finding.status == Status::Inconclusive {
        hint::by_width(&difference.judging, &mut finding, limit);
        hint::hide(&difference.judging, &mut finding);
        let enough = weighed.method.bounds() && weighed.n.is_some_and(|n| n >= least.max(1));
        if view.policy.statistics.inconclusive_warns && enough {
            finding.severity = Severity::Warn;
        }
    }
    (finding, reason)
}
