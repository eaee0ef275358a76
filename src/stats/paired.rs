//! Comparisons of two models on the same rows.

use super::{Bounds, normal, proportion::float, two_proportions::standardised};

/// Bounds of the candidate's share of correct rows minus the baseline's, on the same rows, each
/// one-sided at `alpha`: Tango's score bounds (1998). The four counts are the rows that both models
/// got right, only the candidate, only the baseline, and neither. The estimate is (candidate only −
/// baseline only) / n.
///
/// `None` if there are no rows, their number exceeds 2^64, or `alpha` is not in (0, 1/2).
pub fn tango(
    both: u64,
    candidate_only: u64,
    baseline_only: u64,
    neither: u64,
    alpha: f64,
) -> Option<Bounds> {
    let rows =
        both.checked_add(candidate_only)?.checked_add(baseline_only)?.checked_add(neither)?;
    if rows == 0 || !(alpha > 0.0 && alpha < 0.5) {
        return None;
    }
    let (n, b, c) = (float(rows), float(candidate_only), float(baseline_only));
    let z = normal::upper_quantile(alpha);
    let estimate = (b - c) / n;
    let lower = if baseline_only == rows { -1.0 } else { cross(n, b, c, z, -1.0, estimate) };
    let upper = if candidate_only == rows { 1.0 } else { cross(n, b, c, -z, estimate, 1.0) };
    Some(Bounds { estimate, lower, upper })
}

/// The point where the statistic crosses `level`; the statistic decreases as the assumed difference
/// grows.
fn cross(n: f64, b: f64, c: f64, level: f64, mut low: f64, mut high: f64) -> f64 {
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if score(n, b, c, middle) > level {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The score statistic for a true difference of `difference`.
fn score(n: f64, b: f64, c: f64, difference: f64) -> f64 {
    if difference < 0.0 {
        // The mirror image, whose sums cannot cancel.
        return -score(n, c, b, -difference);
    }
    let half = (2.0 * n - b + c) * difference - b - c;
    let rest = c * difference * (1.0 - difference);
    let root = (half * half + 8.0 * n * rest).sqrt();
    // The maximum-likelihood share of rows that only the baseline gets right.
    let share = if half > 0.0 { 2.0 * rest / (half + root) } else { (root - half) / (4.0 * n) };
    let variance = n * (2.0 * share + difference * (1.0 - difference));
    standardised(b - c - n * difference, variance, 1e-300, 1e-12)
}
