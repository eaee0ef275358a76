//! What one measurement says, in the rule's unit: its value, and the bounds that may decide.

use crate::{
    model::{Distribution, Interval, Measurement, Metric, Unit, number::round12, unit::Dimension},
    policy::{
        rules::judging::Judging,
        schema::{IntervalMethod, Target},
    },
    stats::{
        proportion::{clopper_pearson_lower, clopper_pearson_upper, counts_of, float},
        quantile, score,
    },
};

/// The numbers of a finding, before they meet a limit.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Weighed {
    pub(super) observed: Option<f64>,
    pub(super) lower: Option<f64>,
    pub(super) upper: Option<f64>,
    pub(super) n: Option<u64>,
    pub(super) trials: Option<u64>,
    pub(super) successes: Option<u64>,
    pub(super) confidence: Option<f64>,
    /// The least and the greatest count that the value may stand for.
    pub(super) counts: Option<(u64, u64)>,
    pub(super) method: Method,
}

/// What may decide, or why nothing may.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Method {
    /// Bounds from counts, exact or not as the method says.
    Counts(IntervalMethod),
    /// An interval that we computed from raw predictions, by its method's name.
    Computed(String),
    /// Order statistics of a whole sample.
    OrderStatistics,
    /// An interval that the document claims, by its method's name.
    Claimed(String),
    /// The bare number.
    PointEstimate,
    /// Nothing: the document wrote no number.
    #[default]
    NoValue,
    /// Nothing: there were no samples.
    NoSamples,
    /// Nothing: a proportion whose denominator is not known.
    NoTrials,
    /// Nothing: no count gives the value.
    NoCount,
    /// Nothing: no bound can be computed from one number.
    NoBound,
    /// Nothing: the claimed interval, of that one-sided confidence, is too weak.
    Weak(f64),
    /// The document contradicts itself or the rule.
    Wrong(String),
}

impl Method {
    /// Whether there are bounds that may decide.
    pub(super) fn bounds(&self) -> bool {
        matches!(self, Self::Counts(_) | Self::Computed(_) | Self::OrderStatistics | Self::Claimed(_))
    }

    /// The word for it in findings.
    pub(super) fn word(&self) -> Option<String> {
        match self {
            Self::Counts(method) => Some(method.as_str().to_owned()),
            Self::Computed(method) => Some(method.clone()),
            Self::OrderStatistics => Some("order-statistic".to_owned()),
            Self::Claimed(method) => Some(format!("claimed:{method}")),
            Self::PointEstimate => Some("point-estimate".to_owned()),
            _ => None,
        }
    }
}

/// Weighs `m` for `rule`. `computed` says that we computed it ourselves.
pub(super) fn weigh(rule: &Target, judging: &Judging, m: &Measurement, computed: bool) -> Weighed {
    let trials = m.known_trials().or(m.trials);
    let mut out = Weighed { n: m.n, trials, successes: m.successes, ..Weighed::default() };
    let scale = match scale(rule, m) {
        Ok(scale) => scale,
        Err(why) => {
            out.method = Method::Wrong(why);
            return out;
        }
    };
    let Some(value) = m.value.filter(|v| v.is_finite()) else {
        if m.n == Some(0) || trials == Some(0) {
            out.method = Method::NoSamples;
        }
        return out;
    };
    let value = scale.apply(value);
    out.observed = Some(value);
    out.method = if let Some(why) = contradiction(m, value) {
        Method::Wrong(why)
    } else if m.n == Some(0) || trials == Some(0) {
        Method::NoSamples
    } else if let Some(trials) = m.known_trials() {
        from_counts(&mut out, trials, value, scale.apply(m.rounding), judging)
    } else if let Some((distribution, q)) = m.distribution.as_ref().zip(m.quantile) {
        order_statistics(&mut out, distribution, q, judging, scale)
    } else if computed {
        from_interval(&mut out, m, judging, scale)
    } else {
        lenient(&mut out, rule, judging, m, scale)
    };
    out
}

