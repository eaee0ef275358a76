//! Whether a sample shows enough of its tail for a bound of its mean.
//!
//! No bound of a mean holds for every distribution without an upper limit: a gross error in ten
//! thousand rows is not in a sample of a thousand. What a sample can show is how fast its largest
//! values grow. If they grow so fast that the variance would be infinite, there is no bound;
//! otherwise the unseen row is a multiple of the largest one.

/// The tail index below which no bound holds. A mean whose tail index is below 2 has no variance;
/// in samples of some hundreds, the estimate for light tails is not far above it.
pub const LEAST_INDEX: f64 = 1.5;

/// Hill's estimate (1975) of the tail index, from the largest 3√n/2 distances of `values` from their
/// median: the reciprocal of the mean logarithm of their ratio to the next smaller one. `None` for
/// fewer than eight values; 0 if most of them are the same.
pub fn index(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let median = *sorted.get(sorted.len() / 2)?;
    let mut away: Vec<f64> = sorted.iter().map(|x| (x - median).abs()).collect();
    away.sort_unstable_by(|a, b| b.total_cmp(a));
    // The least k with 4k² ≥ 9n.
    let k = (1..away.len()).find(|k| 4 * k * k >= 9 * away.len())?;
    let (largest, rest) = away.split_at_checked(k)?;
    let threshold = *rest.first()?;
    if threshold <= 0.0 {
        return Some(0.0);
    }
    let logs: f64 = largest.iter().map(|x| libm::log(x / threshold)).sum();
    Some(if logs > 0.0 {
        super::proportion::float(super::proportion::counted(k)) / logs
    } else {
        f64::INFINITY
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{resample::row_state, weights::uniform};

    /// Pareto numbers x = u^(−1/a) have the tail index a, by definition.
    #[test]
    fn the_index_of_pareto_numbers() {
        for a in [0.5, 1.0, 1.5] {
            let values: Vec<f64> =
                (0..40_000).map(|i| uniform(row_state(4, i), 0).powf(-1.0 / a)).collect();
            let got = index(&values).unwrap();
            assert!((got / a - 1.0).abs() < 0.2, "{a}: {got}");
        }
    }

    #[test]
    fn few_or_equal_values_have_none() {
        assert_eq!(index(&[1.0, 2.0, 3.0]), None);
        assert_eq!(index(&[1.0; 50]), Some(0.0));
    }
}
