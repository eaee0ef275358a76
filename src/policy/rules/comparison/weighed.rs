//! The difference between a candidate and a baseline, with its bounds.

use super::super::{
    View,
    choose::{self, Chosen},
    judging::{Judging, judging},
    select,
    weigh::{Method, Weighed, one_sided, strong, two_scales, weigh},
};
use super::{ComparisonRule, phrase::Why};
use crate::{
    model::{Comparison, Interval, Slice, Status, Unit, number::round12},
    policy::phrase::{Place, Reason},
    stats::{
        Bounds, meld,
        paired::{shares, tango},
        score::wilson,
        two_proportions::{mover, newcombe_difference},
    },
};
use std::borrow::Cow;

/// `value − factor · baseline`, and the method of its bounds.
pub(super) struct Difference {
    /// The difference, as the number to evaluate.
    pub(super) weighed: Weighed,
    /// The candidate's value.
    pub(super) value: Option<f64>,
    /// The baseline's value.
    pub(super) baseline: Option<f64>,
    /// The name of the method.
    pub(super) method: Option<Cow<'static, str>>,
    /// Whether both artifacts predicted the same rows.
    pub(super) paired: bool,
    pub(super) judging: Judging,
}

/// The reason why there is no difference to evaluate.
pub(super) enum Problem {
    /// Values contradict each other.
    Conflict(Vec<Place>),
    /// The candidate has no measurement of this kind.
    NoValue,
    /// The baseline has no measurement of this kind.
    NoBaseline,
    /// One of the two sides cannot be evaluated.
    Unweighed { baseline: bool, method: Method },
}

impl Problem {
    /// The status and reason of the finding.
    pub(super) fn said(
        self,
        view: &View<'_>,
        rule: &ComparisonRule,
        slice: &Slice,
    ) -> (Status, Reason) {
        match self {
            Self::Conflict(places) => (Status::Error, Reason::Conflict(places)),
            Self::NoValue => {
                (Status::Missing, Reason::NoMeasurement(select::near(view, &rule.target, slice)))
            }
            Self::NoBaseline => (Status::Missing, Reason::own(Why::NoBaseline)),
            Self::Unweighed { baseline, method } => {
                let status = if matches!(method, Method::Wrong(_)) {
                    Status::Error
                } else {
                    Status::Inconclusive
                };
                (status, Reason::own(Why::Unweighed { baseline, why: why(&method) }))
            }
        }
    }
}

/// The reason why nothing on one side can decide, as text.
fn why(method: &Method) -> String {
    match method {
        Method::NoValue => "the tool wrote no number".to_owned(),
        Method::NoSamples => "it stands on no samples at all".to_owned(),
        Method::NoTrials => "of how many trials it is not known".to_owned(),
        Method::NoCount => "no whole number of successes gives this value".to_owned(),
        Method::Weak(confidence) => {
            format!("its interval holds at {}% confidence only", round12(confidence * 100.0))
        }
        Method::Wrong(why) | Method::Unbounded(why) => why.clone(),
        Method::FewEvents { method, events, least } => {
            format!(
                "it rests on {events} events, fewer than the {least} that bounds by {method} need"
            )
        }
        _ => "it is a single number without a bound".to_owned(),
    }
}

/// The difference on one slice.
pub(super) fn difference(
    view: &View<'_>,
    baseline: &View<'_>,
    rule: &ComparisonRule,
    slice: &Slice,
    factor: f64,
    ours: Option<Chosen<'_>>,
    theirs: Option<Chosen<'_>>,
) -> Result<Difference, Problem> {
    if let Some(paired) = paired(view, rule, slice, factor) {
        return Ok(paired);
    }
    let ours = ours.ok_or(Problem::NoValue)?;
    let theirs = theirs.ok_or(Problem::NoBaseline)?;
    let judging = judging(view, ours.document, ours.dataset);
    let weigh_one = |view: &View<'_>, chosen: &Chosen<'_>| {
        weigh(&rule.target, &judging, &chosen.measurement, choose::computed(view, chosen.document))
    };
    let (a, b) = (weigh_one(view, &ours), weigh_one(baseline, &theirs));
    for (side, is_baseline) in [(&a, false), (&b, true)] {
        if !side.method.bounds() && side.method != Method::PointEstimate {
            return Err(Problem::Unweighed { baseline: is_baseline, method: side.method.clone() });
        }
    }
    if let Some(why) = two_scales(&rule.target, &a, &b) {
        return Err(Problem::Unweighed { baseline: false, method: Method::Wrong(why) });
    }
    Ok(unpaired(&a, &b, factor, judging, rule.target.unit == Some(Unit::Percent)))
}

