//! Compares claims with computed numbers as the first semantics did, so that decisions made with it
//! can be recomputed.

use super::{Held, Placed, select};
use crate::{
    model::{Measurement, Slice, number::round12},
    policy::{
        phrase::{Claim, subject_of},
        schema::Recompute,
    },
};

pub(super) fn hold(
    recompute: &Recompute,
    claims: &[Placed<'_, '_>],
    computed: &[Placed<'_, '_>],
) -> Held {
    let mut held = Held::default();
    for (at, claiming) in claims {
        for claim in &claiming.evidence().measurements {
            for (ours, source) in computed {
                let data = claim.dataset.as_deref().or(claiming.dataset);
                if data.zip(source.dataset).is_some_and(|(a, b)| a != b) {
                    continue;
                }
                let Some(truth) = source.evidence().measurements.iter().find(|m| alike(m, claim))
                else {
                    continue;
                };
                held.compared += 1;
                if let Some(claim) = differs(recompute, claim, truth) {
                    held.differing.push(claim);
                    held.places.extend([*at, *ours]);
                }
            }
        }
    }
    held
}

/// Whether two measurements are of the same quantity.
fn alike(a: &Measurement, b: &Measurement) -> bool {
    let quantile = match (a.quantile, b.quantile) {
        (None, None) => true,
        (Some(a), Some(b)) => select::alike(a, b),
        _ => false,
    };
    let by = a.slice != Slice::overall() || a.aggregate == b.aggregate;
    a.metric == b.metric && a.slice == b.slice && a.scope == b.scope && quantile && by
}

/// The difference between a claim and the computed number, if it exceeds the claim's rounding and
/// the tolerance.
fn differs(recompute: &Recompute, claim: &Measurement, truth: &Measurement) -> Option<Claim> {
    let scale = |x: f64| match (claim.unit, truth.unit) {
        (Some(from), Some(to)) => from.convert(x, to).unwrap_or(f64::NAN),
        (Some(crate::model::Unit::Percent), None) => x / 100.0,
        _ => x,
    };
    let value = claim.value.map(scale);
    let told = |what: &str, claimed: String, computed: String| {
        let subject = subject_of(&claim.metric, claim.quantile, &claim.slice);
        Some(Claim { what: format!("{what}{subject}"), claimed, computed })
    };
    let text =
        |x: Option<f64>| x.map_or_else(|| "undefined".to_owned(), |x| round12(x).to_string());
    let close = match (value, truth.value) {
        (Some(a), Some(b)) => {
            (a - b).abs() <= scale(claim.rounding).abs() + recompute.tolerance + 4.0 * f64::EPSILON
        }
        (None, None) => true,
        _ => false,
    };
    if !close {
        return told("", text(value), text(truth.value));
    }
    let counts = [
        ("the rows of ", claim.n, truth.n),
        ("the trials of ", claim.trials, truth.trials),
        ("the successes of ", claim.successes, truth.successes),
    ];
    let other = counts
        .into_iter()
        .find_map(|(what, a, b)| a.zip(b).filter(|(a, b)| a != b).map(|(a, b)| (what, a, b)));
    other.and_then(|(what, a, b)| told(what, a.to_string(), b.to_string()))
}
