//! Two independent proportions: their difference and ratio, and differences of other independent
//! estimates.

use super::{Bounds, normal, proportion::float, score::wilson};
use libm::{exp, log};

/// Bounds of x1/n1 − x2/n2, each one-sided at `alpha`: Newcombe (1998), method 10, which adds the
/// squared distances of Wilson's bounds.
///
/// `None` if a sample is empty, a count exceeds its sample, or `alpha` is not in (0, 1).
pub fn newcombe_difference(x1: u64, n1: u64, x2: u64, n2: u64, alpha: f64) -> Option<Bounds> {
    Some(mover(wilson(x1, n1, alpha)?, wilson(x2, n2, alpha)?, 1.0))
}

/// Bounds of c − `factor` · b for independent c and b, from the bounds of each (Zou and Donner
/// 2008, "MOVER"): `lower = d − √((c − l_c)² + factor² (u_b − b)²)`,
/// `upper = d + √((u_c − c)² + factor² (b − l_b)²)`.
///
/// An infinite bound makes the result infinite on that side.
pub fn mover(c: Bounds, b: Bounds, factor: f64) -> Bounds {
    let estimate = c.estimate - factor * b.estimate;
    let (least, most) = if factor < 0.0 { (b.upper, b.lower) } else { (b.lower, b.upper) };
    let down = libm::hypot(c.estimate - c.lower, factor * (most - b.estimate));
    let up = libm::hypot(c.upper - c.estimate, factor * (b.estimate - least));
    let open = |bound: f64, end: f64| if bound.is_nan() { end } else { bound };
    Bounds {
        estimate,
        lower: open(estimate - down, f64::NEG_INFINITY),
        upper: open(estimate + up, f64::INFINITY),
    }
}

/// `distance` in standard deviations. With a variance of at most `nothing`, the result is 0 or
/// infinite.
pub(super) fn standardised(distance: f64, variance: f64, nothing: f64, zero: f64) -> f64 {
    if variance > nothing {
        distance / variance.sqrt()
    } else if distance.abs() < zero {
        0.0
    } else {
        f64::INFINITY.copysign(distance)
    }
}

/// The range of the logarithm of a ratio that is searched, from −`SPAN` to `SPAN`: counts are at
/// most 2^53.
const SPAN: f64 = 80.0;

/// Koopman's score bounds (1984) of the ratio (x1/n1) / (x2/n2), each one-sided at `alpha`: the
/// range of ratios that the score test does not reject. The lower bound is 0 if `x1` is 0; the
/// estimate and the upper bound are infinite if `x2` is 0.
///
/// `None` if a sample is empty, if neither sample has a success (then every ratio is possible), if
/// a count exceeds its sample, or if `alpha` is not in (0, 1/2).
pub fn koopman_ratio(x1: u64, n1: u64, x2: u64, n2: u64, alpha: f64) -> Option<Bounds> {
    if n1 == 0
        || n2 == 0
        || (x1, x2) == (0, 0)
        || x1 > n1
        || x2 > n2
        || !(alpha > 0.0 && alpha < 0.5)
    {
        return None;
    }
    let samples = [x1, n1, x2, n2].map(float);
    let estimate = (float(x1) / float(n1)) / (float(x2) / float(n2));
    let z = normal::upper_quantile(alpha);
    let middle = if x1 == 0 || x2 == 0 { None } else { Some(log(estimate)) };
    // The statistic decreases as the assumed ratio grows.
    let cross = |level: f64, mut low: f64, mut high: f64| {
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                break;
            }
            if ratio_score(samples, exp(middle)) > level {
                low = middle;
            } else {
                high = middle;
            }
        }
        exp(f64::midpoint(low, high))
    };
    let lower = if x1 == 0 { 0.0 } else { cross(z, -SPAN, middle.unwrap_or(SPAN)) };
    let upper = if x2 == 0 { f64::INFINITY } else { cross(-z, middle.unwrap_or(-SPAN), SPAN) };
    Some(Bounds { estimate, lower, upper })
}

/// The score statistic for p1 / p2 = `ratio`, whose variance uses the maximum-likelihood pair.
fn ratio_score([x1, n1, x2, n2]: [f64; 4], ratio: f64) -> f64 {
    let (first, second) = ((n1 + x2) * ratio, x1 + n2);
    // The discriminant of the quadratic equation from the likelihood, as a sum that cannot cancel.
    let root = ((first - second) * (first - second) + 4.0 * ratio * (n1 - x1) * (n2 - x2)).sqrt();
    let p2 = (2.0 * (x1 + x2) / (first + second + root)).clamp(0.0, (1.0 / ratio).min(1.0));
    let p1 = ratio * p2;
    let variance = p1 * (1.0 - p1) / n1 + ratio * ratio * p2 * (1.0 - p2) / n2;
    standardised(x1 / n1 - ratio * (x2 / n2), variance, 1e-300, 1e-15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by hand: 0.8 in [0.7, 0.85] minus half of 0.9 in [0.8, 0.95].
    #[test]
    fn distances_are_squared_and_added() {
        let (c, b) = (
            Bounds { estimate: 0.8, lower: 0.7, upper: 0.85 },
            Bounds { estimate: 0.9, lower: 0.8, upper: 0.95 },
        );
        let near =
            |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} against {want}");
        let half = mover(c, b, 0.5);
        near(half.estimate, 0.35);
        near(half.lower, 0.35 - 0.010_625_f64.sqrt());
        near(half.upper, 0.35 + 0.005_f64.sqrt());
        let sum = mover(c, b, -1.0);
        near(sum.lower, 1.7 - 0.02_f64.sqrt());
        near(sum.upper, 1.7 + 0.005_f64.sqrt());
    }

    /// Koopman's bounds in closed form if every trial is a success: n1/(n1 + z²) and (n2 + z²)/n2.
    #[test]
    fn all_successes_have_a_closed_form() {
        let z2 = normal::upper_quantile(0.05).powi(2);
        for (n1, n2) in [(10, 10), (7, 3_000_000), (1, 1)] {
            let bounds = koopman_ratio(n1, n1, n2, n2, 0.05).unwrap();
            assert!((bounds.lower - float(n1) / (float(n1) + z2)).abs() < 1e-9, "{bounds:?}");
            assert!((bounds.upper - (float(n2) + z2) / float(n2)).abs() < 1e-9, "{bounds:?}");
        }
    }
}
