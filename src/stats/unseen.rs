//! Bounds that allow for one row that was not seen.
//!
//! Gaffke (2005) bounds the mean of numbers in a known range by adding the worst possible number
//! to the sample and weighting all of them with the Bayesian bootstrap (Rubin 1981): the bound is a
//! quantile of the weighted mean. For zeros and ones this is exactly the bound of Clopper and
//! Pearson; for a large sample it is the normal one. It needs no shape of the distribution, and it
//! does not shrink to a point when every row agrees.
//!
//! Here the same is done for statistics of two samples: the unseen row is in the smaller one, where
//! a row counts most. That the bounds of these hold is shown by simulation (`docs/coverage.md`).

use super::{
    Undefined, gamma,
    proportion::{counted, float},
};
use libm::{exp, log};

/// A row that was not seen: the value that it would have, and the number of rows it would join.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unseen {
    /// The value of the statistic if this row were all there is.
    pub value: f64,
    /// How many rows share the weight with it; need not be whole if rows depend on each other.
    pub rows: f64,
}

/// The lower bound, one-sided at `alpha`, of a mean whose replicates without the unseen row are
/// `replicates`: the t with P((1 − D) r + D v ≤ t) = `alpha`, where D is the weight of the unseen
/// row, Beta(1, rows), and r is one of the replicates, each equally probable.
///
/// # Errors
/// Without replicates, if one is not finite, or if `alpha` is not in (0, 1/2).
pub fn lower(replicates: &[f64], unseen: Unseen, alpha: f64) -> Result<f64, Undefined> {
    check(replicates, alpha)?;
    let most = replicates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut low, mut high) = (unseen.value.min(most), most);
    let size = float(counted(replicates.len()));
    // Halving a range 50 times leaves less than the last digit that is kept.
    for _ in 0..50 {
        let t = f64::midpoint(low, high);
        if t <= low || t >= high {
            break;
        }
        let below = |r: &f64| {
            if *r <= t {
                1.0
            } else {
                exp(unseen.rows * log((t - unseen.value) / (r - unseen.value)))
            }
        };
        let share: f64 = replicates.iter().map(below).sum();
        if share > alpha * size {
            high = t;
        } else {
            low = t;
        }
    }
    Ok(far(low, replicates, unseen, alpha))
}

/// The upper bound: the mirror image of [`lower`].
///
/// # Errors
/// As for [`lower`].
pub fn upper(replicates: &[f64], unseen: Unseen, alpha: f64) -> Result<f64, Undefined> {
    let mirrored: Vec<f64> = replicates.iter().map(|r| -r).collect();
    lower(&mirrored, Unseen { value: -unseen.value, ..unseen }, alpha).map(|bound| -bound)
}

/// The `alpha` quantile of replicates that contain their unseen row already: the value that at most
/// a share `alpha` of all replicates, seen or not, is expected to be below. Sorts the replicates.
///
/// # Errors
/// As for [`lower`].
pub fn quantile(replicates: &mut [f64], alpha: f64) -> Result<f64, Undefined> {
    check(replicates, alpha)?;
    replicates.sort_unstable_by(f64::total_cmp);
    let place = alpha * (float(counted(replicates.len())) + 1.0);
    let least = replicates.first().copied().ok_or(Undefined::EmptySample)?;
    if place < 1.0 {
        return Ok(least.min(fitted(&moments(replicates), alpha)));
    }
    Ok(replicates.get(whole(place) - 1).copied().unwrap_or(least))
}

/// The 1 − `alpha` quantile: the mirror image of [`quantile`].
///
/// # Errors
/// As for [`lower`].
pub fn upper_quantile(replicates: &mut [f64], alpha: f64) -> Result<f64, Undefined> {
    for replicate in replicates.iter_mut() {
        *replicate = -*replicate;
    }
    quantile(replicates, alpha).map(|bound| -bound)
}

fn check(replicates: &[f64], alpha: f64) -> Result<(), Undefined> {
    if replicates.is_empty() {
        return Err(Undefined::EmptySample);
    }
    if !(alpha > 0.0 && alpha < 0.5) {
        return Err(Undefined::InvalidInput);
    }
    if replicates.iter().all(|r| r.is_finite()) { Ok(()) } else { Err(Undefined::NonFinite) }
}

/// Far out in the tail, where there are no replicates, the tail of a distribution with the same
/// mean, variance and skewness continues it.
fn far(bound: f64, replicates: &[f64], unseen: Unseen, alpha: f64) -> f64 {
    if alpha * (float(counted(replicates.len())) + 1.0) >= 1.0 {
        return bound;
    }
    bound.min(fitted(&with(moments(replicates), unseen), alpha))
}

/// The mean, the variance and the third central moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// The mean.
    pub mean: f64,
    /// The variance.
    pub variance: f64,
    /// The third central moment.
    pub third: f64,
}

fn moments(values: &[f64]) -> Moments {
    let n = float(counted(values.len()));
    let mean = values.iter().sum::<f64>() / n;
    let central = |power: i32| values.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
    Moments { mean, variance: central(2), third: central(3) }
}

