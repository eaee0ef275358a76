//! Adverse impact: New York City's Local Law 144 (6 RCNY 5-300 and 5-301) and the four-fifths rule of the Uniform
//! Guidelines (29 CFR 1607.4(D)). Shares are compared as whole numbers: 0.64 / 0.8 is below 0.8 in binary.

use super::{Undefined, proportion::float};

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
        assert_eq!(
            impact_ratio(&[category(3, 4)], Share { part: 2, of: 100 }),
            Err(Undefined::InvalidInput)
        );
    }
}
