//! Compares a metric with limits. A bound decides, not the point estimate: `pass` if the bound
//! clears the limit, `fail` if the opposite bound breaks it, otherwise `inconclusive`.

use super::{
    Findings, View, blank, choose, digests, groups, hint,
    judging::{Judging, judging},
    select,
    weigh::{Method, Weighed, misread, weigh},
};
use crate::{
    model::{Finding, Op, Required, Severity, Slice, Status},
    policy::{
        phrase::Reason,
        schema::{Limit, Rule, Threshold},
    },
    stats::quantile,
};

/// Evaluates the rule: one finding for each slice and limit.
pub(super) fn judge<'a>(
    view: &View<'a>,
    rule: &Rule,
    threshold: &Threshold,
    out: &mut Findings<'a>,
) {
    if threshold.slices.is_empty() {
        slice(view, rule, threshold, &threshold.target.selector.slice, out);
    }
    for key in &threshold.slices {
        groups::each(view, rule, &threshold.target, key, out, |group, out| {
            slice(view, rule, threshold, group, out);
        });
    }
}

/// Evaluates the rule on one slice.
fn slice<'a>(
    view: &View<'a>,
    rule: &Rule,
    threshold: &Threshold,
    slice: &Slice,
    out: &mut Findings<'a>,
) {
    let target = &threshold.target;
    let entries = select::of_slice(view, target, slice);
    out.note(&entries);
    let finding = Finding {
        slice: slice.clone(),
        unit: target.unit,
        quantile: target.selector.quantile,
        evidence: digests(view, entries.iter().map(|e| e.document)),
        ..blank(view, rule, Status::Missing)
    };
    let chosen = match choose::one(view, target, &entries) {
        Ok(chosen) => chosen,
        Err(places) => {
            let reason = Reason::Conflict(places);
            each_limit(threshold, |l| out.say(with_limit(&finding, l, Status::Error), &reason));
            return;
        }
    };
    let Some(chosen) = chosen else {
        let reason = Reason::NoMeasurement(select::near(view, target, slice));
        each_limit(threshold, |l| out.say(with_limit(&finding, l, Status::Missing), &reason));
        return;
    };
    let judging = judging(view, chosen.document, chosen.dataset);
    let weighed =
        weigh(target, &judging, &chosen.measurement, choose::computed(view, chosen.document));
    let numbers = Finding { tries: judging.tries, ..with_numbers(finding, &weighed) };
    for limit in &threshold.limits {
        let (finding, reason) = hold(view, threshold, &judging, &numbers, *limit, &weighed);
        out.say(finding, &reason);
    }
}

fn each_limit(threshold: &Threshold, mut then: impl FnMut(Limit)) {
    threshold.limits.iter().for_each(|l| then(*l));
}

fn with_limit(finding: &Finding, limit: Limit, status: Status) -> Finding {
    Finding {
        status,
        required: Some(Required { op: limit.op, value: limit.value }),
        ..finding.clone()
    }
}

pub(super) fn with_numbers(finding: Finding, weighed: &Weighed) -> Finding {
    Finding {
        observed: weighed.observed,
        lower: weighed.lower,
        upper: weighed.upper,
        n: weighed.n,
        trials: weighed.trials,
        successes: weighed.successes,
        confidence: weighed.confidence,
        method: weighed.method.word(),
        ..finding
    }
}

