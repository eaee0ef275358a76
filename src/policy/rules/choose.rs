//! Which of the measurements that a rule selects is judged.

use super::{View, weigh::one_sided};
use crate::{
    model::{Measurement, number::round12},
    policy::{
        evaluate::index::{Document, Entry},
        phrase::Place,
        schema::Target,
    },
};

/// The one measurement to judge. Several with one value are one; the one that tells most decides.
///
/// # Errors
/// Every place, when values or counts differ.
pub(super) fn one<'a>(view: &View<'_>, target: &Target, entries: &[Entry<'a>]) -> Result<Option<Entry<'a>>, Vec<Place>> {
    let Some(first) = entries.first() else { return Ok(None) };
    let value = |m: &Measurement| match (m.value, m.unit, target.unit) {
        (Some(value), Some(from), Some(to)) => from.convert(value, to).or(Some(value)),
        (value, ..) => value,
    };
    let same = |a: &Measurement, b: &Measurement| {
        let agree = |x: Option<u64>, y: Option<u64>| x.zip(y).is_none_or(|(x, y)| x == y);
        value(a).map(round12) == value(b).map(round12)
            && agree(a.known_trials(), b.known_trials())
            && agree(a.successes, b.successes)
    };
    let all_same = entries.iter().enumerate().all(|(i, a)| {
        entries.iter().skip(i + 1).all(|b| same(a.measurement, b.measurement))
    });
    if !all_same {
        let place = |e: &Entry<'_>| Place {
            digest: view.index.document(e.document).map(|d| d.evidence().digest),
            source_name: e.measurement.source_name.clone(),
            value: e.measurement.value,
            trials: e.measurement.known_trials(),
        };
        return Err(entries.iter().map(place).collect());
    }
    // Among equals: what has counts, then the most confident interval, which every judgement may stand on.
    let confidence = |m: &Measurement| m.intervals.iter().filter_map(one_sided).fold(0.0, f64::max).to_bits();
    let tells = |m: &Measurement| {
        (m.known_trials().is_some(), m.successes.is_some(), m.distribution.is_some(), confidence(m), m.n.is_some())
    };
    let best = entries.iter().reduce(|a, b| if tells(b.measurement) > tells(a.measurement) { b } else { a });
    Ok(best.or(Some(first)).copied())
}

/// Whether we computed what stands at `entry`.
pub(super) fn computed(view: &View<'_>, entry: &Entry<'_>) -> bool {
    view.index.document(entry.document).is_some_and(Document::is_computed)
}
