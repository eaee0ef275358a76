//! Random numbers from a hash, so that every run draws the same rows.

use modelgate::stats::{normal, resample::mix64};

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream(u64);

impl Stream {
    pub fn new(seed: u64) -> Self {
        Self(mix64(seed ^ 0x636f_7665_7261_6765))
    }

    /// Uniform in (0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((mix64(self.0) >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0
    }

    pub fn normal(&mut self) -> f64 {
        normal::quantile(self.uniform())
    }

    pub fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Student's t with this many degrees of freedom.
    pub fn student(&mut self, freedom: u32) -> f64 {
        let z = self.normal();
        let square: f64 = (0..freedom).map(|_| self.normal().powi(2)).sum();
        z / (square / f64::from(freedom)).sqrt()
    }

    /// The place of a class with these shares.
    pub fn class(&mut self, shares: &[f64]) -> usize {
        let (u, mut sum) = (self.uniform(), 0.0);
        for (place, share) in shares.iter().enumerate() {
            sum += share;
            if u < sum {
                return place;
            }
        }
        shares.len() - 1
    }
}

/// The value of a score z as a probability.
pub fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}
