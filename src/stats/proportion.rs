//! Exact bounds for a proportion, and the counts that are consistent with a rounded proportion.

pub use super::count::{counted, float};

use super::{binomial, memo};

/// The exact one-sided lower bound of Clopper and Pearson (1934): the `alpha` quantile of
/// Beta(x, n − x + 1), and 0 when x is 0.
///
/// `None` if `trials` is 0, `successes` exceeds it, or `alpha` is not in (0, 1).
pub fn clopper_pearson_lower(successes: u64, trials: u64, alpha: f64) -> Option<f64> {
    check(successes, trials, alpha)?;
    if successes == 0 {
        return Some(0.0);
    }
    if successes == trials {
        // The whole tail is one term: alpha = p^n.
        return Some(libm::pow(alpha, 1.0 / float(trials)));
    }
    Some(memo::bound(successes, trials, alpha, || binomial::rate_of_tail(successes, trials, alpha)))
}

/// The exact one-sided upper bound of Clopper and Pearson (1934): the 1 − `alpha` quantile of
/// Beta(x + 1, n − x), and 1 when x is n.
///
/// `None` in the same cases as [`clopper_pearson_lower`].
pub fn clopper_pearson_upper(successes: u64, trials: u64, alpha: f64) -> Option<f64> {
    check(successes, trials, alpha)?;
    // By symmetry, the upper bound for successes is 1 minus the lower bound for failures.
    clopper_pearson_lower(trials - successes, trials, alpha).map(|lower| 1.0 - lower)
}

fn check(successes: u64, trials: u64, alpha: f64) -> Option<()> {
    (trials > 0 && successes <= trials && alpha > 0.0 && alpha < 1.0).then_some(())
}

/// The least and the greatest k in 0…`trials` with |k / trials − value| ≤ `rounding`: the counts
/// that a proportion written as `value` is consistent with. `None` if no count is, or `trials` is
/// 0.
pub fn counts_of(value: f64, trials: u64, rounding: f64) -> Option<(u64, u64)> {
    if trials == 0 || !value.is_finite() || !rounding.is_finite() || rounding < 0.0 {
        return None;
    }
    let n = float(trials);
    // 0.905 is within 0.005 of 0.91, but not in binary; a wider set of counts is the cautious
    // choice.
    let stands = |k: u64| (float(k) / n - value).abs() <= rounding + 4.0 * f64::EPSILON;
    // The division can be off by one at either end, so start one further out and apply the
    // definition.
    let low = count((n * (value - rounding)).ceil() - 1.0, trials);
    let high = count((n * (value + rounding)).floor() + 1.0, trials);
    let least = (low..=high.min(low + 2)).find(|k| stands(*k))?;
    let greatest = (high.saturating_sub(2).max(least)..=high).rev().find(|k| stands(*k))?;
    Some((least, greatest))
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0…trials first, and a float cast saturates"
)]
fn count(x: f64, trials: u64) -> u64 {
    x.clamp(0.0, float(trials)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: Option<f64>, want: f64) {
        let got = got.unwrap();
        assert!((got - want).abs() <= 1e-11 * want.abs().max(1e-3), "{got} against {want}");
    }

    /// Reference values: statsmodels.stats.proportion.proportion_confint(alpha=2α, method='beta')
    /// and scipy.stats.binomtest, checked against each other.
    #[test]
    fn agrees_with_statsmodels() {
        for (x, n, alpha, lower, upper) in [
            (45, 50, 0.05, 0.801_166_997_483_581_6, 0.959_763_409_597_885_4),
            (0, 20, 0.05, 0.0, 0.139_108_340_668_265_22),
            (20, 20, 0.05, 0.860_891_659_331_734_8, 1.0),
            (1, 1, 0.05, 0.05, 1.0),
            (0, 1, 0.05, 0.0, 0.95),
            (985, 1000, 0.05, 0.976_996_451_149_049_9, 0.990_731_569_019_478_3),
            (3, 7, 0.05, 0.128_756_392_804_242_7, 0.774_678_415_967_552_3),
            (99_990, 100_000, 0.01, 0.999_798_563_415_772_1, 0.999_958_697_002_632_8),
        ] {
            near(clopper_pearson_lower(x, n, alpha), lower);
            near(clopper_pearson_upper(x, n, alpha), upper);
        }
    }

    /// Reference values: scipy.stats.binomtest(...).proportion_ci(confidence_level=0.9,
    /// method='exact').
    #[test]
    fn agrees_with_scipy() {
        near(clopper_pearson_lower(1274, 1400, 0.05), 0.896_413_771_213_1);
        near(clopper_pearson_upper(1274, 1400, 0.05), 0.922_290_975_329_0);
        near(clopper_pearson_lower(59, 59, 0.05), 0.05_f64.powf(1.0 / 59.0));
        near(clopper_pearson_upper(0, 59, 0.05), 1.0 - 0.05_f64.powf(1.0 / 59.0));
    }

    #[test]
    fn no_trials_no_bound() {
        assert_eq!(clopper_pearson_lower(0, 0, 0.05), None);
        assert_eq!(clopper_pearson_upper(2, 1, 0.05), None);
        assert_eq!(clopper_pearson_upper(1, 2, f64::NAN), None);
    }

    #[test]
    fn a_rounded_value_stands_for_several_counts() {
        // 0.91 to two decimals on 1,400 rows: 0.905 … 0.915.
        assert_eq!(counts_of(0.91, 1400, 0.005), Some((1267, 1281)));
        assert_eq!(counts_of(0.625_730_994_152_046_8, 171, 1e-12), Some((107, 107)));
        assert_eq!(counts_of(0.5, 3, 1e-12), None);
        assert_eq!(counts_of(1.0, 10, 0.05), Some((10, 10)));
        assert_eq!(counts_of(0.0, 10, 0.5), Some((0, 5)));
    }
}
