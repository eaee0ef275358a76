//! Two independent proportions: bounds of their difference and their ratio from the exact bounds of
//! each (Fay, Proschan and Brittain 2015).
//!
//! The exact lower bounds of a proportion at all confidences are the quantiles of Beta(x, n − x +
//! 1), the upper ones those of Beta(x + 1, n − x). The bound of a difference is the quantile of the
//! difference of two such numbers, one from the lower and one from the upper distribution. Where
//! both proportions are the same, this is Fisher's exact test, so it errs less often than stated.

use super::{
    Bounds, beta,
    binomial::upper_tail,
    normal,
    proportion::{clopper_pearson_lower, clopper_pearson_upper, float},
};

/// How many steps of the integral, and how long they are, in standard deviations.
const STEPS: i32 = 40;
const STEP: f64 = 0.2;

/// Bounds of x1/n1 − `factor` · x2/n2, each one-sided at `alpha`.
///
/// `None` if a sample is empty, a count exceeds its sample, the factor is not positive, or `alpha`
/// is not in (0, 1/2).
pub fn difference(
    (x1, n1): (u64, u64),
    (x2, n2): (u64, u64),
    factor: f64,
    alpha: f64,
) -> Option<Bounds> {
    let lower = least_difference((x1, n1), (x2, n2), factor, alpha)?;
    // For the complements, c − f b = (1 − f) − ((1 − c) − f (1 − b)).
    let mirrored = least_difference((n1 - x1, n1), (n2 - x2, n2), factor, alpha)?;
    let estimate = float(x1) / float(n1) - factor * (float(x2) / float(n2));
    Some(Bounds { estimate, lower, upper: 1.0 - factor - mirrored })
}

/// Bounds of the ratio (x1/n1) / (x2/n2), each one-sided at `alpha`. The lower bound is 0 if `x1`
/// is 0; the estimate and the upper bound are infinite if `x2` is 0.
///
/// `None` in the cases of [`difference`], and if neither sample has a success.
pub fn ratio((x1, n1): (u64, u64), (x2, n2): (u64, u64), alpha: f64) -> Option<Bounds> {
    if (x1, x2) == (0, 0) {
        return None;
    }
    let lower = least_ratio((x1, n1), (x2, n2), alpha)?;
    let upper = least_ratio((x2, n2), (x1, n1), alpha)?;
    let estimate = (float(x1) / float(n1)) / (float(x2) / float(n2));
    Some(Bounds { estimate, lower, upper: if upper > 0.0 { 1.0 / upper } else { f64::INFINITY } })
}

/// The lower bound of the difference alone.
pub fn least_difference(
    (x1, n1): (u64, u64),
    (x2, n2): (u64, u64),
    factor: f64,
    alpha: f64,
) -> Option<f64> {
    check((x1, n1), (x2, n2), alpha)?;
    if !(factor > 0.0 && factor.is_finite()) {
        return None;
    }
    if x1 == 0 {
        return Some(-factor * clopper_pearson_upper(x2, n2, alpha)?);
    }
    if x2 == n2 {
        return Some(clopper_pearson_lower(x1, n1, alpha)? - factor);
    }
    Some(difference_of(
        Rate { x: x1, n: n1 },
        &quantiles(x2, n2, finer((x1, n1), (x2, n2))),
        factor,
        alpha,
    ))
}

/// The successes and trials of a rate that is neither 0 nor, as the second one, 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub(super) x: u64,
    pub(super) n: u64,
}

/// The lower bound of the difference, given the quantiles of the second rate.
pub(super) fn difference_of(first: Rate, others: &[(f64, f64)], factor: f64, alpha: f64) -> f64 {
    let share = |t: f64| {
        let one = |(q, weight): &(f64, f64)| weight * upper_tail(first.x, first.n, t + factor * q);
        others.iter().map(one).sum::<f64>()
    };
    solve(share, -factor, 1.0, alpha)
}

