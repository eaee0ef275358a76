//! A metric held against its limits. A bound decides, not the point estimate: `pass` when the bound clears the
//! limit, `fail` when the opposite bound breaks it, else `inconclusive`.

use super::{
    Findings, View, blank, digests, groups, select,
    weigh::{Method, Weighed, weigh},
};
use crate::{
    model::{Finding, Measurement, Op, Required, Severity, Slice, Status, number::round12},
    policy::{
        evaluate::index::Entry,
        phrase::{Place, Reason},
        schema::{Limit, Rule, Threshold},
    },
    stats::sample_size::{Side, allowed_failures, total_needed},
};

/// The probability with which `samples_needed` settles the question at the observed rate.
const POWER: f64 = 0.8;

/// What the rule says: one finding for each slice and limit.
pub(super) fn judge<'a>(view: &View<'a>, rule: &Rule, threshold: &Threshold, out: &mut Findings<'a>) {
    if threshold.slices.is_empty() {
        slice(view, rule, threshold, &threshold.selector.slice, out);
    } else {
        groups::judge(view, rule, threshold, out);
    }
}

/// What the rule says of one slice.
pub(super) fn slice<'a>(
    view: &View<'a>,
    rule: &Rule,
    threshold: &Threshold,
    slice: &Slice,
    out: &mut Findings<'a>,
) {
    let entries = select::of_slice(view.index, threshold, slice);
    out.read.extend(entries.iter().map(|e| e.document));
    out.datasets.extend(entries.iter().map(|e| (e.document, e.dataset)));
    let finding = Finding {
        slice: slice.clone(),
        unit: threshold.unit,
        quantile: threshold.selector.quantile,
        evidence: digests(view, entries.iter().map(|e| e.document)),
        ..blank(view, rule, Status::Missing)
    };
    let chosen = match choose(view, threshold, &entries) {
        Ok(chosen) => chosen,
        Err(places) => {
            let reason = Reason::Conflict(places);
            each_limit(threshold, |l| out.say(with_limit(&finding, l, Status::Error), &reason));
            return;
        }
    };
    let Some(measurement) = chosen else {
        let reason = Reason::NoMeasurement(select::near(view.index, threshold, slice));
        each_limit(threshold, |l| out.say(with_limit(&finding, l, Status::Missing), &reason));
        return;
    };
    let weighed = weigh(threshold, &view.policy.statistics, measurement);
    let numbers = with_numbers(finding, &weighed);
    for limit in &threshold.limits {
        let (finding, reason) = hold(view, threshold, &numbers, *limit, &weighed);
        out.say(finding, &reason);
    }
}

fn each_limit(threshold: &Threshold, mut then: impl FnMut(Limit)) {
    threshold.limits.iter().for_each(|l| then(*l));
}

fn with_limit(finding: &Finding, limit: Limit, status: Status) -> Finding {
    Finding { status, required: Some(Required { op: limit.op, value: limit.value }), ..finding.clone() }
}

fn with_numbers(finding: Finding, weighed: &Weighed) -> Finding {
    Finding {
        observed: weighed.observed,
        lower: weighed.lower,
        upper: weighed.upper,
        n: weighed.n,
        trials: weighed.trials,
        successes: weighed.successes,
        confidence: weighed.confidence,
        method: match &weighed.method {
            Method::Exact => Some("clopper-pearson".to_owned()),
            Method::Claimed(method) => Some(format!("claimed:{method}")),
            Method::PointEstimate => Some("point-estimate".to_owned()),
            _ => None,
        },
        ..finding
    }
}

