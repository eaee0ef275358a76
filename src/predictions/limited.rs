//! Bounds of a number, with the events that they rest on, or the reason why there are none.

use super::sink::interval;
use crate::{
    model::{Interval, Measurement, Plan},
    stats::unseen::{self, Moments, Unseen},
};

/// Weighted rows and one unseen row.
pub(super) const ROWS: &str = "unseen-row";
/// The mean of numbers in a known range: Gaffke (2005).
pub(super) const MEAN: &str = "gaffke";
/// The mean of numbers without an upper limit, whose tail was examined.
pub(super) const TAILED: &str = "unseen-row-tail";
/// What chance adds to a distance is subtracted.
pub(super) const CHANCE: &str = "chance-subtracted";
/// The exact bounds of each bin.
pub(super) const EXACT: &str = "clopper-pearson-bins";
/// The worst pair of groups, from the exact bounds of each.
pub(super) const MELDED: &str = "melded";
/// The mean of paired differences of −1, 0 and 1.
pub(super) const PAIRED: &str = "gaffke-paired";
/// A test whose p-value is exact.
pub(super) const TEST: &str = "chance-test";

/// The part of the stated error that a method uses. Replicates are few, and large samples are
/// resampled in cells: a tenth of the error is kept for what that misses.
fn used(method: &str) -> f64 {
    let whole = matches!(method, EXACT | TEST | MELDED | PAIRED);
    if whole { 1.0 } else { 0.9 }
}

/// The bounds of a number.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Limited {
    pub(super) intervals: Vec<Interval>,
    events: Option<u64>,
    why: Option<String>,
}

impl Limited {
    /// Bounds at each confidence of the plan. `of` computes them at one error.
    pub(super) fn each(
        plan: &Plan,
        method: &str,
        events: f64,
        of: impl Fn(f64) -> Option<(f64, f64)>,
    ) -> Self {
        let one = |confidence: &f64| {
            let ends = of((1.0 - confidence) * used(method));
            interval(method, *confidence, ends.map(|e| e.0), ends.map(|e| e.1))
        };
        let intervals = plan.confidences.iter().map(one).collect();
        Self { intervals, events: Some(events as u64), why: None }
    }

    /// Upper bounds alone.
    pub(super) fn upper(
        plan: &Plan,
        method: &str,
        events: f64,
        of: impl Fn(f64) -> Option<f64>,
    ) -> Self {
        let one = |confidence: &f64| {
            interval(method, *confidence, None, of((1.0 - confidence) * used(method)))
        };
        let intervals = plan.confidences.iter().map(one).collect();
        Self { intervals, events: Some(events as u64), why: None }
    }

    /// These bounds, which rest on so many rows.
    pub(super) fn of(intervals: Vec<Interval>, rows: u64) -> Self {
        Self { intervals, events: Some(rows), why: None }
    }

    /// No bounds, for this reason.
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..Self::default() }
    }

    /// The events, and the reason why there are no bounds.
    pub(super) fn notes(self) -> (Vec<Interval>, Option<u64>, Option<String>) {
        (self.intervals, self.events, self.why)
    }

    /// Adds the bounds to a measurement, if it has a value.
    pub(super) fn write(self, measurement: Option<&mut Measurement>) {
        if let Some(m) = measurement.filter(|m| m.value.is_some()) {
            (m.intervals, m.events, m.no_bound) = self.notes();
        }
    }
}

/// What a row can be that was not seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) least: f64,
    pub(super) most: f64,
    /// How many rows it joins, as many as independent rows would be.
    pub(super) rows: f64,
}

/// Bounds of a mean from its replicates, or without any from the sums of its rows' powers.
pub(super) fn mean(
    replicates: &[f64],
    n: u64,
    [first, second, third]: [f64; 3],
    unseen: Row,
    alpha: f64,
) -> Option<(f64, f64)> {
    if replicates.is_empty() {
        let low = unseen::of_sums(n, [first, second, third], unseen.least)?;
        let high = unseen::of_sums(n, [-first, second, -third], -unseen.most)?;
        return Some((unseen::fitted(&low, alpha), -unseen::fitted(&high, alpha)));
    }
    let at = |value| Unseen { value, rows: unseen.rows };
    Some((
        unseen::lower(replicates, at(unseen.least), alpha).ok()?,
        unseen::upper(replicates, at(unseen.most), alpha).ok()?,
    ))
}

/// Moments of numbers around 0, for [`mean`] and for tails.
pub(super) fn powers(values: impl Iterator<Item = f64>) -> [f64; 3] {
    values.fold([0.0; 3], |sums, x| [sums[0] + x, sums[1] + x * x, sums[2] + x * x * x])
}

/// Bounds of a sum of independent parts with these moments.
pub(super) fn together(parts: &[Moments]) -> Moments {
    parts.iter().fold(Moments { mean: 0.0, variance: 0.0, third: 0.0 }, |sum, part| Moments {
        mean: sum.mean + part.mean,
        variance: sum.variance + part.variance,
        third: sum.third + part.third,
    })
}