/// From the bounds of each side: Newcombe (1998) for counts, otherwise Zou and Donner (2008).
/// Counts give fractions; a percentage is a hundred times the fraction.
fn unpaired(a: &Weighed, b: &Weighed, factor: f64, judging: Judging, percent: bool) -> Difference {
    let point = a.observed.zip(b.observed).map(|(a, b)| round12(a - factor * b));
    let in_unit = |(lower, upper): (f64, f64)| {
        if percent { (lower * 100.0, upper * 100.0) } else { (lower, upper) }
    };
    let (bounds, method) = match (&a.method, &b.method) {
        (Method::Counts(_), Method::Counts(_)) if !judging.trusting => {
            (melded(a, b, factor, judging.alpha).map(in_unit), "melded")
        }
        (Method::Counts(_), Method::Counts(_)) if factor.to_bits() == 1.0_f64.to_bits() => {
            (newcombe(a, b, judging.alpha).map(in_unit), "newcombe")
        }
        (Method::Counts(_), Method::Counts(_)) => {
            (of_scores(a, b, factor, judging.alpha).map(in_unit), "mover-wilson")
        }
        (x, y) if x.bounds() && y.bounds() => (of_bounds(a, b, factor), "mover"),
        _ => (None, "point-estimate"),
    };
    let end = |x: f64| Some(round12(x)).filter(|x| x.is_finite());
    let mut weighed = Weighed {
        observed: point,
        lower: bounds.and_then(|(lower, _)| end(lower)),
        upper: bounds.and_then(|(_, upper)| end(upper)),
        n: a.trials.or(a.n).zip(b.trials.or(b.n)).map(|(a, b)| a.min(b)),
        range: a.range,
        events: a.events.zip(b.events).map(|(a, b)| a.min(b)),
        confidence: bounds.map(|_| judging.confidence),
        method: if bounds.is_some() {
            Method::Computed(Cow::Borrowed(method))
        } else {
            Method::PointEstimate
        },
        ..Weighed::default()
    };
    weighed.settle(&judging);
    let method = weighed.method.word();
    Difference { weighed, value: a.observed, baseline: b.observed, method, paired: false, judging }
}

/// Newcombe's bounds at the worst counts that are consistent with the values.
fn newcombe(a: &Weighed, b: &Weighed, alpha: f64) -> Option<(f64, f64)> {
    let ((a_least, a_most), (b_least, b_most)) = a.counts.zip(b.counts)?;
    let (n, m) = a.trials.zip(b.trials)?;
    let lower = newcombe_difference(a_least, n, b_most, m, alpha)?.lower;
    let upper = newcombe_difference(a_most, n, b_least, m, alpha)?.upper;
    Some((lower, upper))
}

/// Bounds from the exact bounds of each side (Fay, Proschan and Brittain 2015), at the worst counts
/// that are consistent with the values.
fn melded(a: &Weighed, b: &Weighed, factor: f64, alpha: f64) -> Option<(f64, f64)> {
    let ((a_least, a_most), (b_least, b_most)) = a.counts.zip(b.counts)?;
    let (n, m) = a.trials.zip(b.trials)?;
    let lower = meld::difference((a_least, n), (b_most, m), factor, alpha)?.lower;
    let upper = meld::difference((a_most, n), (b_least, m), factor, alpha)?.upper;
    Some((lower, upper))
}

fn of_scores(a: &Weighed, b: &Weighed, factor: f64, alpha: f64) -> Option<(f64, f64)> {
    let ((a_least, a_most), (b_least, b_most)) = a.counts.zip(b.counts)?;
    let (n, m) = a.trials.zip(b.trials)?;
    let lower = mover(wilson(a_least, n, alpha)?, wilson(b_most, m, alpha)?, factor).lower;
    let upper = mover(wilson(a_most, n, alpha)?, wilson(b_least, m, alpha)?, factor).upper;
    Some((lower, upper))
}

