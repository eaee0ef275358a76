//! The geometry of an operating curve: how likely each answer of a rule is, by the true value.

use super::numbers::Scale;
use crate::model::number::{grouped, round12};
use serde::Serialize;

/// The chances of the three answers at one true value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Chance {
    /// The true value.
    pub rate: f64,
    /// The chance of pass.
    pub pass: f64,
    /// The chance of fail.
    pub fail: f64,
    /// The chance of neither.
    pub inconclusive: f64,
}

/// The subject of a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// The metric.
    pub metric: &'a str,
    /// Its limit.
    pub limit: f64,
    /// Whether the limit is a minimum, not a maximum.
    pub at_least: bool,
    /// The sample size.
    pub n: u64,
    /// The one-sided confidence.
    pub confidence: f64,
}

/// A curve, ready to be drawn on [`OperatingCurve::width`] × [`OperatingCurve::height`] units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperatingCurve {
    /// What it shows, in a few words.
    pub title: String,
    /// The same in sentences, for readers who do not see the drawing.
    pub desc: String,
    /// The whole width.
    pub width: f64,
    /// The whole height.
    pub height: f64,
    /// The drawing area: left, top, right, bottom.
    pub left: f64,
    /// Its top.
    pub top: f64,
    /// Its right side.
    pub right: f64,
    /// Its bottom.
    pub bottom: f64,
    /// The lines: pass, fail, inconclusive.
    pub lines: Vec<Line>,
    /// The place of the limit.
    pub limit: Tick,
    /// Along the true value.
    pub across: Vec<Tick>,
    /// Along the probability.
    pub up: Vec<Tick>,
    /// The metric, under the axis.
    pub axis: String,
}

/// One line of a curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// `pass`, `fail` or `inconclusive`.
    pub kind: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Its points as SVG has them.
    pub points: String,
    /// The place of its name in the legend.
    pub legend: f64,
}

/// A labelled place on an axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tick {
    /// Its position.
    pub at: f64,
    /// Its label.
    pub label: String,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 704.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 344.0;

/// Draws `chances`, which ascend by rate.
pub fn curve(subject: &Subject<'_>, chances: &[Chance]) -> OperatingCurve {
    let low = chances.first().map_or(0.0, |c| c.rate);
    let high = chances.last().map_or(1.0, |c| c.rate).max(low + 1e-12);
    let x = |rate: f64| hundredth(LEFT + (rate - low) / (high - low) * (RIGHT - LEFT));
    let y = |chance: f64| hundredth(BOTTOM - chance.clamp(0.0, 1.0) * (BOTTOM - TOP));
    let line = |kind, name, legend, of: fn(&Chance) -> f64| {
        let points: Vec<String> =
            chances.iter().map(|c| format!("{},{}", x(c.rate), y(of(c)))).collect();
        Line { kind, name, points: points.join(" "), legend }
    };
    let scale = Scale::decimals(if high - low < 0.1 { 3 } else { 2 });
    let across = (0..=4_u32).map(|i| low + (high - low) * f64::from(i) / 4.0);
    OperatingCurve {
        title: format!("{}: what {} samples decide", subject.rule, grouped(subject.n)),
        desc: desc(subject, chances),
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        top: TOP,
        right: RIGHT,
        bottom: BOTTOM,
        lines: vec![
            line("pass", "passes", 0.0, |c| c.pass),
            line("fail", "fails", 110.0, |c| c.fail),
            line("inconclusive", "not enough data", 220.0, |c| c.inconclusive),
        ],
        limit: Tick { at: x(subject.limit), label: format!("limit {}", round12(subject.limit)) },
        across: across
            .map(|rate| Tick { at: x(rate), label: scale.with_unit(rate, None) })
            .collect(),
        up: [0.0, 0.25, 0.5, 0.75, 1.0]
            .map(|p| Tick { at: y(p), label: format!("{:.0}%", p * 100.0) })
            .to_vec(),
        axis: format!("true {}", subject.metric),
    }
}

fn hundredth(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

fn desc(subject: &Subject<'_>, chances: &[Chance]) -> String {
    let side = if subject.at_least { "at least" } else { "at most" };
    let half = chances.iter().filter(|c| c.pass >= 0.8);
    let settled = if subject.at_least {
        half.map(|c| c.rate).reduce(f64::min)
    } else {
        half.map(|c| c.rate).reduce(f64::max)
    };
    let power = settled.map_or_else(
        || "no true value passes four times in five".to_owned(),
        |rate| {
            format!(
                "a true value of {} passes four times in five",
                round12((rate * 1e4).round() / 1e4)
            )
        },
    );
    format!(
        "{} must be {side} {}. On {} samples at {}% confidence a true value at the limit passes at most {}% of the time; \
         {power}.",
        subject.metric,
        round12(subject.limit),
        grouped(subject.n),
        round12(subject.confidence * 100.0),
        round12((1.0 - subject.confidence) * 100.0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject<'static> {
        Subject {
            rule: "floor",
            metric: "accuracy",
            limit: 0.9,
            at_least: true,
            n: 1000,
            confidence: 0.95,
        }
    }

    #[test]
    fn points_lie_where_their_chances_are() {
        let at = |rate, pass| Chance { rate, pass, fail: 0.0, inconclusive: 1.0 - pass };
        let drawn = curve(&subject(), &[at(0.8, 0.0), at(0.9, 0.5), at(1.0, 1.0)]);
        assert_eq!(drawn.lines[0].points, "56,344 380,204 704,64");
        assert_eq!(drawn.limit.at, 380.0);
        assert_eq!(
            (drawn.across[0].label.as_str(), drawn.across[4].label.as_str()),
            ("0.80", "1.00")
        );
        assert!(
            drawn.desc.contains("a true value of 1 passes four times in five"),
            "{}",
            drawn.desc
        );
    }

    #[test]
    fn nothing_to_draw_is_still_a_drawing() {
        let drawn = curve(&subject(), &[]);
        assert_eq!(drawn.lines[0].points, "");
        assert!(drawn.desc.contains("no true value passes"), "{}", drawn.desc);
    }
}
