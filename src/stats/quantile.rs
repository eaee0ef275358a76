//! Quantiles of a sample, and bounds for the true quantile that assume nothing about its
//! distribution.

use super::{Undefined, binomial::upper_tail, proportion::float};

/// Tails closer to `alpha` than this are equal to it: 0.9 and 0.1 add up to 1 in decimal, but not
/// in binary.
const SAME: f64 = 1e-13;

/// The ranks (starting at 1) of the order statistics that bound the `q` quantile of `n` samples,
/// each one-sided at `alpha` (Conover 1999, §3.2): the upper rank is the least u with P(X ≥ u) ≤ α,
/// and the lower rank the least l with P(X ≤ l) ≥ α, for X binomial with n trials at q. `None` if
/// the sample is too small for that bound.
pub fn ranks(n: u64, q: f64, alpha: f64) -> (Option<u64>, Option<u64>) {
    if n == 0 || !(0.0..=1.0).contains(&q) || !(alpha > 0.0 && alpha < 1.0) {
        return (None, None);
    }
    let upper = least(n, |k| upper_tail(k.saturating_add(1), n, q) <= alpha * (1.0 + SAME))
        .saturating_add(1);
    let lower = least(n, |k| upper_tail(n - k, n, 1.0 - q) >= alpha * (1.0 - SAME));
    ((lower >= 1).then_some(lower), (upper <= n).then_some(upper))
}

/// The least k in 0…`n` for which `holds` is true. `holds` must be true from some k on, and at `n`.
fn least(n: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The least number of samples with an upper bound for their `q` quantile at `alpha`: the least n
/// with qⁿ ≤ α, for example 299 for the 99th percentile at 0.05. `None` if no number suffices, or
/// more than 2^53 are needed.
pub fn least_samples(q: f64, alpha: f64) -> Option<u64> {
    const MOST: u64 = 1 << 53;
    if !(q > 0.0 && q < 1.0 && alpha > 0.0 && alpha < 1.0) {
        return None;
    }
    let enough = |n: u64| n > 0 && ranks(n, q, alpha).1.is_some();
    enough(MOST).then(|| least(MOST, enough))
}

/// The `q` quantile of sorted values by linear interpolation: type 7 of Hyndman and Fan (1996),
/// NumPy's default. `None` without values, or if `q` is not in [0, 1].
pub fn type7(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    if !(0.0..=1.0).contains(&q) {
        return None;
    }
    let place = length(last) * q;
    let below = whole(place.floor()).min(last);
    let low = *sorted.get(below)?;
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    let rest = place - place.floor();
    // Interpolate from the nearer end, so that the result stays between the two values.
    let (near, value) = if rest >= 0.5 {
        (high, high - (high - low) * (1.0 - rest))
    } else {
        (low, low + (high - low) * rest)
    };
    // Between infinite neighbours, interpolation is not possible.
    Some(if rest <= 0.0 || low >= high || value.is_nan() { near } else { value })
}

/// A quantile and its bounds, as far as the sample is large enough for them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// The quantile of the sample.
    pub estimate: f64,
    /// The order statistic that is a lower bound of the true quantile.
    pub lower: Option<f64>,
    /// The order statistic that is an upper bound of the true quantile.
    pub upper: Option<f64>,
}

