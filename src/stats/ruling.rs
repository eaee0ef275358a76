//! The three results that bounds give: shown to hold, shown to be broken, or neither.

use super::{
    Bounds,
    proportion::{clopper_pearson_lower, clopper_pearson_upper, float},
    sample_size::{Side, total_needed},
};

/// The result of comparing bounds with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// The bound clears the limit.
    Pass,
    /// The opposite bound shows that the limit is broken.
    Fail,
    /// The limit lies between the bounds.
    Inconclusive,
}

/// An exact ruling on a proportion, and its bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ruled {
    /// The ruling.
    pub ruling: Ruling,
    /// The exact lower bound, 0 without trials.
    pub lower: f64,
    /// The exact upper bound, 1 without trials.
    pub upper: f64,
    /// The total number of trials that would settle it, at least one more than now; `None` if it is
    /// settled, or if the estimate is on the wrong side, so that more of the same would not help.
    pub needed: Option<u64>,
}

/// Checks a proportion against `limit` with its exact bounds (Clopper and Pearson 1934), each
/// one-sided at `alpha`. For [`Side::AtLeast`]: pass if lower ≥ limit, fail if upper < limit; for
/// [`Side::AtMost`] the mirror image. Without trials it never passes. `None` if `successes` exceeds
/// `trials` or `alpha` is not in (0, 1).
pub fn proportion(
    successes: u64,
    trials: u64,
    limit: f64,
    side: Side,
    alpha: f64,
    power: f64,
) -> Option<Ruled> {
    if trials == 0 && successes == 0 {
        return Some(Ruled { ruling: Ruling::Inconclusive, lower: 0.0, upper: 1.0, needed: None });
    }
    let lower = clopper_pearson_lower(successes, trials, alpha)?;
    let upper = clopper_pearson_upper(successes, trials, alpha)?;
    let (holds, broken) = match side {
        Side::AtLeast => (lower >= limit, upper < limit),
        Side::AtMost => (upper <= limit, lower > limit),
    };
    let ruling = of(holds, broken);
    let estimate = float(successes) / float(trials);
    let total = if ruling == Ruling::Inconclusive {
        total_needed(estimate, limit, side, alpha, power)
    } else {
        None
    };
    Some(Ruled { ruling, lower, upper, needed: total.map(|n| n.max(trials.saturating_add(1))) })
}

/// Checks a difference, candidate minus baseline, against a loss of at most `margin`: pass if
/// `lower > −margin`, fail if `upper < −margin`.
pub fn not_worse(difference: Bounds, margin: f64) -> Ruling {
    of(difference.lower > -margin, difference.upper < -margin)
}

fn of(holds: bool, broken: bool) -> Ruling {
    match (holds, broken) {
        (true, false) => Ruling::Pass,
        (false, true) => Ruling::Fail,
        _ => Ruling::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_on_nothing() {
        for side in [Side::AtLeast, Side::AtMost] {
            let ruled =
                proportion(0, 0, if side == Side::AtLeast { 0.0 } else { 1.0 }, side, 0.05, 0.8)
                    .unwrap();
            assert_eq!((ruled.ruling, ruled.lower, ruled.upper), (Ruling::Inconclusive, 0.0, 1.0));
            assert_eq!(proportion(3, 2, 0.5, side, 0.05, 0.8), None);
        }
        assert_eq!(
            proportion(9, 10, f64::NAN, Side::AtLeast, 0.05, 0.8).unwrap().ruling,
            Ruling::Inconclusive
        );
        let unknown = Bounds { estimate: f64::NAN, lower: f64::NAN, upper: f64::NAN };
        assert_eq!(not_worse(unknown, 0.1), Ruling::Inconclusive);
    }
}
