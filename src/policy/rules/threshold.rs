//! Compares a metric with limits. A bound decides, not the point estimate: `pass` if the bound
//! clears the limit, `fail` if the opposite bound breaks it, otherwise `inconclusive`.

use super::{
    Findings, View, blank, choose, digests, groups,
    hint::Hint,
    judging::{Judging, judging},
    select,
    weigh::{Method, Weighed, misread, weigh},
};
use crate::{
    model::{Op, Required, Severity, Slice, Status},
    policy::{
        judged::Judged,
        phrase::Reason,
        schema::{Limit, Rule, Threshold},
    },
    stats::quantile,
};
use std::borrow::Cow;

/// Evaluates the rule: one finding for each slice and limit.
pub(super) fn judge<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    threshold: &'a Threshold,
    out: &mut Findings<'a>,
) {
    if threshold.slices.is_empty() {
        let of = Cow::Borrowed(&threshold.target.selector.slice);
        slice(view, rule, threshold, of, out);
    }
    for key in &threshold.slices {
        groups::each(view, rule, &threshold.target, key, out, |group, out| {
            slice(view, rule, threshold, Cow::Owned(group), out);
        });
    }
}

/// Evaluates the rule on one slice.
fn slice<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    threshold: &'a Threshold,
    slice: Cow<'a, Slice>,
    out: &mut Findings<'a>,
) {
    let target = &threshold.target;
    let entries = select::of_slice(view, target, &slice);
    out.note(&entries);
    let evidence = digests(view, entries.iter().map(|e| e.document));
    let finding = |limit: &Limit, status| Judged {
        slice: slice.clone(),
        unit: target.unit,
        quantile: target.selector.quantile,
        evidence: evidence.clone(),
        required: Some(Required { op: limit.op, value: limit.value }),
        ..blank(view, rule, status)
    };
    let (status, reason) = match choose::one(view, target, &entries) {
        Ok(Some(chosen)) => {
            let judging = judging(view, chosen.document, chosen.dataset);
            let computed = choose::computed(view, chosen.document);
            let weighed = weigh(target, &judging, &chosen.measurement, computed);
            for limit in &threshold.limits {
                let ruling = hold(view, threshold, &judging, *limit, &weighed);
                let finding = Judged {
                    severity: ruling.severity.unwrap_or(rule.severity),
                    tries: judging.tries,
                    samples_needed: ruling.hint.samples_needed,
                    allowed_failures: ruling.hint.allowed_failures,
                    numbers: weighed.numbers(),
                    ..finding(limit, ruling.status)
                };
                out.say(finding, ruling.reason);
            }
            return;
        }
        Ok(None) => {
            let near = select::near(view, target, &slice);
            (Status::Missing, Reason::NoMeasurement(near))
        }
        Err(places) => (Status::Error, Reason::Conflict(places)),
    };
    for limit in &threshold.limits {
        out.say(finding(limit, status), reason.clone());
    }
}

/// What a limit decides.
pub(super) struct Ruling {
    pub(super) status: Status,
    /// The severity, if it is not that of the rule.
    pub(super) severity: Option<Severity>,
    pub(super) hint: Hint,
    pub(super) reason: Reason,
}

/// Compares the numbers with one limit.
fn hold(
    view: &View<'_>,
    threshold: &Threshold,
    judging: &Judging,
    limit: Limit,
    weighed: &Weighed,
) -> Ruling {
    let (status, reason) = match misread(&threshold.target, weighed, limit) {
        Some(why) => (Status::Error, Reason::Wrong(why)),
        None => answer(weighed, limit),
    };
    let mut ruling = Ruling { status, severity: None, hint: Hint::default(), reason };
    let size = weighed.trials.or(weighed.n);
    let asked = threshold.min_samples.unwrap_or(0);
    let decides = matches!(status, Status::Pass | Status::Fail | Status::Inconclusive);
    let counted = !matches!(weighed.method, Method::NoValue | Method::NoSamples);
    if decides && size.unwrap_or(0) < asked && counted {
        ruling.status = Status::Inconclusive;
        ruling.reason = Reason::TooFew { least: asked, clears: status == Status::Pass };
    }
    if let Some(least) =
        quantile_needs(threshold, judging, weighed, limit).filter(|_| decides && counted)
    {
        ruling.status = Status::Inconclusive;
        let has = weighed.n.or(weighed.trials).unwrap_or(0);
        ruling.hint.samples_needed = Some(least.saturating_sub(has));
        ruling.reason = Reason::QuantileNeeds(least);
    }
    if ruling.status == Status::Inconclusive {
        if ruling.hint.samples_needed.is_none() {
            let unit = threshold.target.unit;
            ruling.hint = Hint::by_rate(judging, threshold.min_samples, unit, limit, weighed);
        }
        ruling.hint = ruling.hint.shown(judging);
        // A value that is undefined, or that contradicts its own counts, is not merely uncertain.
        let enough = weighed.method.bounds() && size.is_some_and(|t| t >= asked.max(1));
        let trials = weighed.trials.is_some() || !matches!(weighed.method, Method::Claimed(_));
        if view.policy.statistics.inconclusive_warns && enough && trials {
            ruling.severity = Some(Severity::Warn);
        }
    }
    ruling
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
