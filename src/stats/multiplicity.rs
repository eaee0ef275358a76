//! Several models on one evaluation set.

use super::proportion::float;
use std::f64::consts::PI;

/// The part of `alpha` that the `k`-th distinct model on one evaluation set can spend:
/// `6α / (π² k²)`, which sums to `alpha` over all k (alpha spending by Euler's series for ζ(2)).
/// `k` starts at 1; 0 is treated as 1.
pub fn spend(alpha: f64, k: u64) -> f64 {
    let k = float(k.max(1));
    alpha * 6.0 / (PI * PI * k * k)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rest of the series after k terms is between 1/(k + 1) and 1/k.
    #[test]
    fn all_models_together_spend_no_more_than_there_is() {
        for k in [1_u64, 2, 50, 20_000] {
            let spent: f64 = (1..=k).map(|i| spend(0.05, i)).sum();
            let left = (0.05 - spent) / (0.05 * 6.0 / (PI * PI));
            assert!(1.0 / float(k + 1) < left && left < 1.0 / float(k), "{k}: {left}");
        }
        assert_eq!(spend(0.05, 0), spend(0.05, 1));
    }
}
