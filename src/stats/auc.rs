//! The area under the ROC curve, with the bounds of DeLong, DeLong and Clarke-Pearson (1988), from
//! whole numbers. Equal scores count as a half, so twice every placement is an integer, and a sum
//! of integers does not depend on the order.

use super::{
    Undefined, normal,
    proportion::{clopper_pearson_lower, clopper_pearson_upper, counted, float},
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

/// Sums of the differences between two models' placements, candidate minus baseline, on the same
/// rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Differences {
    /// The rows of the positive class.
    pub positives: u64,
    /// The rows of the negative class.
    pub negatives: u64,
    /// Twice the sum of the differences of placements, the same over positives and over negatives.
    pub placements: i128,
    /// The sum of the squares of twice the differences over positives.
    pub positive_squares: u128,
    /// The sum of the squares of twice the differences over negatives.
    pub negative_squares: u128,
}

/// An area, or a difference of two areas, with its variance and bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// The area under the curve, or the candidate's minus the baseline's.
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
    let estimate = wide(sums.placements) / 2.0 / float(m) / float(n);
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

/// The difference of two areas on the same rows with bounds, each one-sided at `alpha`: `D ± z √V`,
/// where V is the variance of the differences of placements, which is `S₁₁ + S₂₂ − 2 S₁₂` in
/// DeLong's paper. Without a variance there are no bounds.
pub fn from_differences(sums: &Differences, alpha: f64) -> Result<Area, Undefined> {
    let (m, n) = (sums.positives, sums.negatives);
    check(m, n, alpha)?;
    let size = sums.placements.unsigned_abs();
    let estimate =
        (wide(size) / 2.0 / float(m) / float(n)) * if sums.placements < 0 { -1.0 } else { 1.0 };
    let Some(variance) = variance(m, n, size, sums.positive_squares, sums.negative_squares) else {
        return Ok(Area {
            estimate,
            variance: None,
            bounds: None,
            why: Some(Undefined::TooFewForVariance),
        });
    };
    if variance < NOTHING {
        return Ok(Area {
            estimate,
            variance: Some(0.0),
            bounds: None,
            why: Some(Undefined::ZeroVariance),
        });
    }
    let reach = normal::upper_quantile(alpha) * variance.sqrt();
    Ok(Area {
        estimate,
        variance: Some(variance),
        bounds: Some((estimate - reach, estimate + reach)),
        why: None,
    })
}

/// The area of these rows; see [`from_sums`].
pub fn delong(labels: &[bool], scores: &[f64], alpha: f64) -> Result<Area, Undefined> {
    from_sums(&sums(&placements(labels, scores)?), alpha)
}

/// The candidate's area minus the baseline's on the same rows; see [`from_differences`].
pub fn delong_paired(
    labels: &[bool],
    candidate: &[f64],
    baseline: &[f64],
    alpha: f64,
) -> Result<Area, Undefined> {
    let rows = placements(labels, candidate)?.into_iter().zip(placements(labels, baseline)?);
    let mut sums = Differences::default();
    for ((positive, one), (_, other)) in rows {
        let square = u128::from(one.abs_diff(other)) * u128::from(one.abs_diff(other));
        if positive {
            sums.positives += 1;
            sums.placements += i128::from(one) - i128::from(other);
            sums.positive_squares += square;
        } else {
            sums.negatives += 1;
            sums.negative_squares += square;
        }
    }
    from_differences(&sums, alpha)
}

/// The two-sided p-value of the hypothesis that the areas are the same, and its z: `z = D / √V`.
/// `None` without a variance.
pub fn same_area(difference: &Area) -> Option<(f64, f64)> {
    let variance = difference.variance.filter(|v| *v > 0.0)?;
    let z = difference.estimate / variance.sqrt();
    Some((z, 2.0 * normal::tail(z.abs())))
}

fn check(m: u64, n: u64, alpha: f64) -> Result<(), Undefined> {
    match (m, n) {
        (0, 0) => Err(Undefined::EmptySample),
        (0, _) | (_, 0) => Err(Undefined::SingleClass),
        _ if !(alpha > 0.0 && alpha < 1.0) => Err(Undefined::InvalidInput),
        _ => Ok(()),
    }
}

/// The class and twice the placement of each row, in the order of the rows.
fn placements(labels: &[bool], scores: &[f64]) -> Result<Vec<(bool, u64)>, Undefined> {
    if labels.len() != scores.len() {
        return Err(Undefined::InvalidInput);
    }
    if scores.iter().any(|score| !score.is_finite()) {
        return Err(Undefined::NonFinite);
    }
    let mut rows: Vec<(f64, bool, usize)> = labels
        .iter()
        .zip(scores)
        .enumerate()
        .map(|(row, (label, score))| (*score, *label, row))
        .collect();
    rows.sort_unstable_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    let positives = counted(labels.iter().filter(|label| **label).count());
    let (mut above, mut below) = (positives, 0);
    let mut placed = Vec::with_capacity(rows.len());
    // Scores that compare equal, including 0 and −0, form one step.
    for step in rows.chunk_by(|a, b| a.0 >= b.0) {
        let hits = counted(step.iter().filter(|row| row.1).count());
        let misses = counted(step.len()) - hits;
        above -= hits;
        for (_, positive, row) in step {
            let twice = if *positive { 2 * below + misses } else { 2 * above + hits };
            placed.push((*row, *positive, twice));
        }
        below += misses;
    }
    placed.sort_unstable();
    Ok(placed.into_iter().map(|(_, positive, twice)| (positive, twice)).collect())
}

fn sums(placed: &[(bool, u64)]) -> Sums {
    let mut sums = Sums::default();
    for (positive, twice) in placed {
        let square = u128::from(*twice) * u128::from(*twice);
        if *positive {
            sums.positives += 1;
            sums.placements += u128::from(*twice);
            sums.positive_squares += square;
        } else {
            sums.negatives += 1;
            sums.negative_squares += square;
        }
    }
    sums
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