/// The one measurement to judge. Several with one value are one; the one that tells most decides.
///
/// # Errors
/// Every place, when values or counts differ.
fn choose<'a>(view: &View<'_>, threshold: &Threshold, entries: &[Entry<'a>]) -> Result<Option<&'a Measurement>, Vec<Place>> {
    let Some(first) = entries.first() else { return Ok(None) };
    let value = |m: &Measurement| match (m.value, m.unit, threshold.unit) {
        (Some(value), Some(from), Some(to)) => from.convert(value, to).or(Some(value)),
        (value, ..) => value,
    };
    let same = |a: &Measurement, b: &Measurement| {
        let agree = |x: Option<u64>, y: Option<u64>| x.zip(y).is_none_or(|(x, y)| x == y);
        value(a).map(round12) == value(b).map(round12)
            && agree(a.known_trials(), b.known_trials())
            && agree(a.successes, b.successes)
    };
    let all_same = entries.iter().enumerate().all(|(i, a)| {
        entries.iter().skip(i + 1).all(|b| same(a.measurement, b.measurement))
    });
    if !all_same {
        let place = |e: &Entry<'_>| Place {
            digest: view.index.document(e.document).map(|d| d.evidence().digest),
            source_name: e.measurement.source_name.clone(),
            value: e.measurement.value,
            trials: e.measurement.known_trials(),
        };
        return Err(entries.iter().map(place).collect());
    }
    let tells = |m: &Measurement| (m.known_trials().is_some(), m.successes.is_some(), !m.intervals.is_empty(), m.n.is_some());
    let best = entries.iter().map(|e| e.measurement).reduce(|a, b| if tells(b) > tells(a) { b } else { a });
    Ok(best.or(Some(first.measurement)))
}

/// Holds the numbers against one limit.
fn hold(view: &View<'_>, threshold: &Threshold, finding: &Finding, limit: Limit, weighed: &Weighed) -> (Finding, Reason) {
    let mut finding = with_limit(finding, limit, Status::Inconclusive);
    let (status, mut reason) = answer(weighed, limit);
    finding.status = status;
    let size = weighed.trials.or(weighed.n);
    let least = threshold.min_samples.unwrap_or(0);
    let decides = matches!(status, Status::Pass | Status::Fail | Status::Inconclusive);
    if decides && size.unwrap_or(0) < least && !matches!(weighed.method, Method::NoValue | Method::NoSamples) {
        finding.status = Status::Inconclusive;
        reason = Reason::TooFew { least, clears: status == Status::Pass };
    }
    if finding.status == Status::Inconclusive {
        hint(view, threshold, &mut finding, limit, weighed);
        // A value that is undefined, or that contradicts its own counts, is not merely uncertain.
        let uncertain = matches!(weighed.method, Method::Exact | Method::Claimed(_));
        let enough = uncertain && weighed.trials.is_some_and(|t| t >= least.max(1));
        if view.policy.statistics.inconclusive_warns && enough {
            finding.severity = Severity::Warn;
        }
    }
    (finding, reason)
}

fn answer(weighed: &Weighed, limit: Limit) -> (Status, Reason) {
    let unsettled = |reason| (Status::Inconclusive, reason);
    match &weighed.method {
        Method::Exact | Method::Claimed(_) => (bound(weighed, limit), Reason::Bound),
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
    }
}

/// The answer that the bounds give.
fn bound(weighed: &Weighed, limit: Limit) -> Status {
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

fn meets(x: f64, limit: Limit) -> bool {
    match limit.op {
        Op::AtLeast => x >= limit.value,
        Op::AtMost => x <= limit.value,
    }
}

/// How many further samples would settle it, and how many failures they may hold in all.
fn hint(view: &View<'_>, threshold: &Threshold, finding: &mut Finding, limit: Limit, weighed: &Weighed) {
    let (Method::Exact, Some(rate), Some(trials)) = (&weighed.method, weighed.observed, weighed.trials) else { return };
    let side = match limit.op {
        Op::AtLeast => Side::AtLeast,
        Op::AtMost => Side::AtMost,
    };
    let alpha = round12(1.0 - view.policy.statistics.confidence);
    let clears = bound(weighed, limit) == Status::Pass;
    // What clears already only lacks samples.
    let by_rate = if clears { Some(trials) } else { total_needed(rate, limit.value, side, alpha, POWER) };
    let Some(total) = by_rate.map(|t| t.max(threshold.min_samples.unwrap_or(0)).max(trials.saturating_add(1))) else {
        return;
    };
    finding.samples_needed = Some(total - trials);
    finding.allowed_failures = allowed_failures(total, limit.value, side, alpha);
}