/// Bounds from the stated numerator, else from every count that the value may stand for.
fn from_counts(out: &mut Weighed, trials: u64, value: f64, rounding: f64, judging: &Judging) -> Method {
    let counts = match out.successes {
        Some(successes) => Some((successes, successes)),
        None => counts_of(value, trials, rounding),
    };
    let Some((least, most)) = counts else { return Method::NoCount };
    let Some((lower, upper)) = proportion_bounds(least, most, trials, judging) else { return Method::NoCount };
    out.lower = Some(round12(lower));
    out.upper = Some(round12(upper));
    out.confidence = Some(judging.confidence);
    out.counts = Some((least, most));
    if least == most {
        out.successes = Some(least);
    }
    Method::Counts(judging.interval)
}

/// The lower bound of the least count and the upper bound of the greatest.
fn proportion_bounds(least: u64, most: u64, trials: u64, judging: &Judging) -> Option<(f64, f64)> {
    let alpha = judging.alpha;
    match judging.interval {
        IntervalMethod::ClopperPearson => {
            clopper_pearson_lower(least, trials, alpha).zip(clopper_pearson_upper(most, trials, alpha))
        }
        IntervalMethod::Wilson => {
            Some((score::wilson(least, trials, alpha)?.lower, score::wilson(most, trials, alpha)?.upper))
        }
        IntervalMethod::Jeffreys => {
            Some((score::jeffreys(least, trials, alpha)?.lower, score::jeffreys(most, trials, alpha)?.upper))
        }
    }
}

/// Bounds of a quantile from the ranges of a histogram.
fn order_statistics(out: &mut Weighed, sample: &Distribution, q: f64, judging: &Judging, scale: Scale) -> Method {
    let buckets: Vec<(f64, f64, u64)> = sample.buckets.iter().map(|b| (b.low, b.high, b.count)).collect();
    let Ok(found) = quantile::of_buckets(&buckets, q, judging.alpha) else { return Method::NoBound };
    let end = |x: Option<f64>| x.map(|x| round12(scale.apply(x)));
    (out.lower, out.upper) = (end(found.lower), end(found.upper));
    out.n = Some(sample.count());
    out.confidence = Some(judging.confidence);
    Method::OrderStatistics
}

/// Of the intervals that we computed the least confident one that is confident enough.
fn from_interval(out: &mut Weighed, m: &Measurement, judging: &Judging, scale: Scale) -> Method {
    let enough = |i: &&Interval| one_sided(i).is_some_and(|c| strong(c, judging));
    let confidence = |i: &&Interval| one_sided(i).unwrap_or(1.0);
    let best = m.intervals.iter().filter(enough).min_by(|a, b| confidence(a).total_cmp(&confidence(b)));
    let Some(interval) = best else { return Method::NoBound };
    let end = |x: Option<f64>| x.filter(|x| x.is_finite()).map(|x| scale.apply(x));
    (out.lower, out.upper) = (end(interval.lower), end(interval.upper));
    out.confidence = one_sided(interval);
    Method::Computed(interval.method.clone())
}

/// Whether an interval of that one-sided confidence errs no more often than it may.
pub(super) fn strong(confidence: f64, judging: &Judging) -> bool {
    1.0 - confidence <= judging.alpha * (1.0 + 1e-9)
}

/// Where no exact bound exists: a claimed interval, else the bare number, as far as the policy lets them in.
fn lenient(out: &mut Weighed, rule: &Target, judging: &Judging, m: &Measurement, scale: Scale) -> Method {
    let claimed = m.intervals.first().filter(|_| judging.claimed_intervals);
    let weak = match claimed.map(|i| (i, one_sided(i))) {
        Some((interval, Some(confidence))) if strong(confidence, judging) => {
            return claim(out, m, interval, confidence, scale);
        }
        Some((_, Some(confidence))) => Some(confidence),
        Some((_, None)) => return Method::Wrong("its interval states no confidence between 0 and 1".to_owned()),
        None => None,
    };
    if rule.point_estimate {
        return Method::PointEstimate;
    }
    match weak {
        Some(confidence) => Method::Weak(confidence),
        None if Metric::find(&m.metric).is_some_and(Metric::is_proportion) => Method::NoTrials,
        None => Method::NoBound,
    }
}