/// The lower bound of the ratio, given the quantiles of the second rate.
pub(super) fn ratio_of(first: Rate, others: &[(f64, f64)], alpha: f64) -> f64 {
    // The ratio is searched by its logarithm.
    let share = |t: f64| {
        let t = libm::exp(t);
        let one = |(q, weight): &(f64, f64)| weight * upper_tail(first.x, first.n, t * q);
        others.iter().map(one).sum::<f64>()
    };
    libm::exp(solve(share, -80.0, 80.0, alpha))
}

/// The lower bound of the ratio alone.
pub fn least_ratio((x1, n1): (u64, u64), (x2, n2): (u64, u64), alpha: f64) -> Option<f64> {
    check((x1, n1), (x2, n2), alpha)?;
    if x1 == 0 {
        return Some(0.0);
    }
    if x2 == n2 {
        return clopper_pearson_lower(x1, n1, alpha);
    }
    Some(ratio_of(Rate { x: x1, n: n1 }, &quantiles(x2, n2, finer((x1, n1), (x2, n2))), alpha))
}

pub(super) fn check((x1, n1): (u64, u64), (x2, n2): (u64, u64), alpha: f64) -> Option<()> {
    (n1 > 0 && n2 > 0 && x1 <= n1 && x2 <= n2 && alpha > 0.0 && alpha < 0.5).then_some(())
}

/// How much finer the steps must be if the first rate is known better than the second: the integrand
/// is then a narrow step.
pub(super) fn finer((x1, n1): (u64, u64), (x2, n2): (u64, u64)) -> i32 {
    let spread = |x: u64, n: u64| {
        let n = float(n) + 1.0;
        let share = (float(x) + 0.5) / n;
        (share * (1.0 - share) / n).sqrt()
    };
    let ratio = spread(x2, n2) / spread(x1, n1).max(1e-300);
    [1, 2, 4, 8, 16].into_iter().find(|f| ratio <= 1.2 * f64::from(*f)).unwrap_or(32)
}

/// Quantiles of the upper distribution of a proportion, Beta(x + 1, n − x), with the weight of each
/// in an integral over all of it: the trapezoidal rule in normal quantiles, whose error for smooth
/// functions is below every other one here.
pub(super) fn quantiles(x: u64, n: u64, finer: i32) -> Vec<(f64, f64)> {
    if x >= n {
        // The upper bound is 1 at every confidence.
        return vec![(1.0, 1.0)];
    }
    // The smaller tail has more digits.
    let (a, b) = (float(x) + 1.0, float(n - x));
    nodes(finer, |z| {
        if z <= 0.0 {
            beta::quantile(normal::below(z), a, b).0
        } else {
            beta::quantile(normal::tail(z), b, a).1
        }
    })
}

/// The values of a function of a normal number at nodes, with the weight of each; `finer` divides
/// the steps.
pub(super) fn nodes(finer: i32, of: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let step = STEP / f64::from(finer);
    let node = |i: i32| {
        let z = f64::from(i) * step;
        (of(z), step * libm::exp(-z * z / 2.0) / std::f64::consts::TAU.sqrt())
    };
    (-STEPS * finer..=STEPS * finer).map(node).collect()
}

