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

#[cfg(test)]
mod tests {
    use super::*;

    /// References: scipy.stats.beta.ppf for the counts, scipy.stats.binom.sf and cdf for the chances.
    #[test]
    fn agrees_with_scipy() {
        let gate = Gate::new(1_000, 0.95, Side::AtLeast, 0.05);
        assert_eq!((gate.accepts, gate.rejects, gate.passing()), (Some(38), Some(63), Some(0.962)));
        for (rate, pass, fail) in [
            (0.93, 1.192_626_119_601_818_7e-5, 0.823_153_626_213_926_8),
            (0.95, 0.043_348_190_606_909_254, 0.038_393_235_564_510_95),
            (0.97, 0.938_078_792_173_017_4, 5.720_151_178_514_027e-8),
        ] {
            let chances = gate.chances(rate);
            assert!((chances.pass - pass).abs() <= 1e-11 * pass, "{chances:?}");
            assert!((chances.fail - fail).abs() <= 1e-11 * fail, "{chances:?}");
        }
    }

    #[test]
    fn an_upper_limit_is_the_mirror_image() {
        let (low, high) = (Gate::new(300, 0.9, Side::AtLeast, 0.05), Gate::new(300, 0.1, Side::AtMost, 0.05));
        assert_eq!((low.accepts, low.rejects), (high.accepts, high.rejects));
        assert_eq!((low.passing(), high.passing()), (Some(279.0 / 300.0), Some(21.0 / 300.0)));
        let (one, other) = (low.chances(0.92), high.chances(0.08));
        assert!((one.pass - other.pass).abs() < 1e-12 && (one.fail - other.fail).abs() < 1e-12);
    }

    #[test]
    fn a_gate_of_too_few_never_passes() {
        let gate = Gate::new(58, 0.95, Side::AtLeast, 0.05);
        assert_eq!((gate.accepts, gate.passing(), gate.chances(1.0).pass), (None, None, 0.0));
        assert_eq!(smallest_passing(59, 0.95, Side::AtLeast, 0.05), Some(1.0));
        assert_eq!(Gate::new(0, 0.5, Side::AtLeast, 0.05).chances(0.5).inconclusive, 1.0);
    }
}
