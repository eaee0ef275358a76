//! Chooses the measurement to evaluate among those that a rule selects.

use super::{View, weigh::one_sided};
use crate::{
    model::{Bucket, Distribution, Measurement, number::round12},
    policy::{
        index::{Document, Entry},
        phrase::Place,
        schema::Target,
    },
    stats::quantile,
};
use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

/// The chosen measurement and its place.
pub(super) struct Chosen<'a> {
    /// Its document; the first one if several were summed.
    pub(super) document: usize,
    pub(super) dataset: Option<&'a str>,
    pub(super) measurement: Cow<'a, Measurement>,
}

/// The measurement to evaluate. Whole samples from several documents are summed. Otherwise, several
/// measurements with the same value are treated as one, and the most informative one is used.
///
/// # Errors
/// All places, if values or counts differ.
pub(super) fn one<'a>(
    view: &View<'_>,
    target: &Target,
    entries: &[Entry<'a>],
) -> Result<Option<Chosen<'a>>, Vec<Place>> {
    let Some(first) = entries.first() else { return Ok(None) };
    if entries.len() == 1 {
        return Ok(Some(Chosen {
            document: first.document,
            dataset: first.dataset,
            measurement: Cow::Borrowed(first.measurement),
        }));
    }
    if let Some(sum) = sum(view, target, entries) {
        return Ok(Some(Chosen {
            document: first.document,
            dataset: first.dataset,
            measurement: Cow::Owned(sum),
        }));
    }
    let value = |m: &Measurement| match (m.value, m.unit, target.unit) {
        (Some(value), Some(from), Some(to)) => from.convert(value, to).or(Some(value)),
        (value, ..) => value,
    };
    // An unstated count agrees with every other.
    let agree = |count: fn(&Measurement) -> Option<u64>| {
        let mut stated = entries.iter().filter_map(|e| count(e.measurement));
        stated.next().is_none_or(|first| stated.all(|other| other == first))
    };
    let of_first = value(first.measurement).map(round12);
    let all_same = entries.iter().skip(1).all(|e| value(e.measurement).map(round12) == of_first)
        && agree(Measurement::known_trials)
        && agree(|m| m.successes);
    if !all_same {
        let place = |e: &Entry<'_>| Place {
            digest: view.index.document(e.document).map(|d| d.evidence().digest),
            source_name: e.measurement.source_name.clone(),
            value: e.measurement.value,
            trials: e.measurement.known_trials(),
        };
        return Err(entries.iter().map(place).collect());
    }
    // Among equals, prefer in this order: one that its own document declares unusable, one with
    // counts, one with the most confident interval, which every evaluation can use.
    let confidence =
        |m: &Measurement| m.intervals.iter().filter_map(one_sided).fold(0.0, f64::max).to_bits();
    let tells = |m: &Measurement| {
        (
            m.unfit.is_some(),
            m.known_trials().is_some(),
            m.successes.is_some(),
            m.distribution.is_some(),
            confidence(m),
            m.n.is_some(),
        )
    };
    let best = entries
        .iter()
        .reduce(|a, b| if tells(b.measurement) > tells(a.measurement) { b } else { a });
    Ok(best.or(Some(first)).map(|e| Chosen {
        document: e.document,
        dataset: e.dataset,
        measurement: Cow::Borrowed(e.measurement),
    }))
}

/// Whether modelgate computed this document.
pub(super) fn computed(view: &View<'_>, document: usize) -> bool {
    view.index.document(document).is_some_and(Document::is_computed)
}

/// One measurement from the whole samples of several documents, such as load generators on several
/// machines; `None` unless each document has exactly one and all are about the same thing. If two
/// documents contain the same sample, it is used once: using it twice would claim more samples than
/// were measured.
pub(super) fn sum(view: &View<'_>, target: &Target, entries: &[Entry<'_>]) -> Option<Measurement> {
    let first = entries.first().filter(|_| entries.len() > 1)?;
    let key = |e: &Entry<'_>| match e.dataset {
        Some(name) => Some(name.to_owned()),
        None => view.index.document(e.document).map(Document::dataset_key),
    };
    let same = |e: &Entry<'_>| {
        let (a, b) = (e.measurement, first.measurement);
        key(e) == key(first) && a.scope == b.scope && a.step == b.step && a.metric == b.metric
    };
    let documents: BTreeSet<usize> = entries.iter().map(|e| e.document).collect();
    if documents.len() < entries.len() || !entries.iter().all(same) {
        return None;
    }
    let unit = target.unit.or(first.measurement.unit);
    let mut parts: Vec<Distribution> = Vec::with_capacity(entries.len());
    for m in entries.iter().map(|e| e.measurement) {
        let sample = m.distribution.as_ref().filter(|_| m.value.is_some())?;
        let edge = |x: f64| match (m.unit, unit) {
            (Some(from), Some(to)) => from.convert(x, to),
            (None, None) => Some(x),
            _ => None,
        };
        let bucket =
            |b: &Bucket| Some(Bucket { low: edge(b.low)?, high: edge(b.high)?, count: b.count });
        let buckets = sample.buckets.iter().map(bucket).collect::<Option<Vec<_>>>()?;
        if !parts.iter().any(|p| p.buckets == buckets) {
            parts.push(Distribution { method: sample.method.clone(), buckets });
        }
    }
    let sample = Distribution::merged(&parts)?;
    let q = first.measurement.quantile?;
    let ranges: Vec<(f64, f64, u64)> =
        sample.buckets.iter().map(|b| (b.low, b.high, b.count)).collect();
    let value = quantile::of_buckets(&ranges, q, 0.5).ok()?.estimate;
    let named = Measurement::new(
        &first.measurement.metric,
        &first.measurement.source_name,
        Some(round12(value)),
    );
    Some(Measurement {
        quantile: Some(q),
        unit,
        n: Some(sample.count()),
        slice: first.measurement.slice.clone(),
        dataset: first.measurement.dataset.clone(),
        step: first.measurement.step,
        scope: first.measurement.scope.clone(),
        distribution: Some(Arc::new(sample)),
        unfit: entries.iter().find_map(|e| e.measurement.unfit.clone()),
        ..named
    })
}

/// The measurements for counting rows: their sum if samples are summed, otherwise each one.
pub(super) fn counted<'a>(
    view: &View<'_>,
    target: &Target,
    entries: &[Entry<'a>],
) -> Vec<Cow<'a, Measurement>> {
    match sum(view, target, entries) {
        Some(sum) => vec![Cow::Owned(sum)],
        None => entries.iter().map(|e| Cow::Borrowed(e.measurement)).collect(),
    }
}
