//! The beta distribution for any shape parameters, in bounded time for shapes up to 2^53.
//!
//! All computation is in the log-odds u = ln(t / (1 − t)), where the density is log-concave and
//! smooth for all shapes. The tail is one Gauss–Legendre integral; the quantile is Newton's method
//! on the logarithm of the tail.

use super::{
    binomial::{NODES, deviance, stirling},
    normal,
};
use libm::{ceil, exp, expm1, log, log1p};
use std::f64::consts::TAU;

/// The `p` quantile of Beta(`a`, `b`) and one minus it, each without cancellation. Requires `a`,
/// `b` > 0 and 0 < `p` < 1.
pub fn quantile(p: f64, a: f64, b: f64) -> (f64, f64) {
    let width = ((a + b) / a / b).sqrt();
    let mode = log(a / b);
    let (mut low, mut high) = (-745.0, 745.0);
    let mut u = (mode + width * normal::quantile(p)).clamp(-700.0, 700.0);
    for _ in 0..200 {
        let weight = below(a, b, u);
        if weight > p {
            high = u;
        } else {
            low = u;
        }
        let step = (log(weight) - log(p)) * weight / density(a, b, u);
        let next = u - step;
        let next = if next >= low && next <= high { next } else { f64::midpoint(low, high) };
        // Each step squares the error, measured in widths.
        let close = (next - u).abs() <= 1e-9 * width;
        u = next;
        if close || high - low <= 1e-16 * high.abs() {
            break;
        }
    }
    odds(u)
}

/// P(T ≤ t) for T distributed as Beta(`a`, `b`), where t has the log-odds `u`: the regularised
/// incomplete beta function.
fn below(a: f64, b: f64, u: f64) -> f64 {
    if u <= log(a / b) { tail(a, b, u) } else { 1.0 - tail(b, a, -u) }
}

/// The t with these log-odds, and 1 − t.
fn odds(u: f64) -> (f64, f64) {
    (1.0 / (1.0 + exp(-u)), 1.0 / (1.0 + exp(u)))
}

/// The density of the log-odds, t^a (1 − t)^b / B(a, b), by Loader's saddle-point form (2000).
fn density(a: f64, b: f64, u: f64) -> f64 {
    let (t, rest) = odds(u);
    let n = a + b;
    let exponent =
        stirling(n) - stirling(a) - stirling(b) - deviance(a, n * t) - deviance(b, n * rest);
    (a / n * b / TAU).sqrt() * exp(exponent)
}

/// The integral of the density up to `u`, for `u` left of the mode.
fn tail(a: f64, b: f64, u: f64) -> f64 {
    let (t, rest) = odds(u);
    // The logarithm of the density at `u` divided by that at `u` − `d`.
    let fall = |d: f64| a * log1p(rest * expm1(d)) + b * log1p(t * expm1(-d));
    let mut reach = ((a + b) / a / b).sqrt();
    while fall(reach) < 40.0 && reach < 700.0 {
        reach *= 1.5;
    }
    // The integrand has no singularity within π of the real line, so short panels are exact.
    let panels = ceil(reach / 1.5).max(10.0);
    let half = reach / panels / 2.0;
    let (mut total, mut panel) = (0.0, 0.0);
    while panel < panels {
        let middle = (2.0 * panel + 1.0) * half;
        for (node, weight) in NODES {
            total += weight * (exp(-fall(middle - node * half)) + exp(-fall(middle + node * half)));
        }
        panel += 1.0;
    }
    (total * half * density(a, b, u)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: scipy.stats.beta.ppf.
    #[test]
    fn agrees_with_scipy() {
        for (p, a, b, want) in [
            (0.05, 45.5, 5.5, 0.813_589_162_238_676_4),
            (0.05, 1.5, 99.5, 0.001_762_096_254_077_470_5),
            (1e-6, 900_000.5, 100_000.5, 0.898_567_815_569_829),
            (0.05, 1.5, 1e15, 1.759_231_588_746_356e-16),
            (0.95, 0.5, 3.5, 0.444_067_109_461_017_74),
            (0.3, 1_000_000_000.5, 1_000_000_000.5, 0.499_994_137_024_031_67),
        ] {
            let (got, rest) = quantile(p, a, b);
            assert!((got - want).abs() <= 1e-12 * want, "{p}, {a}, {b}: {got} against {want}");
            let mirror = quantile(p, b, a);
            assert!((got + rest - 1.0).abs() <= 1e-15 && mirror.0 + mirror.1 <= 1.0 + 1e-15);
        }
    }

    /// Outside scipy's range: for a = 1, the quantile is 1 − (1 − p)^(1/b).
    #[test]
    fn ends_for_every_count() {
        let half = 4_503_599_627_370_496.5;
        for (a, b) in
            [(1.5, half), (half, 1.5), (half, half), (0.5, half), (1.0, half), (half, 0.5)]
        {
            for p in [1e-6, 0.05, 0.4, 0.999] {
                let (got, rest) = quantile(p, a, b);
                assert!(
                    got > 0.0 && rest > 0.0 && (got + rest - 1.0).abs() < 1e-15,
                    "{p}, {a}, {b}: {got}, {rest}"
                );
            }
        }
        let (got, want) = (quantile(0.05, 1.0, half).0, -libm::expm1(libm::log1p(-0.05) / half));
        assert!((got - want).abs() <= 1e-12 * want, "{got:e} against {want:e}");
    }
}