/// The one-sided confidence of each end of an interval.
pub(super) fn one_sided(interval: &Interval) -> Option<f64> {
    let inside = interval.confidence > 0.0 && interval.confidence < 1.0;
    match interval.sides {
        1 if inside => Some(round12(interval.confidence)),
        2 if inside => Some(round12(f64::midpoint(1.0, interval.confidence))),
        _ => None,
    }
}

fn claim(out: &mut Weighed, m: &Measurement, interval: &Interval, confidence: f64, scale: Scale) -> Method {
    let end = |x: Option<f64>| x.filter(|x| x.is_finite()).map(|x| scale.apply(x));
    let (lower, upper) = (end(interval.lower), end(interval.upper));
    let slack = scale.apply(m.rounding.max(0.0));
    let inside = out.observed.is_some_and(|value| {
        lower.is_none_or(|l| l <= value + slack) && upper.is_none_or(|u| value - slack <= u)
    });
    let ordered = lower.zip(upper).is_none_or(|(l, u)| l <= u);
    if !inside || !ordered {
        return Method::Wrong("its interval does not hold its own value".to_owned());
    }
    (out.lower, out.upper, out.confidence) = (lower, upper, Some(confidence));
    Method::Claimed(interval.method.clone())
}

/// How a document's numbers become the rule's.
#[derive(Debug, Clone, Copy)]
enum Scale {
    Same,
    Units(Unit, Unit),
    Percent,
}

impl Scale {
    fn apply(self, x: f64) -> f64 {
        match self {
            Self::Same => x,
            Self::Units(from, to) => from.convert(x, to).unwrap_or(x),
            Self::Percent => round12(x / 100.0),
        }
    }
}

fn scale(rule: &Target, m: &Measurement) -> Result<Scale, String> {
    let fraction = Metric::find(&m.metric).is_some_and(|k| k.allows(1.0) && !k.allows(1.5));
    match (m.unit, rule.unit) {
        (None, None) => Ok(Scale::Same),
        (Some(from), Some(to)) if from == to => Ok(Scale::Same),
        (Some(from), Some(to)) if from.dimension() == to.dimension() => Ok(Scale::Units(from, to)),
        (Some(from), Some(to)) => Err(format!("it is in {from}, and the limit is in {to}")),
        (Some(Unit::Percent), None) if fraction => Ok(Scale::Percent),
        (None, Some(to)) if fraction && to.dimension() == Dimension::Fraction => Ok(Scale::Same),
        (None, Some(to)) => Err(format!("it has no unit, and the limit is in {to}")),
        (Some(from), None) => Err(format!("it is in {from}, and the limit has no unit")),
    }
}

/// What in a measurement cannot be, or why nothing may rest on it.
fn contradiction(m: &Measurement, value: f64) -> Option<String> {
    if m.unfit.is_some() {
        return m.unfit.clone();
    }
    let known = Metric::find(&m.metric);
    if let Some(metric) = known.filter(|k| !k.allows(value)) {
        return Some(format!("{value} cannot be a value of {}", metric.name));
    }
    let counts_rows = known.is_some_and(|k| k.kind == crate::model::metric::Kind::ProportionOfRows);
    let (n, trials) = (m.n, m.trials);
    if counts_rows && n.zip(trials).is_some_and(|(n, trials)| trials > n) {
        return Some("it states more trials than rows".to_owned());
    }
    let (successes, trials) = m.successes.zip(m.known_trials())?;
    if successes > trials {
        return Some("it states more successes than trials".to_owned());
    }
    let apart = trials > 0 && (float(successes) / float(trials) - value).abs() > m.rounding.max(1e-12) + 1e-12;
    apart.then(|| format!("it states {value}, and {successes} successes of {trials} trials are another proportion"))
}
