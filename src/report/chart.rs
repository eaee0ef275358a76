//! The geometry of one finding: where the axis, the limit, the interval and the point are, in
//! percent of the width.
//!
//! Percentages let a page draw it at any width with text that keeps its size.

use super::numbers::Scale;
use crate::model::{Finding, Op, Range, Status, Unit, number::round12};
use serde::Serialize;

/// A stretch of the axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Span {
    /// Where it starts, in percent.
    pub x: f64,
    /// How long it is, in percent.
    pub width: f64,
}

/// A labelled place on the axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// Its position, in percent.
    pub x: f64,
    /// Its label.
    pub label: String,
    /// Which side of the label is at `x`, so that no label leaves the drawing: `start`, `middle` or
    /// `end`.
    pub anchor: &'static str,
}

/// One finding, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// What it shows, in a few words.
    pub title: String,
    /// The same numbers as a sentence, for readers who do not see the drawing.
    pub desc: String,
    /// The side of the limit where the value should be.
    pub good: Span,
    /// The limit.
    pub limit: Mark,
    /// From the lower to the upper bound; open to the edge if one of them is unknown.
    pub interval: Option<Span>,
    /// The bound that decides: for a minimum the lower one, or the upper one if even that fails;
    /// for a maximum the other way round.
    pub deciding: Option<f64>,
    /// The point estimate.
    pub point: Option<f64>,
    /// Round numbers along the axis.
    pub ticks: Vec<Mark>,
}

struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn around(values: &[f64], finding: &Finding) -> Option<Self> {
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let span = max - min;
        if !span.is_finite() {
            return None;
        }
        let pad = if span > 0.0 { span * 0.2 } else { (max.abs() * 0.1).max(1e-6) };
        let (floor, ceiling) = limits(finding);
        // A limit at the edge of the possible range still needs room to be seen as a line.
        let low = if min - pad < floor && min >= floor { floor } else { min - pad };
        let high = if max + pad > ceiling && max <= ceiling { ceiling } else { max + pad };
        (high > low && (high - low).is_finite()).then_some(Self { low, high })
    }

    /// Where `value` is, in percent, to a hundredth.
    fn at(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        (share.clamp(0.0, 1.0) * 10_000.0).round() / 100.0
    }

    fn span(&self, from: Option<f64>, to: Option<f64>) -> Span {
        let x = from.map_or(0.0, |v| self.at(v));
        let end = to.map_or(100.0, |v| self.at(v));
        Span { x, width: ((end - x).max(0.0) * 100.0).round() / 100.0 }
    }

    fn mark(&self, value: f64, label: String) -> Mark {
        let x = self.at(value);
        let anchor = if x < 12.0 {
            "start"
        } else if x > 88.0 {
            "end"
        } else {
            "middle"
        };
        Mark { x, label, anchor }
    }

    fn ticks(&self, unit: Option<Unit>) -> Vec<Mark> {
        let step = nice((self.high - self.low) / 4.0);
        let scale = Scale::decimals(decimals(step));
        let first = (self.low / step).ceil();
        (0..8_u32)
            .map(|i| round12((first + f64::from(i)) * step))
            .take_while(|value| *value <= self.high + step * 1e-6)
            .map(|value| self.mark(value, scale.with_unit(value, unit)))
            .collect()
    }
}

/// The range of the metric's value, if it is known.
fn limits(finding: &Finding) -> (f64, f64) {
    let one = if finding.unit == Some(Unit::Percent) { 100.0 } else { 1.0 };
    if finding.against.is_some() {
        // A difference can be on either side of zero.
        return (f64::NEG_INFINITY, f64::INFINITY);
    }
    match finding.metric.as_deref().and_then(Range::of) {
        Some(Range::Fraction) => (0.0, one),
        range => range.unwrap_or(Range::Real).ends(),
    }
}

/// The round number nearest above `raw`: 1, 2, 2.5 or 5 times a power of ten.
fn nice(raw: f64) -> f64 {
    let power = 10.0_f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|f| f * power >= raw * 0.999);
    factor.unwrap_or(10.0) * power
}

fn decimals(step: f64) -> usize {
    let mut shifted = step.abs();
    let mut count = 0;
    while count < 12 && (shifted - shifted.round()).abs() > shifted * 1e-6 {
        shifted *= 10.0;
        count += 1;
    }
    count
}

impl Chart {
    /// The drawing of `finding`; `None` if it has no limit or nothing was measured.
    pub fn of(finding: &Finding) -> Option<Self> {
        let required = finding.required?;
        let measured: Vec<f64> =
            [finding.observed, finding.lower, finding.upper].into_iter().flatten().collect();
        if measured.is_empty() {
            return None;
        }
        let values: Vec<f64> = measured.iter().copied().chain([required.value]).collect();
        let axis = Axis::around(&values, finding)?;
        let scale = Scale::against(required.value, &measured);
        let sign = if required.op == Op::AtLeast { "≥" } else { "≤" };
        let fails = finding.status == Status::Fail;
        let (good, deciding) = match required.op {
            Op::AtLeast => (
                axis.span(Some(required.value), None),
                if fails { finding.upper } else { finding.lower },
            ),
            Op::AtMost => (
                axis.span(None, Some(required.value)),
                if fails { finding.lower } else { finding.upper },
            ),
        };
        let bounded = finding.lower.is_some() || finding.upper.is_some();
        Some(Self {
            title: format!(
                "{} against its limit",
                finding.metric.as_deref().unwrap_or(&finding.rule)
            ),
            desc: describe(finding, scale, sign, required.value),
            good,
            limit: axis.mark(
                required.value,
                format!("{sign} {}", scale.stated(required.value, finding.unit)),
            ),
            interval: bounded.then(|| axis.span(finding.lower, finding.upper)),
            deciding: deciding.map(|v| axis.at(v)),
            point: finding.observed.map(|v| axis.at(v)),
            ticks: axis.ticks(finding.unit),
        })
    }
}

fn describe(finding: &Finding, scale: Scale, sign: &str, limit: f64) -> String {
    let text = |value: f64| scale.with_unit(value, finding.unit);
    let observed = finding.observed.map(|v| format!("Observed {}. ", text(v))).unwrap_or_default();
    let bounds = match (finding.lower, finding.upper) {
        (Some(low), Some(high)) => format!("Bounds {} to {}. ", text(low), text(high)),
        (Some(low), None) => format!("Lower bound {}. ", text(low)),
        (None, Some(high)) => format!("Upper bound {}. ", text(high)),
        (None, None) => String::new(),
    };
    format!("{observed}{bounds}Required {sign} {}.", scale.stated(limit, finding.unit))
}

#[cfg(test)]
mod tests;
