//! The area under the ROC curve, with the bounds of DeLong, DeLong and Clarke-Pearson (1988), from
//! whole numbers. Equal scores count as a half, so twice every placement is an integer, and a sum
//! of integers does not depend on the order.

use super::{
    Undefined, normal,
    proportion::{clopper_pearson_lower, clopper_pearson_upper, float},
};

/// Sums from one pass through the sorted scores. The placement of a positive is the number of
/// negatives below it; the placement of a negative is the number of positives above it; ties count
/// as a half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// The rows of the positive class.
    pub positives: u64,
    /// The rows of the negative class.
    pub negatives: u64,
    /// Twice the sum of the positives' placements, which equals twice the sum of the negatives'.
    pub placements: u128,
    /// The sum of the squares of twice the positives' placements.
    pub positive_squares: u128,
    /// The sum of the squares of twice the negatives' placements.
    pub negative_squares: u128,
}

impl Sums {
    /// The area under the curve. `None` without rows of one of the classes.
    pub fn estimate(&self) -> Option<f64> {
        let (m, n) = (self.positives, self.negatives);
        (m > 0 && n > 0).then(|| wide(self.placements) / 2.0 / float(m) / float(n))
    }
}

/// An area with its variance and bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// The area under the curve.
    pub estimate: f64,
    /// DeLong's variance; `None` with fewer than two rows of a class.
    pub variance: Option<f64>,
    /// One-sided bounds, lower and upper; `None` if `why` says that they do not exist.
    pub bounds: Option<(f64, f64)>,
    /// The special case, if any: too few rows for a variance, or a variance of 0.
    pub why: Option<Undefined>,
}

/// A variance below this is treated as 0.
const NOTHING: f64 = 1e-18;

/// The area with bounds, each one-sided at `alpha`: `A ± z √(S₁₀/m + S₀₁/n)`, clipped to [0, 1],
/// where S₁₀ and S₀₁ are the sample variances of the placements as shares. If all placements are
/// the same, the variance is 0 and carries no information; the bounds are then the exact binomial
/// bounds of round(A·k) in k, the number of rows of the smaller class.
pub fn from_sums(sums: &Sums, alpha: f64) -> Result<Area, Undefined> {
    let (m, n) = (sums.positives, sums.negatives);
    check(m, n, alpha)?;
    let estimate = sums.estimate().ok_or(Undefined::SingleClass)?;
    let Some(variance) =
        variance(m, n, sums.placements, sums.positive_squares, sums.negative_squares)
    else {
        return Ok(Area {
            estimate,
            variance: None,
            bounds: None,
            why: Some(Undefined::TooFewForVariance),
        });
    };
    if variance < NOTHING {
        let smaller = m.min(n);
        let hits = whole((estimate * float(smaller)).round_ties_even()).min(smaller);
        let bounds = clopper_pearson_lower(hits, smaller, alpha)
            .zip(clopper_pearson_upper(hits, smaller, alpha));
        return Ok(Area {
            estimate,
            variance: Some(0.0),
            bounds,
            why: Some(Undefined::ZeroVariance),
        });
    }
    let reach = normal::upper_quantile(alpha) * variance.sqrt();
    let bounds = ((estimate - reach).max(0.0), (estimate + reach).min(1.0));
    Ok(Area { estimate, variance: Some(variance), bounds: Some(bounds), why: None })
}

fn check(m: u64, n: u64, alpha: f64) -> Result<(), Undefined> {
    match (m, n) {
        (0, 0) => Err(Undefined::EmptySample),
        (0, _) | (_, 0) => Err(Undefined::SingleClass),
        _ if !(alpha > 0.0 && alpha < 1.0) => Err(Undefined::InvalidInput),
        _ => Ok(()),
    }
}

/// DeLong's variance from doubled placements: the sample variances of the placements as shares,
/// each divided by its number of rows.
fn variance(
    m: u64,
    n: u64,
    sum: u128,
    positive_squares: u128,
    negative_squares: u128,
) -> Option<f64> {
    Some(of_mean(m, n, sum, positive_squares)? + of_mean(n, m, sum, negative_squares)?)
}

/// The variance of the mean placement of `rows` rows among `others` rows.
fn of_mean(rows: u64, others: u64, sum: u128, squares: u128) -> Option<f64> {
    if rows < 2 {
        return None;
    }
    let (k, scale) = (float(rows), 2.0 * float(others));
    // k Σs² − (Σs)² is the difference of two nearly equal numbers; integers keep it exact while
    // they fit.
    let exact = squares.checked_mul(u128::from(rows)).zip(sum.checked_mul(sum));
    let spread = exact.map_or_else(
        || k * wide(squares) - wide(sum) * wide(sum),
        |(a, b)| wide(a.saturating_sub(b)),
    );
    Some((spread / (k * (k - 1.0)) / (scale * scale) / k).max(0.0))
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "rounded to the nearest float, as is wanted"
)]
fn wide(count: u128) -> f64 {
    count as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and a float cast saturates"
)]
fn whole(x: f64) -> u64 {
    x as u64
}
