//! Adverse impact: New York City's Local Law 144 (6 RCNY 5-300 and 5-301) and the four-fifths rule of the Uniform
//! Guidelines (29 CFR 1607.4(D)). Shares are compared as whole numbers: 0.64 / 0.8 is below 0.8 in binary.

use super::{
    Undefined, proportion::float, quantile::type7, ruling::Ruling, two_proportions::koopman_ratio,
};
use std::collections::BTreeMap;

/// One category of applicants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// The name of the category.
    pub name: String,
    /// The number of people in it.
    pub n: u64,
    /// The number of people selected.
    pub selected: u64,
}

/// A share of the whole sample as an exact fraction, e.g. 2 of 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The numerator.
    pub part: u64,
    /// The denominator, not 0.
    pub of: u64,
}

/// The two percent of 6 RCNY 5-301(d): a category with a smaller share can be left out.
pub const TWO_PERCENT: Share = Share { part: 2, of: 100 };

impl Share {
    /// The exact value of the shortest decimal that represents `x`, so that 0.02 is 2 / 100. `None`
    /// if `x` is not in [0, 1] or needs more than 18 decimals.
    pub fn of_decimal(x: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&x) {
            return None;
        }
        let text = format!("{x}");
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let of = 10_u64.checked_pow(u32::try_from(decimals.len()).ok()?)?;
        Some(Self { part: format!("{whole}{decimals}").parse().ok()?, of })
    }
}

/// The result for one category.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The category.
    pub name: String,
    /// Its selection rate; `None` if the category is empty.
    pub rate: Option<f64>,
    /// Whether it is left out of the comparison: it is empty, or its share is too small.
    pub excluded: bool,
    /// Its rate divided by the highest rate of the included categories; `None` if it is excluded or
    /// no one was selected.
    pub impact_ratio: Option<f64>,
    /// Whether the ratio is below 4/5, compared exactly.
    pub below_four_fifths: Option<bool>,
}

/// The impact ratio of every category, in the given order: its rate divided by the highest rate of
/// the categories whose share of all people is at least `least`. If no one in those categories was
/// selected, there are no ratios ([`Undefined::ZeroRates`]).
pub fn impact_ratio(
    categories: &[Category],
    least: Share,
) -> Result<(Vec<Line>, Option<Undefined>), Undefined> {
    let total: u128 = categories.iter().map(|c| u128::from(c.n)).sum();
    if total == 0 {
        return Err(Undefined::EmptySample);
    }
    if least.of == 0 || categories.iter().any(|c| c.selected > c.n) {
        return Err(Undefined::InvalidInput);
    }
    let included = |c: &Category| -> Result<bool, Undefined> {
        let share = total.checked_mul(u128::from(least.part)).ok_or(Undefined::InvalidInput)?;
        Ok(c.n > 0 && u128::from(c.n) * u128::from(least.of) >= share)
    };
    let mut top = Share { part: 0, of: 1 };
    for c in categories {
        if included(c)? && product(c.selected, top.of) > product(top.part, c.n) {
            top = Share { part: c.selected, of: c.n };
        }
    }
    let mut lines = Vec::new();
    for c in categories {
        let rate = (c.n > 0).then(|| float(c.selected) / float(c.n));
        let counts = included(c)? && top.part > 0;
        // s/n divided by t/m is s·m divided by n·t.
        let (above, below) = (product(c.selected, top.of), product(c.n, top.part));
        let four_fifths =
            above.checked_mul(5).zip(below.checked_mul(4)).ok_or(Undefined::InvalidInput)?;
        lines.push(Line {
            name: c.name.clone(),
            rate,
            excluded: !included(c)?,
            impact_ratio: rate
                .filter(|_| counts)
                .map(|rate| rate / (float(top.part) / float(top.of))),
            below_four_fifths: counts.then_some(four_fifths.0 < four_fifths.1),
        });
    }
    Ok((lines, (top.part == 0).then_some(Undefined::ZeroRates)))
}

fn product(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

/// The scoring rates of a continuous outcome (6 RCNY 5-300): the share of each category above the
/// median of all scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Scoring {
    /// The median of the whole sample.
    pub median: f64,
    /// By category, sorted by name: the number strictly above the median, and the size of the
    /// category.
    pub above: Vec<(String, u64, u64)>,
}

impl Scoring {
    /// The scoring rate of each category.
    pub fn rates(&self) -> impl Iterator<Item = (&str, f64)> {
        self.above.iter().map(|(name, above, n)| (name.as_str(), float(*above) / float(*n)))
    }

    /// Each category's rate divided by the highest; `None` if no one is above the median.
    pub fn impact_ratios(&self) -> impl Iterator<Item = (&str, Option<f64>)> {
        let top = self.rates().fold(0.0, |top, (_, rate)| f64::max(top, rate));
        self.rates().map(move |(name, rate)| (name, (top > 0.0).then(|| rate / top)))
    }
}