/// Compares the numbers with one limit.
fn hold(
    view: &View<'_>,
    threshold: &Threshold,
    judging: &Judging,
    finding: &Finding,
    limit: Limit,
    weighed: &Weighed,
) -> (Finding, Reason) {
    let mut finding = with_limit(finding, limit, Status::Inconclusive);
    let (status, mut reason) = match misread(&threshold.target, weighed, limit) {
        Some(why) => (Status::Error, Reason::Wrong(why)),
        None => answer(weighed, limit),
    };
    finding.status = status;
    let size = weighed.trials.or(weighed.n);
    let asked = threshold.min_samples.unwrap_or(0);
    let decides = matches!(status, Status::Pass | Status::Fail | Status::Inconclusive);
    let counted = !matches!(weighed.method, Method::NoValue | Method::NoSamples);
    if decides && size.unwrap_or(0) < asked && counted {
        finding.status = Status::Inconclusive;
        reason = Reason::TooFew { least: asked, clears: status == Status::Pass };
    }
    if let Some(least) =
        quantile_needs(threshold, judging, weighed, limit).filter(|_| decides && counted)
    {
        finding.status = Status::Inconclusive;
        let has = weighed.n.or(weighed.trials).unwrap_or(0);
        finding.samples_needed = Some(least.saturating_sub(has));
        reason = Reason::QuantileNeeds(least);
    }
    if finding.status == Status::Inconclusive {
        if finding.samples_needed.is_none() {
            hint::fill(judging, threshold.min_samples, &mut finding, limit, weighed);
        }
        hint::hide(judging, &mut finding);
        // A value that is undefined, or that contradicts its own counts, is not merely uncertain.
        let enough = weighed.method.bounds() && size.is_some_and(|t| t >= asked.max(1));
        let trials = weighed.trials.is_some() || !matches!(weighed.method, Method::Claimed(_));
        if view.policy.statistics.inconclusive_warns && enough && trials {
            finding.severity = Severity::Warn;
        }
    }
    (finding, reason)
}

/// The least sample size at which a bound of the quantile exists, if this sample is smaller: 40
/// samples do not bound a p99.
fn quantile_needs(
    threshold: &Threshold,
    judging: &Judging,
    weighed: &Weighed,
    limit: Limit,
) -> Option<u64> {
    let q = threshold.target.selector.quantile?;
    let toward = match limit.op {
        Op::AtMost => q,
        Op::AtLeast => 1.0 - q,
    };
    let least = quantile::least_samples(toward, judging.alpha)?;
    let size = weighed.n.or(weighed.trials)?;
    (size < least).then_some(least)
}

pub(super) fn answer(weighed: &Weighed, limit: Limit) -> (Status, Reason) {
    let unsettled = |reason| (Status::Inconclusive, reason);
    match &weighed.method {
        method if method.bounds() => (bound(weighed, limit), Reason::Bound),
        Method::PointEstimate => match weighed.observed {
            Some(value) if meets(value, limit) => (Status::Pass, Reason::PointEstimate),
            Some(_) => (Status::Fail, Reason::PointEstimate),
            None => unsettled(Reason::NoValue),
        },
        Method::NoValue => unsettled(Reason::NoValue),
        Method::NoSamples => unsettled(Reason::NoSamples),
        Method::NoTrials => unsettled(Reason::NoTrials),
        Method::NoCount => unsettled(Reason::NoCount),
        Method::NoBound => unsettled(Reason::NoBound),
        Method::Weak(confidence) => unsettled(Reason::WeakInterval(*confidence)),
        Method::Wrong(why) => (Status::Error, Reason::Wrong(why.clone())),
        Method::Counts(_) | Method::Computed(_) | Method::OrderStatistics | Method::Claimed(_) => {
            unsettled(Reason::NoBound)
        }
    }
}

/// The status that the bounds give.
pub(super) fn bound(weighed: &Weighed, limit: Limit) -> Status {
    let (clears, breaks) = match limit.op {
        Op::AtLeast => (weighed.lower, weighed.upper.map(|u| u < limit.value)),
        Op::AtMost => (weighed.upper, weighed.lower.map(|l| l > limit.value)),
    };
    if clears.is_some_and(|x| meets(x, limit)) {
        Status::Pass
    } else if breaks == Some(true) {
        Status::Fail
    } else {
        Status::Inconclusive
    }
}

pub(super) fn meets(x: f64, limit: Limit) -> bool {
    match limit.op {
        Op::AtLeast => x >= limit.value,
        Op::AtMost => x <= limit.value,
    }
}
