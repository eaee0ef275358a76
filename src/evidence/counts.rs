//! Counts that a document does not state, but that its other numbers determine.

use crate::stats::proportion::{counts_of, float};

/// `x` as a count, if it is whole, not negative and exact as a double.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and within 0…2^53 first"
)]
pub fn whole(x: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    ((0.0..=EXACT).contains(&x) && x.fract() == 0.0).then_some(x as u64)
}

/// The one count k with |k / `trials` − `value`| ≤ `rounding`; `None` if no count or several fit.
pub fn only_count(value: f64, trials: u64, rounding: f64) -> Option<u64> {
    counts_of(value, trials, rounding)
        .and_then(|(least, greatest)| (least == greatest).then_some(least))
}

/// The one denominator d ≥ `successes` with |`successes` / d − `value`| ≤ `rounding`: the number of
/// predicted positives, from the true positives and a precision. `None` if no denominator or
/// several fit, and for 0 successes, because then every denominator gives zero.
pub fn only_denominator(successes: u64, value: f64, rounding: f64) -> Option<u64> {
    if successes == 0 || !(value > 0.0 && value <= 1.0) {
        return None;
    }
    let stands = |d: u64| d >= successes && (float(successes) / float(d) - value).abs() <= rounding;
    let nearest = whole((float(successes) / value).round())?;
    let alone = stands(nearest) && !stands(nearest + 1) && !(nearest > 0 && stands(nearest - 1));
    alone.then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_named_only_when_it_is_the_only_one() {
        assert_eq!(only_count(0.962_616_822_429_906_5, 107, 1e-12), Some(103));
        assert_eq!(only_count(0.96, 107, 0.005), Some(103));
        assert_eq!(only_count(0.96, 1_070, 0.005), None);
        assert_eq!(only_count(0.9, 20, 0.05), None);
        assert_eq!(only_count(0.5, 3, 1e-12), None);
    }

    #[test]
    fn a_denominator_is_named_only_when_it_is_the_only_one() {
        assert_eq!(only_denominator(103, 0.971_698_113_207_547_2, 1e-12), Some(106));
        assert_eq!(only_denominator(1_030, 0.97, 0.005), None);
        assert_eq!(only_denominator(0, 0.0, 1e-12), None);
        assert_eq!(only_denominator(7, 1.0, 1e-12), Some(7));
        assert_eq!(only_denominator(3, 0.7, 1e-12), None);
    }

    #[test]
    fn only_whole_numbers_are_counts() {
        assert_eq!(
            [64.0, 0.0, -0.0, 0.5, -1.0, 1e300, f64::NAN].map(whole),
            [Some(64), Some(0), Some(0), None, None, None, None]
        );
    }
}
