//! What one measurement says, in the rule's unit: its value, and the bounds that may decide.

use crate::{
    model::{Interval, Measurement, Metric, Unit, number::round12, unit::Dimension},
    policy::schema::{Statistics, Threshold},
    stats::proportion::{clopper_pearson_lower, clopper_pearson_upper, counts_of, float},
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
    pub(super) method: Method,
}

/// What may decide, or why nothing may.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Method {
    /// Exact bounds from counts.
    Exact,
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

/// Weighs `m` for `rule`.
pub(super) fn weigh(rule: &Threshold, statistics: &Statistics, m: &Measurement) -> Weighed {
    let trials = m.known_trials().or(m.trials);
    let mut out = Weighed { n: m.n, trials, successes: m.successes, ..Weighed::default() };
    let scale = match scale(rule, m) {
        Ok(scale) => scale,
        Err(why) => {
            out.method = Method::Wrong(why);
            return out;
        }
    };
    let Some(value) = m.value.filter(|v| v.is_finite()) else { return out };
    let value = scale.apply(value);
    out.observed = Some(value);
    out.method = if let Some(why) = contradiction(m, value) {
        Method::Wrong(why)
    } else if m.n == Some(0) || trials == Some(0) {
        Method::NoSamples
    } else if let Some(trials) = m.known_trials() {
        exact(&mut out, trials, value, scale.apply(m.rounding), statistics.confidence)
    } else {
        lenient(&mut out, rule, statistics, m, scale)
    };
    out
}

/// Exact bounds: from the stated numerator, else from every count that the value may stand for.
fn exact(out: &mut Weighed, trials: u64, value: f64, rounding: f64, confidence: f64) -> Method {
    let counts = match out.successes {
        Some(successes) => Some((successes, successes)),
        None => counts_of(value, trials, rounding),
    };
    let Some((least, most)) = counts else { return Method::NoCount };
    let alpha = round12(1.0 - confidence);
    let bounds = clopper_pearson_lower(least, trials, alpha).zip(clopper_pearson_upper(most, trials, alpha));
    let Some((lower, upper)) = bounds else { return Method::NoCount };
    out.lower = Some(round12(lower));
    out.upper = Some(round12(upper));
    out.confidence = Some(confidence);
    if least == most {
        out.successes = Some(least);
    }
    Method::Exact
}

/// Where no exact bound exists: a claimed interval, else the bare number, as far as the policy lets them in.
fn lenient(out: &mut Weighed, rule: &Threshold, statistics: &Statistics, m: &Measurement, scale: Scale) -> Method {
    let claimed = m.intervals.first().filter(|_| statistics.claimed_intervals);
    let weak = match claimed.map(|i| (i, one_sided(i))) {
        Some((interval, Some(confidence))) if confidence >= round12(statistics.confidence) => {
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
fn one_sided(interval: &Interval) -> Option<f64> {
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

fn scale(rule: &Threshold, m: &Measurement) -> Result<Scale, String> {
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

/// What in a measurement cannot be.
fn contradiction(m: &Measurement, value: f64) -> Option<String> {
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
