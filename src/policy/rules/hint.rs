//! Computes how many further samples would settle an inconclusive finding.

use super::{
    bound::bound,
    judging::Judging,
    weigh::{Method, Weighed},
};
use crate::{
    model::{Op, Status, Unit},
    policy::schema::Limit,
    stats::{
        normal,
        proportion::float,
        sample_size::{Side, allowed_failures, total_needed},
    },
};

/// The probability with which `samples_needed` settles the question at the observed rate.
const POWER: f64 = 0.8;

/// What would settle an inconclusive finding.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hint {
    /// The number of further samples.
    pub(super) samples_needed: Option<u64>,
    /// The number of failures that all samples together can then contain.
    pub(super) allowed_failures: Option<u64>,
}

impl Hint {
    /// The hint for a proportion, from its rate.
    pub(super) fn by_rate(
        judging: &Judging,
        asked: Option<u64>,
        unit: Option<Unit>,
        limit: Limit,
        weighed: &Weighed,
    ) -> Self {
        let (Method::Counts(_), Some(rate), Some(trials)) =
            (&weighed.method, weighed.observed, weighed.trials)
        else {
            return Self::default();
        };
        let side = match limit.op {
            Op::AtLeast => Side::AtLeast,
            Op::AtMost => Side::AtMost,
        };
        let alpha = judging.alpha;
        let share = |x: f64| if unit == Some(Unit::Percent) { x / 100.0 } else { x };
        let (rate, limit_share) = (share(rate), share(limit.value));
        let clears = bound(weighed, limit) == Status::Pass;
        // If the bound already clears the limit, only the number of samples is too low.
        let by_rate =
            if clears { Some(trials) } else { total_needed(rate, limit_share, side, alpha, POWER) };
        let Some(total) = by_rate.map(|t| t.max(asked.unwrap_or(0)).max(trials.saturating_add(1)))
        else {
            return Self::default();
        };
        Self {
            samples_needed: Some(total - trials),
            allowed_failures: allowed_failures(total, limit_share, side, alpha),
        }
    }

    /// The hint for a difference or any other bound that narrows with the square root of the sample
    /// size. At the observed value, a bound at distance `w` clears a limit at distance `g` with
    /// power 1 − β on `n (w (z_α + z_β) / (z_α g))²` rows.
    pub(super) fn by_width(judging: &Judging, limit: Limit, weighed: &Weighed) -> Self {
        let (Some(observed), Some(n)) = (weighed.observed, weighed.trials.or(weighed.n)) else {
            return Self::default();
        };
        let (bound, gap) = match limit.op {
            Op::AtLeast => (weighed.lower, observed - limit.value),
            Op::AtMost => (weighed.upper, limit.value - observed),
        };
        let Some(width) = bound.map(|b| (observed - b).abs()).filter(|w| *w > 0.0) else {
            return Self::default();
        };
        let z = normal::upper_quantile(judging.alpha);
        let power = normal::upper_quantile(1.0 - POWER);
        if gap > 0.0 && z > 0.0 {
            let total = float(n) * (width * (z + power) / (z * gap)).powi(2);
            return Self { samples_needed: further(total, n), allowed_failures: None };
        }
        Self::default()
    }

    /// The hint as a finding shows it: if each attempt spends a share of the error, a hint would
    /// reveal information without paying for it.
    pub(super) fn shown(self, judging: &Judging) -> Self {
        if judging.spends { Self::default() } else { self }
    }
}

/// The number of samples beyond `n` that make `total`, at least one; `None` if it is too large to
/// be useful advice.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 1e12, checked first"
)]
fn further(total: f64, n: u64) -> Option<u64> {
    let up = total.ceil();
    (0.0..=1e12).contains(&up).then(|| (up as u64).max(n.saturating_add(1)) - n)
}
