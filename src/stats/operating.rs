//! What an exact gate on a proportion can tell at a number of trials: its operating characteristic.

use super::{
    binomial::upper_tail,
    proportion::float,
    sample_size::{Side, allowed_failures},
};

/// An exact gate at a fixed number of trials. A failure is what counts against the side: a miss when the proportion has
/// to be at least the limit, a hit when it has to be at most that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    trials: u64,
    side: Side,
    /// The most failures that pass; `None` when not even none does.
    pub accepts: Option<u64>,
    /// The least failures that fail; `None` when even all of them leave it open.
    pub rejects: Option<u64>,
}

/// The chances of the three answers at a true rate; they sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chances {
    /// Of pass.
    pub pass: f64,
    /// Of fail.
    pub fail: f64,
    /// Of neither.
    pub inconclusive: f64,
}

impl Gate {
    /// The gate that holds a proportion of `trials` to `limit` by exact bounds (Clopper and Pearson 1934), each
    /// one-sided at `alpha`.
    pub fn new(trials: u64, limit: f64, side: Side, alpha: f64) -> Self {
        // It fails where the opposite claim would pass, with successes in the place of failures.
        let opposite = match side {
            Side::AtLeast => Side::AtMost,
            Side::AtMost => Side::AtLeast,
        };
        let accepts = allowed_failures(trials, limit, side, alpha);
        let rejects = allowed_failures(trials, limit, opposite, alpha).map(|most| trials - most);
        Self { trials, side, accepts, rejects }
    }

    /// The chances of pass, fail and inconclusive when the true rate is `rate`: binomial tails.
    pub fn chances(&self, rate: f64) -> Chances {
        let (misses, n) = match self.side {
            Side::AtLeast => (1.0 - rate, self.trials),
            Side::AtMost => (rate, self.trials),
        };
        let pass = self.accepts.map_or(0.0, |most| upper_tail(n - most, n, 1.0 - misses));
        let fail = self.rejects.map_or(0.0, |least| upper_tail(least, n, misses));
        Chances { pass, fail, inconclusive: (1.0 - pass - fail).max(0.0) }
    }

    /// The observed value nearest to the limit that passes: the smallest for a lower limit, the greatest for an upper
    /// one. `None` when no value does at so few trials.
    pub fn passing(&self) -> Option<f64> {
        let most = self.accepts?;
        let hits = match self.side {
            Side::AtLeast => self.trials - most,
            Side::AtMost => most,
        };
        Some(float(hits) / float(self.trials))
    }
}

/// The observed value nearest to `limit` that passes an exact gate of `trials`; see [`Gate::passing`].
pub fn smallest_passing(trials: u64, limit: f64, side: Side, alpha: f64) -> Option<f64> {
    Gate::new(trials, limit, side, alpha).passing()
}
