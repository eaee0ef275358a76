//! Collects measurements in one form: rounded, with their counts and intervals.

use crate::{
    model::{Interval, Measurement, Metric, Plan, Slice, number::round12},
    stats::proportion::{clopper_pearson_lower, clopper_pearson_upper, float},
};
use std::collections::BTreeMap;

/// At most this many slices are named in a warning; the others are counted.
const NAMED: usize = 3;

/// The measurements and warnings so far.
#[derive(Debug)]
pub(super) struct Sink<'p> {
    pub(super) plan: &'p Plan,
    pub(super) measurements: Vec<Measurement>,
    warnings: Vec<String>,
    undefined: BTreeMap<(String, &'static str), Vec<String>>,
}

impl<'p> Sink<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        Self { plan, measurements: Vec::new(), warnings: Vec::new(), undefined: BTreeMap::new() }
    }

    /// Whether the plan asks for a metric.
    pub(super) fn wants(&self, metric: &str) -> bool {
        self.plan.metrics.is_empty() || self.plan.metrics.contains(metric)
    }

    /// Whether the plan asks for any of them.
    pub(super) fn wants_any(&self, metrics: &[&str]) -> bool {
        metrics.iter().any(|m| self.wants(m))
    }

    pub(super) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// Records that a metric is undefined in a slice, and why.
    pub(super) fn undefined(&mut self, metric: &str, slice: &Slice, why: &'static str) {
        self.undefined.entry((metric.to_owned(), why)).or_default().push(slice.to_string());
    }

    /// The measurements and warnings, with the undefined values grouped by metric.
    pub(super) fn finish(self) -> (Vec<Measurement>, Vec<String>) {
        let mut warnings = self.warnings;
        for ((metric, why), slices) in self.undefined {
            let named = slices.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
            let more = match slices.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            warnings
                .push(format!("{metric} is undefined, and never a pass, in {named}{more}: {why}"));
        }
        (self.measurements, warnings)
    }

    /// Adds a proportion with its exact bounds; it is undefined without trials.
    pub(super) fn proportion(
        &mut self,
        metric: &str,
        slice: &Slice,
        (successes, trials): (u64, u64),
        n: u64,
        why: &'static str,
    ) {
        if !self.wants(metric) {
            return;
        }
        let value = (trials > 0).then(|| round12(float(successes) / float(trials)));
        if value.is_none() {
            self.undefined(metric, slice, why);
        }
        let mut m = Measurement::new(metric, metric, value);
        m.n = Some(if trials == 0 { 0 } else { n });
        m.trials = Some(trials);
        m.successes = Some(successes);
        m.slice = slice.clone();
        m.intervals = exact(successes, trials, &self.plan.confidences);
        self.measurements.push(m);
    }

    /// Adds any other number with its intervals; `None` is undefined for the given reason.
    pub(super) fn number(
        &mut self,
        metric: &str,
        slice: &Slice,
        value: Option<f64>,
        n: u64,
        intervals: Vec<Interval>,
        why: &'static str,
    ) -> Option<&mut Measurement> {
        if !self.wants(metric) {
            return None;
        }
        let value = value.filter(|v| v.is_finite()).map(round12);
        if value.is_none() {
            self.undefined(metric, slice, why);
        }
        let mut m = Measurement::new(metric, metric, value);
        m.n = Some(n);
        m.slice = slice.clone();
        if value.is_some() {
            m.intervals = intervals;
        }
        self.measurements.push(m);
        self.measurements.last_mut()
    }
}

impl Sink<'_> {
    /// Adds a number over groups, which is not a group itself.
    pub(super) fn aggregate(
        &mut self,
        metric: &str,
        value: Option<f64>,
        n: u64,
        intervals: Vec<Interval>,
    ) -> Option<&mut Measurement> {
        let mut m = Measurement::new(metric, metric, value.filter(|v| v.is_finite()).map(round12));
        m.n = Some(n);
        m.aggregate = true;
        if m.value.is_some() {
            m.intervals = intervals;
        }
        self.measurements.push(m);
        self.measurements.last_mut()
    }
}

/// Exact one-sided bounds of a proportion at each confidence.
pub(super) fn exact(successes: u64, trials: u64, confidences: &[f64]) -> Vec<Interval> {
    let one = |confidence: &f64| {
        let alpha = 1.0 - confidence;
        let lower = clopper_pearson_lower(successes, trials, alpha)?;
        let upper = clopper_pearson_upper(successes, trials, alpha)?;
        Some(interval("clopper-pearson", *confidence, Some(lower), Some(upper)))
    };
    confidences.iter().filter_map(one).collect()
}

/// Two one-sided bounds, rounded like every derived number.
pub(super) fn interval(
    method: &str,
    confidence: f64,
    lower: Option<f64>,
    upper: Option<f64>,
) -> Interval {
    let finite = |x: Option<f64>| x.filter(|x| x.is_finite()).map(round12);
    Interval {
        method: method.to_owned(),
        confidence,
        sides: 1,
        lower: finite(lower),
        upper: finite(upper),
    }
}

/// Limits the bounds of a metric to the range of the metric itself.
pub(super) fn clamp(metric: &str, intervals: &mut [Interval]) {
    let Some(metric) = Metric::find(metric) else { return };
    for one in intervals {
        if let Some(lower) = one.lower.as_mut().filter(|x| **x < 0.0 && !metric.allows(-1.0)) {
            *lower = 0.0;
        }
        if let Some(upper) = one.upper.as_mut().filter(|x| **x > 1.0 && !metric.allows(2.0)) {
            *upper = 1.0;
        }
    }
}
