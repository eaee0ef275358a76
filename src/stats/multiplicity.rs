//! Multiple testing: several hypotheses, several models on one evaluation set, or one stream that
//! is monitored continuously.

use super::proportion::{counted, float};
use libm::{log, rint};
use std::f64::consts::PI;

/// Holm's step-down adjusted p-values (1979), in the given order: the i-th smallest of m becomes
/// the greatest `(m − j + 1) p₍ⱼ₎` over j ≤ i, at most 1. They control the probability of any false
/// claim. NaN is treated as 1.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut sorted = ranked(p_values);
    let total = sorted.len();
    let mut most = 0.0_f64;
    for (before, (_, p)) in sorted.iter_mut().enumerate() {
        most = most.max(*p * float(counted(total - before)));
        *p = most.min(1.0);
    }
    unranked(sorted)
}

/// Benjamini and Hochberg's step-up adjusted p-values (1995), in the given order: the i-th smallest
/// of m becomes the least `m p₍ⱼ₎ / j` over j ≥ i, at most 1. They control the share of false
/// claims among all claims. NaN is treated as 1.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut sorted = ranked(p_values);
    let total = float(counted(sorted.len()));
    let mut least = 1.0_f64;
    for (before, (_, p)) in sorted.iter_mut().enumerate().rev() {
        least = least.min(*p / (float(counted(before + 1)) / total));
        *p = least;
    }
    unranked(sorted)
}

/// The positions and p-values, the smallest first.
fn ranked(p_values: &[f64]) -> Vec<(usize, f64)> {
    let clean = p_values.iter().map(|p| if p.is_nan() { 1.0 } else { *p });
    let mut sorted: Vec<(usize, f64)> = clean.enumerate().collect();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    sorted
}

fn unranked(mut sorted: Vec<(usize, f64)>) -> Vec<f64> {
    sorted.sort_unstable_by_key(|(place, _)| *place);
    sorted.into_iter().map(|(_, p)| p).collect()
}

/// The part of `alpha` that the `k`-th distinct model on one evaluation set can spend:
/// `6α / (π² k²)`, which sums to `alpha` over all k (alpha spending by Euler's series for ζ(2)).
/// `k` starts at 1; 0 is treated as 1.
pub fn spend(alpha: f64, k: u64) -> f64 {
    let k = float(k.max(1));
    alpha * 6.0 / (PI * PI * k * k)
}

/// The part of `alpha` that is left after the first `k` models: `α (1 − 6/π² Σ 1/i²)`.
pub fn left_after(alpha: f64, k: u64) -> f64 {
    // Beyond 10,000, the rest of the series is 1/k − 1/2k² + 1/6k³, exact to the last digit.
    let far = |k: f64| 1.0 / k - 1.0 / (2.0 * k * k) + 1.0 / (6.0 * k * k * k);
    if k > 10_000 {
        return alpha * 6.0 / (PI * PI) * far(float(k));
    }
    let sum: f64 = (1..=k).rev().map(|i| 1.0 / (float(i) * float(i))).sum();
    alpha * (1.0 - 6.0 / (PI * PI) * sum)
}

/// The values that the Ladder (Blum and Hardt 2015, algorithm 1) publishes for a series of losses.
/// It publishes a new value only if it is better than the best by more than `eta`, rounded to a
/// multiple of `eta`, with ties to even. Before the first improvement the value is infinite.
pub fn ladder(losses: &[f64], eta: f64) -> Vec<f64> {
    let step = |best: &mut f64, loss: &f64| {
        if *loss < *best - eta {
            *best = rint(*loss / eta) * eta;
        }
        Some(*best)
    };
    losses.iter().scan(f64::INFINITY, step).collect()
}

/// The radius around the mean of `t` values in [0, 1] that is valid at all times simultaneously,
/// two-sided at 2·`alpha`: the normal mixture of Robbins (1970; Howard, Ramdas, McAuliffe and
/// Sekhon 2021) with σ² = 1/4 and prior variance `rho2`: `√(2k/ρ² · ln(√k / 2α)) / t` with
/// `k = 1 + ρ² t / 4`.
///
/// `None` if `t` is 0, if the logarithm is negative, or if `rho2` is not above 0.
pub fn confidence_sequence(t: u64, alpha: f64, rho2: f64) -> Option<f64> {
    let times = float(t);
    let k = 1.0 + rho2 * 0.25 * times;
    let radius = (2.0 * k / rho2 * log(k.sqrt() / (2.0 * alpha))).sqrt() / times;
    (t > 0 && rho2 > 0.0 && alpha > 0.0 && radius.is_finite()).then_some(radius)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_and_what_is_left_is_all_there_is() {
        for k in [1, 2, 50, 9_999, 10_000, 10_001, 20_000] {
            let spent: f64 = (1..=k).map(|i| spend(0.05, i)).sum();
            assert!((spent + left_after(0.05, k) - 0.05).abs() < 1e-15, "{k}");
        }
        // The rest of the series, ψ₁(k + 1), is 1/k − 1/2k² and so on.
        assert!((left_after(1.0, 1 << 40) * 2_f64.powi(40) - 6.0 / (PI * PI)).abs() < 1e-11);
        assert_eq!(left_after(0.05, 0), 0.05);
    }

    #[test]
    fn nan_is_no_evidence() {
        assert_eq!(holm(&[f64::NAN, 0.01]), [1.0, 0.02]);
        assert_eq!(benjamini_hochberg(&[f64::NAN, 0.01]), [1.0, 0.02]);
        assert_eq!(confidence_sequence(0, 0.05, 0.05), None);
        assert_eq!(confidence_sequence(9, 0.9, 0.05), None);
    }
}