/// The moments of (1 − D) r + D v, up to terms of a higher order.
fn with(of: Moments, unseen: Unseen) -> Moments {
    let n = unseen.rows;
    let away = unseen.value - of.mean;
    let share = 1.0 / (n + 1.0);
    Moments {
        mean: of.mean + away * share,
        variance: of.variance + away * away * n / ((n + 1.0) * (n + 1.0) * (n + 2.0)),
        third: of.third + 2.0 * (away * share) * (away * share) * (away * share),
    }
}

/// The `alpha` quantile of a shifted gamma distribution with these moments.
pub fn fitted(of: &Moments, alpha: f64) -> f64 {
    of.mean + of.variance.sqrt() * gamma::standardised(of.third / of.variance.powf(1.5), alpha)
}

/// The moments of a weighted mean of these sums of powers (of the rows' distances from any centre),
/// with Dirichlet weights, to which one unseen row at `away` from the centre is added.
///
/// For samples too large to be resampled. `None` with fewer than two rows.
pub fn of_sums(rows: u64, [first, second, third]: [f64; 3], away: f64) -> Option<Moments> {
    if rows < 2 {
        return None;
    }
    let n = float(rows) + 1.0;
    let (first, second, third) = (first + away, second + away * away, third + away * away * away);
    let mean = first / n;
    let squares = (second - n * mean * mean).max(0.0);
    let cubes = third - 3.0 * mean * second + 2.0 * n * mean * mean * mean;
    Some(Moments {
        mean,
        variance: squares / (n * (n + 1.0)),
        third: 2.0 * cubes / (n * (n + 1.0) * (n + 2.0)),
    })
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and the number of replicates"
)]
fn whole(x: f64) -> usize {
    x as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{
        proportion::{clopper_pearson_lower, clopper_pearson_upper},
        resample::row_state,
        weights::Weights,
    };

    fn means(values: &[f64], replicates: u64) -> Vec<f64> {
        let weights = Weights::default();
        let one = |r: u64| {
            let (mut sum, mut total) = (0.0, 0.0);
            for (x, i) in values.iter().zip(0..) {
                let w = weights.row(row_state(5, i), r);
                sum += w * x;
                total += w;
            }
            sum / total
        };
        (0..replicates).map(one).collect()
    }

    /// For zeros and ones, Gaffke's bound is that of Clopper and Pearson.
    #[test]
    fn zeros_and_ones_give_clopper_and_pearson() {
        for (hits, n) in [(20_u64, 20_u64), (19, 20), (45, 50), (3, 7), (980, 1_000)] {
            let values: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i < hits))).collect();
            let drawn = means(&values, 4_000);
            for alpha in [0.05, 0.01] {
                let got = lower(&drawn, Unseen { value: 0.0, rows: n as f64 }, alpha).unwrap();
                let want = clopper_pearson_lower(hits, n, alpha).unwrap();
                let room = 0.15 * (1.0 - want) / (n as f64).sqrt() + 1e-12;
                assert!((got - want).abs() < room, "{hits} of {n}: {got} against {want}");
                let got = upper(&drawn, Unseen { value: 1.0, rows: n as f64 }, alpha).unwrap();
                let want = clopper_pearson_upper(hits, n, alpha).unwrap();
                assert!((got - want).abs() < 0.15 / (n as f64).sqrt(), "{got} against {want}");
            }
        }
    }

    /// The closed form, and the tail beyond the replicates, against Clopper and Pearson.
    #[test]
    fn the_fitted_tail_agrees_with_clopper_and_pearson() {
        for (hits, n) in [(3_u64, 20_000_u64), (0, 20_000), (150, 20_000), (9_000, 20_000)] {
            let h = hits as f64;
            let of = of_sums(n, [h, h, h], 1.0).unwrap();
            for alpha in [0.05, 0.001] {
                let want = clopper_pearson_upper(hits, n, alpha).unwrap();
                let flipped = Moments { mean: -of.mean, third: -of.third, ..of };
                let got = -fitted(&flipped, alpha);
                assert!((got / want - 1.0).abs() < 0.004, "{hits} of {n}: {got} against {want}");
            }
        }
    }

    #[test]
    fn the_fitted_tail_continues_the_replicates() {
        let values: Vec<f64> = (0..200).map(|i| f64::from(u8::from(i < 180))).collect();
        let drawn = means(&values, 1_000);
        let got = lower(&drawn, Unseen { value: 0.0, rows: 200.0 }, 0.000_1).unwrap();
        let want = clopper_pearson_lower(180, 200, 0.000_1).unwrap();
        assert!((got - want).abs() < 0.015, "{got} against {want}");
    }

    #[test]
    fn nonsense_has_no_bound() {
        let unseen = Unseen { value: 0.0, rows: 3.0 };
        assert_eq!(lower(&[], unseen, 0.05), Err(Undefined::EmptySample));
        assert_eq!(lower(&[f64::NAN], unseen, 0.05), Err(Undefined::NonFinite));
        assert_eq!(quantile(&mut [0.5], 0.7), Err(Undefined::InvalidInput));
    }
}