/// The scoring rates of these rows. A score equal to the median is not above it.
pub fn scoring_rate(scores: &[f64], group: &[&str]) -> Result<Scoring, Undefined> {
    if scores.iter().any(|s| !s.is_finite()) {
        return Err(Undefined::NonFinite);
    }
    if scores.len() != group.len() {
        return Err(Undefined::InvalidInput);
    }
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let median = type7(&sorted, 0.5).ok_or(Undefined::EmptySample)?;
    let mut counts = BTreeMap::<&str, (u64, u64)>::new();
    for (score, group) in scores.iter().zip(group) {
        let (above, n) = counts.entry(group).or_default();
        *above += u64::from(*score > median);
        *n += 1;
    }
    let above = counts.into_iter().map(|(name, (above, n))| (name.to_owned(), above, n)).collect();
    Ok(Scoring { median, above })
}

/// The result of the gate on impact ratios.
#[derive(Debug, Clone, PartialEq)]
pub struct Worst {
    /// Pass if every ratio of two categories is shown to be at least the limit; fail if one is
    /// shown to be below it.
    pub ruling: Ruling,
    /// The lowest of all lower bounds.
    pub lower: f64,
    /// The pair with that bound: the ratio is the first category's rate divided by the second's.
    pub pair: (String, String),
}

/// Checks the ratio of every ordered pair of categories against `ratio` with Koopman's bounds, each
/// one-sided at `alpha`: pass if every lower bound reaches it, fail if an upper bound does not. All
/// pairs must hold, so no correction for their number is needed (intersection–union, Berger 1982).
/// The ratio of a pair in which a category is empty, or no one was selected, can have any value.
/// `Err` with fewer than two categories.
pub fn four_fifths_gate(
    categories: &[Category],
    ratio: f64,
    alpha: f64,
) -> Result<Worst, Undefined> {
    let mut worst: Option<Worst> = None;
    let mut ruling = Ruling::Pass;
    for (i, g) in categories.iter().enumerate() {
        for (j, h) in categories.iter().enumerate() {
            if i == j {
                continue;
            }
            if g.selected > g.n || h.selected > h.n || !(alpha > 0.0 && alpha < 0.5) {
                return Err(Undefined::InvalidInput);
            }
            let bounds = koopman_ratio(g.selected, g.n, h.selected, h.n, alpha);
            let (lower, upper) = bounds.map_or((0.0, f64::INFINITY), |b| (b.lower, b.upper));
            if worst.as_ref().is_none_or(|w| lower < w.lower) {
                worst = Some(Worst { ruling, lower, pair: (g.name.clone(), h.name.clone()) });
            }
            ruling = if upper < ratio || ruling == Ruling::Fail {
                Ruling::Fail
            } else if lower >= ratio {
                ruling
            } else {
                Ruling::Inconclusive
            };
        }
    }
    worst.map(|worst| Worst { ruling, ..worst }).ok_or(Undefined::SingleGroup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_what_it_says() {
        assert_eq!(Share::of_decimal(0.02), Some(Share { part: 2, of: 100 }));
        assert_eq!(Share::of_decimal(0.0), Some(Share { part: 0, of: 1 }));
        assert_eq!(Share::of_decimal(1.0), Some(Share { part: 1, of: 1 }));
        assert_eq!(Share::of_decimal(1e-7), Some(Share { part: 1, of: 10_000_000 }));
        assert_eq!(
            [Share::of_decimal(1.5), Share::of_decimal(-0.1), Share::of_decimal(f64::NAN)],
            [None; 3]
        );
    }

    /// 14/25 divided by 35/50 is 4/5, but 0.56 / 0.7 is not 0.8 in binary. The same holds for
    /// counts that floats cannot distinguish.
    #[test]
    fn shares_are_compared_exactly() {
        let category = |n: u64, selected| Category { name: n.to_string(), n, selected };
        let below =
            |a, b| impact_ratio(&[a, b], Share { part: 0, of: 1 }).unwrap().0[1].below_four_fifths;
        assert_eq!(below(category(50, 35), category(25, 14)), Some(false));
        let huge = 1 << 53;
        assert_eq!(
            below(category(huge, huge), category(5 * (huge / 8), 4 * (huge / 8))),
            Some(false)
        );
        assert_eq!(
            below(category(huge, huge), category(5 * (huge / 8), 4 * (huge / 8) - 1)),
            Some(true)
        );
        assert_eq!(impact_ratio(&[category(3, 4)], TWO_PERCENT), Err(Undefined::InvalidInput));
    }

    #[test]
    fn a_gate_needs_two() {
        assert_eq!(four_fifths_gate(&[], 0.8, 0.05), Err(Undefined::SingleGroup));
        let nobody = ["a", "b"].map(|name| Category { name: name.to_owned(), n: 0, selected: 0 });
        assert_eq!(four_fifths_gate(&nobody, 0.8, 0.05).unwrap().ruling, Ruling::Inconclusive);
    }
}
