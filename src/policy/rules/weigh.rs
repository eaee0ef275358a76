//! Reads one measurement in the rule's unit: its value, and the bounds that can decide.

use crate::{
    model::{
        Distribution, Interval, Measurement, Metric, Op, Range, Unit, metric::Kind, number::round12,
    },
    policy::{
        judged::Numbers,
        rules::judging::Judging,
        schema::{IntervalMethod, Limit, Target},
    },
    stats::{
        methods,
        proportion::{clopper_pearson_lower, clopper_pearson_upper, counts_of, float},
        quantile, score,
    },
};
use std::borrow::Cow;

/// The numbers of a finding, before they are compared with a limit.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Weighed {
    pub(super) observed: Option<f64>,
    pub(super) lower: Option<f64>,
    pub(super) upper: Option<f64>,
    pub(super) n: Option<u64>,
    pub(super) trials: Option<u64>,
    pub(super) successes: Option<u64>,
    pub(super) confidence: Option<f64>,
    /// The least and the greatest count that are consistent with the value.
    pub(super) counts: Option<(u64, u64)>,
    /// The values that the metric can have, if its name determines them.
    pub(super) range: Option<Range>,
    /// How many events the number rests on, if known.
    pub(super) events: Option<u64>,
    pub(super) method: Method,
}

/// The method that can decide, or the reason why none can.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Method {
    /// Bounds from counts, exact or approximate depending on the method.
    Counts(IntervalMethod),
    /// An interval that modelgate computed from raw predictions, by the name of its method.
    Computed(Cow<'static, str>),
    /// Order statistics of a whole sample.
    OrderStatistics,
    /// An interval that the document claims, by the name of its method.
    Claimed(String),
    /// The bare number.
    PointEstimate,
    /// No method: the document wrote no number.
    #[default]
    NoValue,
    /// No method: there were no samples.
    NoSamples,
    /// No method: the denominator of the proportion is unknown.
    NoTrials,
    /// No method: no count gives the value.
    NoCount,
    /// No method: a single number has no bound.
    NoBound,
    /// No method: modelgate computed no bound, for this reason.
    Unbounded(String),
    /// No method: the bounds of this method do not hold on so few events.
    FewEvents { method: Cow<'static, str>, events: u64, least: u64 },
    /// No method: the claimed interval, with this one-sided confidence, is too weak.
    Weak(f64),
    /// The document contradicts itself or the rule.
    Wrong(String),
}

impl Weighed {
    /// The numbers for a finding, which says how certain they are.
    #[inline]
    pub(super) fn told(&self, judging: &Judging) -> Numbers {
        let numbers = self.numbers();
        if judging.trusting {
            return numbers;
        }
        let approximate = numbers.method.as_deref().is_some_and(methods::is_approximate);
        Numbers { approximate, events: self.events, ..numbers }
    }

    /// Withdraws bounds by a method that errs too often, at all or on so few events. For shares by
    /// an approximate method, the events are the rarer of successes and failures.
    pub(super) fn settle(&mut self, judging: &Judging) {
        let (false, true, Some(word)) =
            (judging.trusting, self.method.bounds(), self.method.word())
        else {
            return;
        };
        let known = methods::known(&word);
        let rarer = match &self.method {
            Method::Counts(_) => self
                .counts
                .zip(self.trials)
                .map(|((least, most), trials)| least.min(trials.saturating_sub(most))),
            Method::Computed(_) => self.events,
            _ => None,
        };
        let few = rarer.filter(|events| *events < known.least);
        self.method = if known.retired {
            Method::Unbounded(format!(
                "an earlier version bounded it by a method that errs too often ({word}); compute it again"
            ))
        } else if let Some(events) = few {
            Method::FewEvents { method: word, events, least: known.least }
        } else {
            return;
        };
        (self.lower, self.upper, self.confidence) = (None, None, None);
    }

    /// The numbers for a finding.
    #[inline]
    pub(super) fn numbers(&self) -> Numbers {
        Numbers {
            observed: self.observed,
            lower: self.lower,
            upper: self.upper,
            n: self.n,
            trials: self.trials,
            successes: self.successes,
            approximate: false,
            events: None,
            method: self.method.word(),
            confidence: self.confidence,
        }
    }
}

impl Method {
    /// Whether there are bounds that can decide.
    pub(super) fn bounds(&self) -> bool {
        matches!(
            self,
            Self::Counts(_) | Self::Computed(_) | Self::OrderStatistics | Self::Claimed(_)
        )
    }

    /// The name of the method in findings.
    pub(super) fn word(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Counts(method) => Some(Cow::Borrowed(method.as_str())),
            Self::Computed(method) => Some(method.clone()),
            Self::OrderStatistics => Some(Cow::Borrowed("order-statistic")),
            Self::Claimed(method) => Some(Cow::Owned(format!("claimed:{method}"))),
            Self::PointEstimate => Some(Cow::Borrowed("point-estimate")),
            _ => None,
        }
    }
}