/// The `q` quantile of a histogram whose buckets (low edge, high edge, count) are sorted and do not
/// overlap. The lower bound is the low edge of the bucket that contains the lower rank; the upper
/// bound is the high edge of the bucket that contains the upper rank; the estimate is the high edge
/// of the bucket that contains the rank ⌈qn⌉. Nothing is assumed about positions within a bucket.
pub fn of_buckets(buckets: &[(f64, f64, u64)], q: f64, alpha: f64) -> Result<Quantile, Undefined> {
    let n = buckets
        .iter()
        .try_fold(0_u64, |sum, b| sum.checked_add(b.2))
        .ok_or(Undefined::InvalidInput)?;
    if n == 0 {
        return Err(Undefined::EmptySample);
    }
    if buckets.iter().any(|(low, high, _)| low.is_nan() || high.is_nan()) {
        return Err(Undefined::NonFinite);
    }
    let proper = (0.0..=1.0).contains(&q) && alpha > 0.0 && alpha < 1.0;
    if !proper || buckets.iter().any(|b| b.0 > b.1) {
        return Err(Undefined::InvalidInput);
    }
    let holds = |rank: u64| {
        let mut before = 0_u64;
        buckets.iter().find(|bucket| {
            before = before.saturating_add(bucket.2);
            before >= rank
        })
    };
    let (lower, upper) = ranks(n, q, alpha);
    let middle = wide((float(n) * q).ceil()).clamp(1, n);
    Ok(Quantile {
        estimate: holds(middle).ok_or(Undefined::EmptySample)?.1,
        lower: lower.and_then(holds).map(|bucket| bucket.0),
        upper: upper.and_then(holds).map(|bucket| bucket.1),
    })
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "lengths stay below 2^53")]
fn length(length: usize) -> f64 {
    length as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and a float cast saturates"
)]
fn whole(x: f64) -> usize {
    x as usize
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and a float cast saturates"
)]
fn wide(x: f64) -> u64 {
    x as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The `q` quantile of sorted values, with the bounds from [`ranks`].
    fn of_sorted(sorted: &[f64], q: f64, alpha: f64) -> Quantile {
        let (lower, upper) = ranks(sorted.len() as u64, q, alpha);
        let at = |rank: u64| sorted.get(usize::try_from(rank).unwrap() - 1).copied();
        let estimate = type7(sorted, q).unwrap();
        Quantile { estimate, lower: lower.and_then(at), upper: upper.and_then(at) }
    }

    /// Reference values: scipy.stats.binom.ppf(alpha) and binom.isf(alpha) + 1.
    #[test]
    fn ranks_agree_with_scipy() {
        assert_eq!(ranks(400, 0.99, 0.05), (Some(392), Some(400)));
        assert_eq!(ranks(10_000_000, 0.999, 0.01), (Some(9_989_767), Some(9_990_233)));
        assert_eq!(
            ranks(1_000_000_000_000, 0.5, 0.05),
            (Some(499_999_177_573), Some(500_000_822_428))
        );
        assert_eq!(ranks(0, 0.5, 0.05), (None, None));
        assert_eq!(ranks(9, f64::NAN, 0.05), (None, None));
    }

    /// 0.99^298 is above 0.05, 0.99^299 is not.
    #[test]
    fn the_least_samples() {
        assert_eq!(least_samples(0.99, 0.05), Some(299));
        assert_eq!(least_samples(0.95, 0.05), Some(59));
        assert_eq!(least_samples(0.5, 0.5), Some(1));
        assert_eq!(
            [least_samples(1.0, 0.05), least_samples(0.0, 0.05), least_samples(0.5, 0.0)],
            [None; 3]
        );
    }

    #[test]
    fn a_histogram_bounds_what_its_samples_do() {
        let values: Vec<f64> = (0..1_000).map(f64::from).collect();
        let buckets: Vec<(f64, f64, u64)> =
            (0..100).map(|i| (f64::from(i) * 10.0, f64::from(i) * 10.0 + 9.0, 10)).collect();
        for q in [0.5, 0.9, 0.99] {
            let (raw, binned) =
                (of_sorted(&values, q, 0.05), of_buckets(&buckets, q, 0.05).unwrap());
            let (low, high) = (
                raw.lower.unwrap() - binned.lower.unwrap(),
                binned.upper.unwrap() - raw.upper.unwrap(),
            );
            assert!(
                (0.0..10.0).contains(&low) && (0.0..10.0).contains(&high),
                "{raw:?}, {binned:?}"
            );
            assert!((binned.estimate - raw.estimate).abs() < 10.0);
        }
        assert_eq!(
            of_buckets(&[(0.0, 1.0, 40)], 0.99, 0.05).unwrap().upper,
            None,
            "a p99 of 40 samples"
        );
        assert_eq!(of_buckets(&[(0.0, 1.0, 0)], 0.5, 0.05), Err(Undefined::EmptySample));
        assert_eq!(of_buckets(&[(1.0, 0.0, 9)], 0.5, 0.05), Err(Undefined::InvalidInput));
        assert_eq!(of_buckets(&[(f64::NAN, 0.0, 9)], 0.5, 0.05), Err(Undefined::NonFinite));
    }

    #[test]
    fn nothing_between_infinite_neighbours_is_nan() {
        let inf = f64::INFINITY;
        assert_eq!(type7(&[1.0, 2.0, inf], 0.5), Some(2.0));
        assert_eq!(
            [type7(&[1.0, inf], 0.7), type7(&[-inf, 1.0], 0.2), type7(&[inf, inf], 0.5)],
            [Some(inf), Some(-inf), Some(inf)]
        );
        assert_eq!([type7(&[], 0.5), type7(&[1.0], 1.5), type7(&[1.0], f64::NAN)], [None; 3]);
    }
}
