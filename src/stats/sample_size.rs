//! The number of samples that would settle a proportion, and the number of failures they can
//! contain.

use super::{binomial::upper_tail, normal, proportion::float};

/// A size above 2^53 is not useful advice.
const MOST: f64 = 9_007_199_254_740_992.0;

/// A tail that exceeds `alpha` by less than this is equal to it: the computation is not more exact.
const SAME: f64 = 1e-13;

/// The side of the limit that a proportion must be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The lower bound must reach the limit.
    AtLeast,
    /// The upper bound must not exceed the limit.
    AtMost,
}

/// The total number of samples at which a proportion with true rate `rate` is shown, with
/// probability `power`, to be on the `side` of `limit`: the one-sided normal sample size
/// `n = ((z_α√(t(1−t)) + z_β√(p(1−p))) / (p − t))²` (Fleiss, Levin and Paik 2003, §2.3), but at
/// least the smallest size that passes without a failure. `None` if the rate is not on that side,
/// or no size suffices.
pub fn total_needed(rate: f64, limit: f64, side: Side, alpha: f64, power: f64) -> Option<u64> {
    let reachable = match side {
        Side::AtLeast => rate > limit,
        Side::AtMost => rate < limit,
    };
    if !reachable {
        return None;
    }
    let deviation = |p: f64| (p * (1.0 - p)).max(0.0).sqrt();
    let root = normal::upper_quantile(alpha) * deviation(limit)
        + normal::quantile(power) * deviation(rate);
    let share = root.max(0.0) / (rate - limit);
    let total = whole(share * share)?;
    Some(total.max(least_perfect(limit, side, alpha)?))
}

/// The least number of samples that shows, without a single failure, that the proportion is on the
/// `side` of `limit`: ⌈ln α / ln t⌉, adjusted until it agrees with the exact bound of Clopper and
/// Pearson.
pub fn least_perfect(limit: f64, side: Side, alpha: f64) -> Option<u64> {
    let t = match side {
        Side::AtLeast => limit,
        Side::AtMost => 1.0 - limit,
    };
    if t <= 0.0 {
        return Some(1);
    }
    let guess = whole(libm::log(alpha) / libm::log(t) - 1e-12)?.max(1);
    let near = guess.saturating_sub(2).max(1)..=guess.saturating_add(2);
    near.into_iter().find(|n| clears(0, *n, limit, side, alpha))
}

/// The largest number of failures out of `trials` with which the exact bound still clears `limit`;
/// `None` if it does not even with 0 failures.
pub fn allowed_failures(trials: u64, limit: f64, side: Side, alpha: f64) -> Option<u64> {
    if !clears(0, trials, limit, side, alpha) {
        return None;
    }
    let (mut most, mut too_many) = (0, trials.saturating_add(1));
    while too_many - most > 1 {
        let middle = most + (too_many - most) / 2;
        if clears(middle, trials, limit, side, alpha) {
            most = middle;
        } else {
            too_many = middle;
        }
    }
    Some(most)
}

/// Whether the exact bound clears `limit` with this many failures, where a failure speaks against
/// the side: a result at least this good must have a probability of at most `alpha` at a rate equal
/// to the limit.
fn clears(failures: u64, trials: u64, limit: f64, side: Side, alpha: f64) -> bool {
    let rate = match side {
        Side::AtLeast => limit,
        Side::AtMost => 1.0 - limit,
    };
    if trials == 0 || failures > trials {
        return false;
    }
    if failures == 0 {
        return libm::pow(alpha, 1.0 / float(trials)) >= rate;
    }
    rate <= 0.0 || upper_tail(trials - failures, trials, rate) <= alpha * (1.0 + SAME)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 2^53, checked first"
)]
fn whole(x: f64) -> Option<u64> {
    let up = x.ceil();
    (0.0..=MOST).contains(&up).then_some(up as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: statsmodels.stats.power.normal_sample_size_one_tail, at least
    /// `least_perfect`.
    #[test]
    fn agrees_with_statsmodels() {
        assert_eq!(total_needed(0.925, 0.9, Side::AtLeast, 0.05, 0.8), Some(819));
        assert_eq!(total_needed(1.0, 0.95, Side::AtLeast, 0.05, 0.8), Some(59));
        assert_eq!(total_needed(0.0125, 0.02, Side::AtMost, 0.05, 0.8), Some(1864));
        assert_eq!(total_needed(0.0225, 0.02, Side::AtMost, 0.05, 0.8), None);
        assert_eq!(total_needed(0.9, 0.9, Side::AtLeast, 0.05, 0.8), None);
    }

    /// Reference values: ⌈ln α / ln t⌉, checked with scipy.stats.beta.ppf.
    #[test]
    fn the_least_perfect_size() {
        for (limit, alpha, size) in
            [(0.95, 0.05, 59), (0.9, 0.05, 29), (0.999, 0.01, 4603), (0.5, 0.05, 5)]
        {
            assert_eq!(least_perfect(limit, Side::AtLeast, alpha), Some(size), "{limit}");
        }
        assert_eq!(least_perfect(1.0, Side::AtLeast, 0.05), None);
        assert_eq!(least_perfect(0.0, Side::AtMost, 0.05), None);
    }

    /// Reference values: a scan of scipy.stats.beta.ppf.
    #[test]
    fn the_most_failures() {
        let most = |n, t| allowed_failures(n, t, Side::AtLeast, 0.05);
        assert_eq!(
            [most(1000, 0.95), most(58, 0.95), most(59, 0.95), most(300, 0.9)],
            [Some(38), None, Some(0), Some(21)]
        );
    }

    #[test]
    fn nonsense_gives_nothing() {
        assert_eq!(total_needed(f64::NAN, 0.9, Side::AtLeast, 0.05, 0.8), None);
        assert_eq!(total_needed(0.900_000_000_1, 0.9, Side::AtLeast, 0.05, 0.8), None);
        assert_eq!(allowed_failures(0, 0.9, Side::AtLeast, 0.05), None);
    }
}