/// Reads `m` for `rule`. `computed` says that modelgate computed it.
pub(super) fn weigh(rule: &Target, judging: &Judging, m: &Measurement, computed: bool) -> Weighed {
    let known = m.known_trials();
    let trials = known.or(m.trials);
    let mut out =
        Weighed { n: m.n, trials, successes: m.successes, range: m.range(), ..Weighed::default() };
    out.events = trials.or(m.events);
    let scale = match scale(rule, m, out.range) {
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
    out.method = if let Some(why) = contradiction(m, known) {
        Method::Wrong(why)
    } else if m.n == Some(0) || trials == Some(0) {
        Method::NoSamples
    } else if let Some(trials) = known {
        from_counts(&mut out, trials, rule, m, judging)
    } else if let Some((distribution, q)) = m.distribution.as_ref().zip(m.quantile) {
        order_statistics(&mut out, distribution, q, judging, scale)
    } else if computed {
        from_interval(&mut out, m, judging, scale)
    } else {
        lenient(&mut out, rule, judging, m, scale)
    };
    out.settle(judging);
    out
}

/// Bounds from the stated numerator, or else from every count that is consistent with the value.
fn from_counts(
    out: &mut Weighed,
    trials: u64,
    rule: &Target,
    m: &Measurement,
    judging: &Judging,
) -> Method {
    let shrink = if m.unit == Some(Unit::Percent) { 0.01 } else { 1.0 };
    let counts = match (out.successes, m.plain()) {
        (Some(successes), _) => Some((successes, successes)),
        (None, Some(value)) => counts_of(value, trials, m.rounding * shrink),
        (None, None) => None,
    };
    let Some((least, most)) = counts else { return Method::NoCount };
    let Some((lower, upper)) = proportion_bounds(least, most, trials, judging) else {
        return Method::NoCount;
    };
    let of_rule =
        |x: f64| if rule.unit == Some(Unit::Percent) { round12(x * 100.0) } else { round12(x) };
    out.lower = Some(of_rule(lower));
    out.upper = Some(of_rule(upper));
    out.confidence = Some(judging.confidence);
    out.counts = Some((least, most));
    if least == most {
        out.successes = Some(least);
    }
    Method::Counts(judging.interval)
}

/// The lower bound for the least count and the upper bound for the greatest.
fn proportion_bounds(least: u64, most: u64, trials: u64, judging: &Judging) -> Option<(f64, f64)> {
    let alpha = judging.alpha;
    match judging.interval {
        IntervalMethod::ClopperPearson => clopper_pearson_lower(least, trials, alpha)
            .zip(clopper_pearson_upper(most, trials, alpha)),
        IntervalMethod::Wilson => Some((
            score::wilson(least, trials, alpha)?.lower,
            score::wilson(most, trials, alpha)?.upper,
        )),
        IntervalMethod::Jeffreys => Some((
            score::jeffreys(least, trials, alpha)?.lower,
            score::jeffreys(most, trials, alpha)?.upper,
        )),
    }
}

/// Bounds of a quantile from the ranges of a histogram.
fn order_statistics(
    out: &mut Weighed,
    sample: &Distribution,
    q: f64,
    judging: &Judging,
    scale: Scale,
) -> Method {
    let buckets: Vec<(f64, f64, u64)> =
        sample.buckets.iter().map(|b| (b.low, b.high, b.count)).collect();
    let Ok(found) = quantile::of_buckets(&buckets, q, judging.alpha) else {
        return Method::NoBound;
    };
    let end = |x: Option<f64>| x.map(|x| round12(scale.apply(x)));
    (out.lower, out.upper) = (end(found.lower), end(found.upper));
    out.n = Some(sample.count());
    out.confidence = Some(judging.confidence);
    Method::OrderStatistics
}

/// The bounds of the computed interval with the lowest confidence that is still sufficient.
fn from_interval(out: &mut Weighed, m: &Measurement, judging: &Judging, scale: Scale) -> Method {
    let enough = |i: &&Interval| one_sided(i).is_some_and(|c| strong(c, judging));
    let confidence = |i: &&Interval| one_sided(i).unwrap_or(1.0);
    let best =
        m.intervals.iter().filter(enough).min_by(|a, b| confidence(a).total_cmp(&confidence(b)));
    let Some(interval) = best else {
        let why = m.no_bound.as_ref().filter(|_| !judging.trusting);
        return why.map_or(Method::NoBound, |why| Method::Unbounded(why.clone()));
    };
    let end = |x: Option<f64>| x.filter(|x| x.is_finite()).map(|x| scale.apply(x));
    (out.lower, out.upper) = (end(interval.lower), end(interval.upper));
    out.confidence = one_sided(interval);
    Method::Computed(Cow::Owned(interval.method.clone()))
}

/// Whether an interval with this one-sided confidence errs no more often than allowed.
pub(super) fn strong(confidence: f64, judging: &Judging) -> bool {
    1.0 - confidence <= judging.alpha * (1.0 + 1e-9)
}

/// If no exact bound exists: a claimed interval, or else the bare number, as far as the policy
/// accepts them.
fn lenient(
    out: &mut Weighed,
    rule: &Target,
    judging: &Judging,
    m: &Measurement,
    scale: Scale,
) -> Method {
    let claimed = m.intervals.first().filter(|_| judging.claimed_intervals);
    let weak = match claimed.map(|i| (i, one_sided(i))) {
        Some((interval, Some(confidence))) if strong(confidence, judging) => {
            return claim(out, rule, m, interval, confidence, scale);
        }
        Some((_, Some(confidence))) => Some(confidence),
        Some((_, None)) => {
            return Method::Wrong("its interval states no confidence between 0 and 1".to_owned());
        }
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

fn claim(
    out: &mut Weighed,
    rule: &Target,
    m: &Measurement,
    interval: &Interval,
    confidence: f64,
    scale: Scale,
) -> Method {
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
    let (least, most) = ends(rule, out.range);
    // A symmetric interval around a high proportion can end slightly above 1, as TensorFlow Model
    // Analysis writes it. An interval that extends further than the whole range is on another
    // scale.
    let beyond = |x: f64| x < least - (most - least) || x > most + (most - least);
    if let Some(far) = [lower, upper].into_iter().flatten().find(|x| beyond(*x)) {
        return Method::Wrong(format!(
            "its interval reaches to {far}, and the value itself lies between {least} and {most}"
        ));
    }
    let within = |x: Option<f64>| x.map(|x| x.max(least).min(most));
    (out.lower, out.upper, out.confidence) = (within(lower), within(upper), Some(confidence));
    Method::Claimed(interval.method.clone())
}

/// The least and the greatest value of the metric, in the rule's unit.
fn ends(rule: &Target, range: Option<Range>) -> (f64, f64) {
    match (range, rule.unit) {
        (Some(Range::Fraction), Some(Unit::Percent)) => (0.0, 100.0),
        (Some(range @ (Range::Fraction | Range::Percent | Range::Signed)), _) => range.ends(),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    }
}

/// The conversion from a document's numbers to the rule's.
#[derive(Debug, Clone, Copy)]
enum Scale {
    Same,
    Units(Unit, Unit),
    Percent,
    ToPercent,
}

impl Scale {
    fn apply(self, x: f64) -> f64 {
        match self {
            Self::Same => x,
            Self::Units(from, to) => from.convert(x, to).unwrap_or(x),
            Self::Percent => round12(x / 100.0),
            Self::ToPercent => round12(x * 100.0),
        }
    }
}

fn scale(rule: &Target, m: &Measurement, range: Option<Range>) -> Result<Scale, String> {
    let fraction = range == Some(Range::Fraction);
    match (m.unit, rule.unit) {
        (None, None) => Ok(Scale::Same),
        (Some(from), Some(to)) if from == to => Ok(Scale::Same),
        (Some(from), Some(to)) if from.dimension() == to.dimension() => Ok(Scale::Units(from, to)),
        (Some(from), Some(to)) => Err(format!("it is in {from}, and the limit is in {to}")),
        (Some(Unit::Percent), None) if fraction => Ok(Scale::Percent),
        (None, Some(Unit::Percent)) if fraction => Ok(Scale::ToPercent),
        (None, Some(Unit::Percent)) if range == Some(Range::Percent) => Ok(Scale::Same),
        (None, Some(to)) => Err(format!("it has no unit, and the limit is in {to}")),
        (Some(from), None) => Err(format!(
            "it is in {from}, and the limit has no unit; write it with one, such as \"90 {from}\""
        )),
    }
}

/// What is impossible in a measurement with these known trials, or the reason why no rule can use
/// it.
fn contradiction(m: &Measurement, known: Option<u64>) -> Option<String> {
    if m.unfit.is_some() {
        return m.unfit.clone();
    }
    if let Some(impossible) = m.impossible() {
        let name = Metric::find(&m.metric).map_or(m.source_name.as_str(), |metric| metric.name);
        return Some(format!(
            "{} cannot be a value of {name}; {}",
            impossible.value,
            impossible.advice()
        ));
    }
    let counts_rows = || Metric::find(&m.metric).is_some_and(|k| k.kind == Kind::ProportionOfRows);
    if m.n.zip(m.trials).is_some_and(|(n, trials)| trials > n) && counts_rows() {
        return Some("it states more trials than rows".to_owned());
    }
    let (successes, trials) = m.successes.zip(known)?;
    if successes > trials {
        return Some("it states more successes than trials".to_owned());
    }
    let value = m.plain()?;
    let shrink = if m.unit == Some(Unit::Percent) { 0.01 } else { 1.0 };
    let slack = (m.rounding * shrink).max(1e-12) + 1e-12;
    let apart = trials > 0 && (float(successes) / float(trials) - value).abs() > slack;
    apart.then(|| {
        format!(
            "it states {value}, and {successes} successes of {trials} trials are another proportion"
        )
    })
}

/// The reason why the number and a bare limit are on different scales, if they are: a percentage is
/// never compared with a fraction.
pub(super) fn misread(rule: &Target, weighed: &Weighed, limit: Limit) -> Option<String> {
    let value = weighed.observed.filter(|_| rule.unit.is_none())?;
    match weighed.range? {
        // The four-fifths rule is written `min = 0.8` with `max = 1.25`, although our ratios never
        // exceed 1.
        Range::Fraction
            if limit.value > 1.0
                && Metric::find(&rule.metric).is_none_or(Metric::is_proportion) =>
        {
            Some(format!(
                "the limit {0} is none of a number from 0 to 1; write {1}, or \"{0}%\"",
                limit.value,
                round12(limit.value / 100.0)
            ))
        }
        Range::Percent | Range::Either | Range::Unscaled
            if limit.op == Op::AtLeast
                && limit.value > 0.0
                && limit.value <= 1.0
                && value > 1.0 =>
        {
            let percent = round12(limit.value * 100.0);
            Some(format!(
                "{value} looks like a percentage, and the limit {} like a fraction; write the limit as {percent}, or the value as a fraction",
                limit.value
            ))
        }
        // A word error rate of 0.35 is not below 10 percent.
        Range::Either
            if limit.op == Op::AtMost && limit.value > 1.0 && value > 0.0 && value <= 1.0 =>
        {
            Some(format!(
                "{value} looks like a fraction, and the limit {} like a percentage; write the limit as {}, or the value as a \
             percentage",
                limit.value,
                round12(limit.value / 100.0)
            ))
        }
        _ => None,
    }
}

/// The reason why two numbers are on different scales, if one looks like a percentage and the other
/// like a fraction.
pub(super) fn two_scales(rule: &Target, a: &Weighed, b: &Weighed) -> Option<String> {
    let tells = |w: &Weighed| {
        matches!(w.range, Some(Range::Percent | Range::Either | Range::Unscaled))
            && rule.unit.is_none()
    };
    let (x, y) = a.observed.zip(b.observed).filter(|_| tells(a) || tells(b))?;
    let fraction = |x: f64| x > 0.0 && x <= 1.0;
    ((x > 1.0 && fraction(y)) || (y > 1.0 && fraction(x))).then(|| {
        format!(
            "{x} and {y} are of two scales: one looks like a percentage, the other like a fraction"
        )
    })
}
