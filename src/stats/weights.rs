//! Random weights of rows for the Bayesian bootstrap (Rubin 1981): exponential numbers with mean 1,
//! taken from a hash of the row's state and the replicate, like those in [`super::resample`].
//!
//! A number comes from a table of 4,096 equally probable cells, each represented by its mean, so
//! that a draw costs no logarithm. The cells' means have the mean and, up to 0.03%, the variance of
//! the distribution itself.

use super::{
    normal,
    proportion::float,
    resample::{GOLDEN, mix64},
};
use libm::log;

/// How many bits of a hash select a cell.
const BITS: u32 = 12;
/// Sums of fewer rows than this are drawn row by row.
const FEW: u64 = 8;

/// The tables that weights are drawn from. Make it once for many draws.
#[derive(Debug, Clone)]
pub struct Weights {
    exponential: Vec<f64>,
    normal: Vec<f64>,
}

impl Default for Weights {
    fn default() -> Self {
        let cells = 1_u64 << BITS;
        let edge = |i: u64| float(i) / float(cells);
        // The integrals of −ln u and of the normal quantile between the edges of a cell.
        let left = |u: f64| if u > 0.0 { u - u * log(u) } else { 0.0 };
        let density = |u: f64| {
            let z = normal::quantile(u);
            if z.is_finite() { libm::exp(-z * z / 2.0) / std::f64::consts::TAU.sqrt() } else { 0.0 }
        };
        let mean = |of: &dyn Fn(f64) -> f64, i: u64| (of(edge(i + 1)) - of(edge(i))) * float(cells);
        Self {
            exponential: (0..cells).map(|i| mean(&left, i)).collect(),
            normal: (0..cells).map(|i| -mean(&density, i)).collect(),
        }
    }
}

impl Weights {
    /// The weight of a row with this state in a replicate: exponential with mean 1.
    #[inline]
    pub fn row(&self, state: u64, replicate: u64) -> f64 {
        entry(&self.exponential, hash(state, replicate))
    }

    /// The sum of the weights of `rows` rows that share a state: a gamma number with this shape.
    ///
    /// From eight rows on by the cube root of Wilson and Hilferty (1931), whose quantiles are then
    /// right to a thousandth.
    #[inline]
    pub fn rows(&self, state: u64, replicate: u64, rows: u64) -> f64 {
        if rows < FEW {
            let one = |i: u64| self.row(state.wrapping_add(i), replicate);
            return (0..rows).map(one).sum();
        }
        let (k, z) = (float(rows), self.normal(state, replicate));
        let root = 1.0 - 1.0 / (9.0 * k) + z / (3.0 * k.sqrt());
        k * root * root * root
    }

    /// A standard normal number.
    #[inline]
    pub fn normal(&self, state: u64, replicate: u64) -> f64 {
        entry(&self.normal, hash(state, replicate))
    }
}

/// A number in (0, 1), determined by a state and a replicate.
#[inline]
pub fn uniform(state: u64, replicate: u64) -> f64 {
    (float(hash(state, replicate) >> 12) + 0.5) / 4_503_599_627_370_496.0
}

#[inline]
fn hash(state: u64, replicate: u64) -> u64 {
    mix64(state.wrapping_add(GOLDEN.wrapping_mul(replicate.wrapping_add(1))))
}

#[inline]
fn entry(table: &[f64], hash: u64) -> f64 {
    usize::try_from(hash >> (64 - BITS)).ok().and_then(|i| table.get(i)).copied().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::resample::row_state;

    /// Mean 1 and variance 1 for one row; mean, variance and skewness of a gamma number for many.
    #[test]
    fn weights_have_the_moments_of_their_distribution() {
        let weights = Weights::default();
        for rows in [1_u64, 2, 7, 8, 30, 5_000] {
            let draws = 200_000_u64;
            let k = rows as f64;
            let (mut sum, mut square, mut cube) = (0.0, 0.0, 0.0);
            for r in 0..draws {
                let x = (weights.rows(row_state(3, rows), r, rows) - k) / k.sqrt();
                sum += x;
                square += x * x;
                cube += x * x * x;
            }
            let n = draws as f64;
            assert!((sum / n).abs() < 5.0 / n.sqrt(), "{rows}: mean {}", sum / n);
            assert!((square / n - 1.0).abs() < 0.03, "{rows}: variance {}", square / n);
            assert!((cube / n - 2.0 / k.sqrt()).abs() < 0.15, "{rows}: skewness {}", cube / n);
        }
    }

    #[test]
    fn normal_numbers_are_normal() {
        let weights = Weights::default();
        let n = 200_000_u64;
        let above =
            |z: f64| (0..n).filter(|r| weights.normal(11, *r) > z).count() as f64 / n as f64;
        for z in [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0] {
            let want = normal::tail(z);
            assert!((above(z) - want).abs() < 5.0 * (want / n as f64).sqrt() + 3e-4, "{z}");
        }
    }
}
