//! The operating characteristic of an exact gate on a proportion: the probabilities of its results
//! at a given number of trials.

use super::{
    binomial::upper_tail,
    proportion::float,
    sample_size::{Side, allowed_failures},
};

/// An exact gate with a fixed number of trials. A failure is a trial that speaks against the
/// required side: a miss if the proportion must be at least the limit, a hit if it must be at most
/// the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    trials: u64,
    side: Side,
    /// The largest number of failures that passes; `None` if even 0 failures do not pass.
    pub accepts: Option<u64>,
    /// The smallest number of failures that fails; `None` if even all trials failing is
    /// inconclusive.
    pub rejects: Option<u64>,
}

/// The probabilities of the three results at a true rate; they sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chances {
    /// The probability of a pass.
    pub pass: f64,
    /// The probability of a fail.
    pub fail: f64,
    /// The probability that the result is inconclusive.
    pub inconclusive: f64,
}

impl Gate {
    /// The gate that checks a proportion of `trials` against `limit` with exact bounds (Clopper and
    /// Pearson 1934), each one-sided at `alpha`.
    pub fn new(trials: u64, limit: f64, side: Side, alpha: f64) -> Self {
        // The gate fails where the opposite claim would pass, with successes and failures
        // exchanged.
        let opposite = match side {
            Side::AtLeast => Side::AtMost,
            Side::AtMost => Side::AtLeast,
        };
        let accepts = allowed_failures(trials, limit, side, alpha);
        let rejects = allowed_failures(trials, limit, opposite, alpha).map(|most| trials - most);
        Self { trials, side, accepts, rejects }
    }

    /// The probabilities of pass, fail and inconclusive at the true rate `rate`: binomial tails.
    pub fn chances(&self, rate: f64) -> Chances {
        let (misses, n) = match self.side {
            Side::AtLeast => (1.0 - rate, self.trials),
            Side::AtMost => (rate, self.trials),
        };
        let pass = self.accepts.map_or(0.0, |most| upper_tail(n - most, n, 1.0 - misses));
        let fail = self.rejects.map_or(0.0, |least| upper_tail(least, n, misses));
        Chances { pass, fail, inconclusive: (1.0 - pass - fail).max(0.0) }
    }

    /// The observed value nearest to the limit that passes: the smallest for a lower limit, the
    /// greatest for an upper limit. `None` if no value passes with this few trials.
    pub fn passing(&self) -> Option<f64> {
        let most = self.accepts?;
        let hits = match self.side {
            Side::AtLeast => self.trials - most,
            Side::AtMost => most,
        };
        Some(float(hits) / float(self.trials))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: scipy.stats.beta.ppf for the counts, scipy.stats.binom.sf and cdf for the
    /// probabilities.
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
        let (low, high) =
            (Gate::new(300, 0.9, Side::AtLeast, 0.05), Gate::new(300, 0.1, Side::AtMost, 0.05));
        assert_eq!((low.accepts, low.rejects), (high.accepts, high.rejects));
        assert_eq!((low.passing(), high.passing()), (Some(279.0 / 300.0), Some(21.0 / 300.0)));
        let (one, other) = (low.chances(0.92), high.chances(0.08));
        assert!((one.pass - other.pass).abs() < 1e-12 && (one.fail - other.fail).abs() < 1e-12);
    }

    #[test]
    fn a_gate_of_too_few_never_passes() {
        let gate = Gate::new(58, 0.95, Side::AtLeast, 0.05);
        assert_eq!((gate.accepts, gate.passing(), gate.chances(1.0).pass), (None, None, 0.0));
        assert_eq!(Gate::new(59, 0.95, Side::AtLeast, 0.05).passing(), Some(1.0));
        assert_eq!(Gate::new(0, 0.5, Side::AtLeast, 0.05).chances(0.5).inconclusive, 1.0);
    }
}
