//! `[recompute]`: claimed numbers must agree with the numbers computed from raw predictions.

mod first;
mod truth;

use super::{Findings, View, digests, select};
use crate::{
    model::{Measurement, Status, Unit, number::round12},
    policy::{
        index::Document,
        judged::{Judged, Numbers},
        phrase::{Claim, Reason, subject_of},
        schema::Recompute,
    },
};
use truth::Truth;

const RULE: &str = "evidence.recompute";

/// Documents with their positions in the index.
type Placed<'i, 'a> = (usize, &'i Document<'a>);

/// Checks that modelgate computed what the policy's rules use, and that no document contradicts it.
pub(super) fn judge<'a>(view: &View<'a>, out: &mut Findings<'a>) {
    let Some(recompute) = &view.policy.recompute else { return };
    let finding = |status| Judged::new(&view.policy.name, RULE, status);
    let documents: Vec<Placed<'_, '_>> = view.index.documents.iter().enumerate().collect();
    let computed: Vec<Placed<'_, '_>> = documents
        .iter()
        .filter(|(_, d)| d.is_computed() && select::ours(view, d))
        .copied()
        .collect();
    if computed.is_empty() {
        out.say(finding(Status::Missing), Reason::NoPredictions);
        return;
    }
    let claims: Vec<Placed<'_, '_>> =
        documents.into_iter().filter(|(_, d)| !d.is_computed()).collect();
    let held = if view.case.is_first() {
        first::hold(recompute, &claims, &computed)
    } else {
        hold(recompute, &claims, &computed)
    };
    let Held { compared, differing, places } = held;
    let evidence = if places.is_empty() {
        digests(view, computed.iter().map(|(at, _)| *at))
    } else {
        digests(view, places)
    };
    let rows =
        computed.iter().find_map(|(_, d)| d.evidence().computed.as_ref()).map_or(0, |c| c.rows);
    let status = if differing.is_empty() { Status::Pass } else { Status::Fail };
    let numbers = Numbers { n: Some(rows), ..Numbers::default() };
    let finding = Judged { numbers, evidence, ..finding(status) };
    out.say(finding, Reason::Recomputed { rows, compared, differing });
}

/// The results of comparing claims with computed numbers.
#[derive(Default)]
struct Held {
    compared: u64,
    differing: Vec<Claim>,
    /// The documents that differ, both claims and computed ones.
    places: Vec<usize>,
}

fn hold(recompute: &Recompute, claims: &[Placed<'_, '_>], computed: &[Placed<'_, '_>]) -> Held {
    let mut held = Held::default();
    for (ours, source) in computed {
        let truth = Truth::of(source.evidence());
        for (at, claiming) in claims {
            for claim in
                claiming.evidence().measurements.iter().filter(|c| same_data(c, claiming, source))
            {
                let Some(found) = truth.find(claim) else { continue };
                match weigh(recompute, claim, found, &truth) {
                    Compared::Nothing => {}
                    Compared::Agrees => held.compared += 1,
                    Compared::Differs(claim) => {
                        held.compared += 1;
                        held.differing.push(claim);
                        held.places.extend([*at, *ours]);
                    }
                }
            }
        }
    }
    held
}

/// Parts of the data that a model is not evaluated on.
const TRAINED_ON: [&str; 6] = ["train", "training", "val", "valid", "validation", "dev"];

/// Whether a claim can be about the rows that were computed from. If those rows have no data set
/// name, every claim can be, unless it states that it is about training data.
fn same_data(claim: &Measurement, claiming: &Document<'_>, source: &Document<'_>) -> bool {
    match (claim.dataset.as_deref().or(claiming.dataset), source.dataset) {
        (Some(claimed), Some(known)) => claimed == known,
        (Some(claimed), None) => !TRAINED_ON.contains(&claimed),
        (None, _) => true,
    }
}

/// The result for one claim.
enum Compared {
    /// The claim contains nothing that can be compared.
    Nothing,
    Agrees,
    Differs(Claim),
}

/// Compares values with regard to how exactly they are written, and counts only if both count the
/// same thing.
fn weigh(
    recompute: &Recompute,
    claim: &Measurement,
    found: &Measurement,
    truth: &Truth<'_>,
) -> Compared {
    let told = |what: &str, claimed: String, computed: String| {
        let subject = subject_of(&claim.metric, claim.quantile, &claim.slice);
        Compared::Differs(Claim { what: format!("{what}{subject}"), claimed, computed })
    };
    let text =
        |x: Option<f64>| x.map_or_else(|| "undefined".to_owned(), |x| round12(x).to_string());
    let scale = scale(claim, found);
    // A number that the tool could not compute claims nothing, and passes nothing.
    let Some(value) = claim.value.map(&scale) else { return Compared::Nothing };
    let close = |ours: f64| {
        let written = scale(claim.rounding).abs();
        (value - ours).abs()
            <= written.max(single(value)) + recompute.tolerance + 4.0 * f64::EPSILON
    };
    match found.value {
        Some(ours) if close(ours) => {}
        Some(ours) => return told("", text(Some(value)), text(Some(ours))),
        // For an undefined rate, tools write 0 or 1, as `zero_division` selects, and include it in
        // their averages.
        None if found.aggregate || close(0.0) || close(1.0) => return Compared::Nothing,
        None => return told("", text(Some(value)), text(None)),
    }
    let different = |claimed: Option<u64>, known: &[u64]| {
        claimed.filter(|c| !known.is_empty() && !known.contains(c))
    };
    let counts = [
        ("the rows of ", different(claim.n, &truth.rows(found)), found.n),
        ("the trials of ", different(claim.trials, found.trials.as_slice()), found.trials),
        (
            "the successes of ",
            different(claim.successes, found.successes.as_slice()),
            found.successes,
        ),
    ];
    let other =
        counts.into_iter().find_map(|(what, claimed, known)| Some((what, claimed?, known?)));
    match other {
        Some((what, claimed, known)) => told(what, claimed.to_string(), known.to_string()),
        None => Compared::Agrees,
    }
}

/// Converts a claim's numbers to the unit of the computed number.
fn scale(claim: &Measurement, found: &Measurement) -> impl Fn(f64) -> f64 + use<> {
    let (from, to) = (claim.unit, found.unit);
    move |x| match (from, to) {
        (Some(from), Some(to)) => from.convert(x, to).unwrap_or(f64::NAN),
        (Some(Unit::Percent), None) => x / 100.0,
        _ => x,
    }
}

/// The error of a number that was computed with 32 bits: many tools do that, and write all digits
/// of it.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "to see whether 32 bits hold it"
)]
fn single(value: f64) -> f64 {
    let held = f64::from(value as f32).to_bits() == value.to_bits();
    if held { value.abs() * f64::from(f32::EPSILON) } else { 0.0 }
}
