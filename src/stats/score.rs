//! Approximate bounds for one proportion. For some rates, each one-sided bound misses more often
//! than `alpha`; [`super::proportion`] has the exact bounds.

use super::{Bounds, beta, normal, proportion::float};

/// Wilson's score bounds (1927) without continuity correction, each one-sided at `alpha`:
/// `(p + z²/2n ± z√(p(1−p)/n + z²/4n²)) / (1 + z²/n)` with z the upper `alpha` quantile of the normal distribution.
///
/// `None` if `trials` is 0, `successes` exceeds it, or `alpha` is not in (0, 1).
pub fn wilson(successes: u64, trials: u64, alpha: f64) -> Option<Bounds> {
    check(successes, trials, alpha)?;
    let (x, n, z) = (float(successes), float(trials), normal::upper_quantile(alpha));
    let (share, wide) = (x / n, z * z / n);
    let centre = (share + wide / 2.0) / (1.0 + wide);
    let reach =
        z * ((share * (float(trials - successes) / n) + wide / 4.0) / n).sqrt() / (1.0 + wide);
    let lower = if successes == 0 && z >= 0.0 { 0.0 } else { (centre - reach).clamp(0.0, 1.0) };
    let upper =
        if successes == trials && z >= 0.0 { 1.0 } else { (centre + reach).clamp(0.0, 1.0) };
    Some(Bounds { estimate: share, lower, upper })
}

/// Jeffreys' bounds, each one-sided at `alpha`: the `alpha` and 1 − `alpha` quantiles of Beta(x +
/// ½, n − x + ½), with the boundary rule of Brown, Cai and `DasGupta` (2001): the lower bound is 0
/// for x = 0, and the upper bound is 1 for x = n.
///
/// `None` in the same cases as [`wilson`].
pub fn jeffreys(successes: u64, trials: u64, alpha: f64) -> Option<Bounds> {
    check(successes, trials, alpha)?;
    let (x, rest) = (float(successes), float(trials - successes));
    let lower = if successes == 0 { 0.0 } else { beta::quantile(alpha, x + 0.5, rest + 0.5).0 };
    // By symmetry, the upper bound for successes is 1 minus the lower bound for failures.
    let upper =
        if successes == trials { 1.0 } else { beta::quantile(alpha, rest + 0.5, x + 0.5).1 };
    Some(Bounds { estimate: x / float(trials), lower, upper })
}

fn check(successes: u64, trials: u64, alpha: f64) -> Option<()> {
    (trials > 0 && successes <= trials && alpha > 0.0 && alpha < 1.0).then_some(())
}