/// Where an increasing share crosses `alpha`: regula falsi on the normal quantile of the share
/// (Illinois), which is nearly a straight line, within a bracket.
pub(super) fn solve(share: impl Fn(f64) -> f64, mut low: f64, mut high: f64, alpha: f64) -> f64 {
    let goal = normal::quantile(alpha);
    let away =
        |t: f64| (normal::quantile(share(t).clamp(1e-300, 1.0 - 1e-16)) - goal).clamp(-40.0, 40.0);
    let (mut below, mut above) = (-40.0_f64, 40.0_f64);
    let mut side = 0;
    for i in 0..200 {
        let straight = (low * above - high * below) / (above - below);
        // The first steps halve the bracket, until it is where the line is straight.
        let inside = straight > low && straight < high && i >= 6;
        let t = if inside { straight } else { f64::midpoint(low, high) };
        if t <= low || t >= high || high - low <= 1e-13 * (low.abs() + high.abs()) {
            break;
        }
        let found = away(t);
        if found.abs() < 1e-13 {
            return t;
        }
        if found > 0.0 {
            (high, above) = (t, found);
            below = if side == 1 { below / 2.0 } else { below };
            side = 1;
        } else {
            (low, below) = (t, found);
            above = if side == -1 { above / 2.0 } else { above };
            side = -1;
        }
    }
    // The cautious end of the bracket.
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For equal rates the test is Fisher's: the lower bound at its one-sided p-value is 0, and that
    /// of the ratio 1. Reference values: scipy.stats.fisher_exact(alternative="greater").
    #[test]
    fn is_fishers_exact_test_where_rates_are_equal() {
        for (first, second, p) in FISHER {
            let bounds = difference(first, second, 1.0, p).unwrap();
            assert!(bounds.lower.abs() < 1e-9, "{first:?}, {second:?}: {bounds:?}");
            let bounds = ratio(first, second, p).unwrap();
            assert!((bounds.lower - 1.0).abs() < 1e-8, "{first:?}, {second:?}: {bounds:?}");
            let mirrored = difference(second, first, 1.0, p).unwrap();
            assert!(mirrored.upper.abs() < 1e-9, "{mirrored:?}");
        }
    }

    /// Reference values: the same integrals by scipy.integrate.quad and brentq.
    #[test]
    fn agrees_with_scipy() {
        for (first, second, factor, lower, upper) in DIFFERENCES {
            let bounds = difference(first, second, factor, 0.05).unwrap();
            // Where a rate can be 0 the integrand has a corner, and the rule fewer digits.
            assert!((bounds.lower - lower).abs() < 3e-6, "{first:?}, {second:?}: {bounds:?}");
            assert!((bounds.upper - upper).abs() < 3e-6, "{first:?}, {second:?}: {bounds:?}");
        }
        for (first, second, lower, upper) in RATIOS {
            let bounds = ratio(first, second, 0.05).unwrap();
            assert!((bounds.lower / lower - 1.0).abs() < 1e-8, "{first:?}, {second:?}: {bounds:?}");
            assert!((bounds.upper / upper - 1.0).abs() < 1e-8, "{first:?}, {second:?}: {bounds:?}");
        }
    }

    #[test]
    fn at_the_ends_one_rate_decides() {
        let all = difference((0, 20), (20, 20), 1.0, 0.05).unwrap();
        assert_eq!(all.lower, -1.0);
        let none = ratio((0, 20), (5, 20), 0.05).unwrap();
        assert_eq!(none.lower, 0.0);
        assert_eq!(ratio((3, 20), (0, 20), 0.05).unwrap().upper, f64::INFINITY);
        assert_eq!(ratio((0, 20), (0, 20), 0.05), None);
        assert_eq!(difference((3, 2), (0, 20), 1.0, 0.05), None);
    }

    type Count = (u64, u64);

    const FISHER: [(Count, Count, f64); 5] = [
        ((4, 12), (1, 15), 0.10178372352285395),
        ((30, 50), (500, 1000), 0.1081482769991055),
        ((19, 20), (15, 20), 0.0908820908820909),
        ((700, 1000), (640, 1000), 0.002500764661163913),
        ((12, 30), (60, 300), 0.014272004702936594),
    ];
    const DIFFERENCES: [(Count, Count, f64, f64, f64); 5] = [
        ((45, 50), (900, 1000), 1.0, -0.1002459100562, 0.0630312562089),
        ((3, 20), (0, 40), 1.0, 0.0097392602971, 0.3436638043143),
        ((30, 30), (290, 300), 1.0, -0.0634125911575, 0.0558847405146),
        ((18, 20), (170, 200), 0.9, -0.0523779602827, 0.2321258573089),
        ((9, 300), (2, 30), 1.1, -0.1859383273423, 0.0231131979117),
    ];
    const RATIOS: [(Count, Count, f64, f64); 3] = [
        ((2, 30), (15, 300), 0.2210778005251, 4.5244301825785),
        ((45, 50), (900, 1000), 0.8889313047961, 1.0704855122458),
        ((1, 500), (30, 1000), 0.0033150333335, 0.3352104926035),
    ];
}