fn of_bounds(a: &Weighed, b: &Weighed, factor: f64) -> Option<(f64, f64)> {
    let bounds = |w: &Weighed| {
        Some(Bounds {
            estimate: w.observed?,
            lower: w.lower.unwrap_or(f64::NEG_INFINITY),
            upper: w.upper.unwrap_or(f64::INFINITY),
        })
    };
    let difference = mover(bounds(a)?, bounds(b)?, factor);
    Some((difference.lower, difference.upper))
}

/// The bounds of the difference of two shares, from the four counts of pairs and the error.
type OfPairs = fn(u64, u64, u64, u64, f64) -> Option<Bounds>;

/// The paired difference, if modelgate computed it on the rows that both artifacts predicted.
fn paired(
    view: &View<'_>,
    rule: &ComparisonRule,
    slice: &Slice,
    factor: f64,
) -> Option<Difference> {
    let same_quantile = |c: &Comparison| match (c.quantile, rule.target.selector.quantile) {
        (None, None) => true,
        (Some(a), Some(b)) => select::alike(a, b),
        _ => false,
    };
    let fits = |c: &Comparison| {
        c.against == rule.against
            && round12(c.factor).to_bits() == factor.to_bits()
            && same_quantile(c)
    };
    let mut best: Option<Difference> = None;
    for (at, comparison) in view.index.comparisons(&rule.target.metric, slice) {
        let ours = view.index.document(*at).filter(|document| select::ours(view, document));
        let Some(document) = ours.filter(|_| fits(comparison)) else { continue };
        let found = one(comparison, rule, judging(view, *at, document.dataset));
        if found.weighed.method.bounds() || best.is_none() {
            best = Some(found);
        }
    }
    // A pairing that has no bound is not replaced by two separate bounds where it says why.
    best.filter(|d| {
        let why = matches!(d.weighed.method, Method::Unbounded(_) | Method::FewEvents { .. });
        d.weighed.method.bounds() || why
    })
}

fn one(comparison: &Comparison, rule: &ComparisonRule, judging: Judging) -> Difference {
    let convert = |x: f64| match (comparison.unit, rule.target.unit) {
        (Some(from), Some(to)) => from.convert(x, to).unwrap_or(x),
        _ => x,
    };
    let (value, baseline) = (comparison.value.map(convert), comparison.baseline.map(convert));
    let observed = value.zip(baseline).map(|(a, b)| round12(a - comparison.factor * b));
    let trials = comparison.pairs.map(|p| p.both + p.candidate_only + p.baseline_only + p.neither);
    let events = comparison.events.or(trials);
    let mut weighed = Weighed { observed, n: Some(comparison.n), events, ..Weighed::default() };
    let exact = comparison.pairs.filter(|_| comparison.factor.to_bits() == 1.0_f64.to_bits());
    let (of_pairs, method): (OfPairs, _) =
        if judging.trusting { (tango, "tango") } else { (shares, "gaffke-paired") };
    let bounds = exact.and_then(|p| {
        of_pairs(p.both, p.candidate_only, p.baseline_only, p.neither, judging.alpha)
    });
    if let Some(bounds) = bounds {
        (weighed.lower, weighed.upper) = (Some(round12(bounds.lower)), Some(round12(bounds.upper)));
        weighed.confidence = Some(judging.confidence);
        weighed.method = Method::Computed(Cow::Borrowed(method));
    } else if let Some(interval) = enough(&comparison.bounds, &judging) {
        let end = |x: Option<f64>| x.filter(|x| x.is_finite()).map(convert);
        (weighed.lower, weighed.upper) = (end(interval.lower), end(interval.upper));
        weighed.confidence = one_sided(interval);
        weighed.method = Method::Computed(Cow::Owned(interval.method.clone()));
    } else {
        let why = comparison.no_bound.clone().filter(|_| !judging.trusting);
        weighed.method = why.map_or(Method::NoBound, Method::Unbounded);
    }
    weighed.settle(&judging);
    let method = weighed.method.word();
    Difference { weighed, value, baseline, method, paired: true, judging }
}

/// The interval with the lowest confidence that is still sufficient.
fn enough<'i>(list: &'i [Interval], judging: &Judging) -> Option<&'i Interval> {
    let confidence = |i: &&Interval| one_sided(i).unwrap_or(1.0);
    let fits = |i: &&Interval| one_sided(i).is_some_and(|c| strong(c, judging));
    list.iter().filter(fits).min_by(|a, b| confidence(a).total_cmp(&confidence(b)))
}
