//! The content of a document, with the exact bounds that follow from its counts.

use crate::{
    evidence::{Opened, Part},
    model::{Digest, Evidence, Measurement, Metric, number::round12},
    stats::proportion::{clopper_pearson_lower, clopper_pearson_upper, counts_of},
    wire::inspect::{InspectV1, IntervalV1, MeasurementV1, MemberV1},
};
use std::collections::HashMap;

/// The one-sided confidence of the displayed bounds.
pub const CONFIDENCE: f64 = 0.95;

/// Bounds already computed, by least count, greatest count and trials: a large report has few
/// distinct ones.
type Bounds = HashMap<(u64, u64, u64), (Option<f64>, Option<f64>)>;

/// The content of `evidence`. Proportions with known trials get exact one-sided bounds at
/// [`CONFIDENCE`]: the lower bound from the least count that the value may mean, the upper bound
/// from the greatest.
pub fn inspect(evidence: &Evidence) -> InspectV1 {
    let mut bounds = Bounds::new();
    let measurements = evidence
        .measurements
        .iter()
        .map(|m| measurement(m, evidence.computed.is_some(), &mut bounds))
        .collect();
    InspectV1 {
        format: evidence.format.clone(),
        digest: evidence.digest,
        subject: evidence.subject.clone(),
        dataset: evidence.dataset.clone(),
        producer: evidence.producer.clone(),
        produced_at: evidence.produced_at,
        measurements,
        comparisons: evidence.comparisons.clone(),
        checks: evidence.checks.clone(),
        links: evidence.links.clone(),
        warnings: evidence.warnings.clone(),
        documents: Vec::new(),
    }
}

/// The content of a file: one document, or all documents of an archive together, each number with
/// the name of its document.
pub fn opened(opened: &Opened, digest: Digest) -> InspectV1 {
    if let (None, [Part { evidence, .. }]) = (opened.archive, opened.parts.as_slice()) {
        return inspect(evidence);
    }
    let mut all = inspect(&Evidence::new(digest, opened.archive.unwrap_or_default()));
    for part in &opened.parts {
        let name = part.name.clone().unwrap_or_default();
        let one = inspect(&part.evidence);
        let here = |m: MeasurementV1| MeasurementV1 { document: Some(name.clone()), ..m };
        all.measurements.extend(one.measurements.into_iter().map(here));
        all.checks.extend(one.checks);
        all.links.extend(one.links);
        all.warnings.extend(one.warnings.into_iter().map(|warning| format!("{name}: {warning}")));
        all.documents.push(MemberV1 { name, format: one.format, digest: one.digest });
    }
    all.warnings.extend(
        opened.left_out.iter().map(|name| format!("{name}: not read, no format recognises it")),
    );
    all
}

fn measurement(m: &Measurement, computed: bool, bounds: &mut Bounds) -> MeasurementV1 {
    let claimed = || {
        m.intervals.first().map(|interval| IntervalV1 {
            method: interval.method.clone(),
            confidence: interval.confidence,
            sides: interval.sides,
            lower: interval.lower,
            upper: interval.upper,
        })
    };
    MeasurementV1 {
        metric: m.metric.clone(),
        source_name: m.source_name.clone(),
        value: m.value,
        written: m.written.clone(),
        unfit: m.unfit.clone(),
        n: m.n,
        trials: m.trials.or_else(|| m.known_trials()),
        successes: m.successes,
        slice: m.slice.0.clone(),
        aggregate: m.aggregate,
        unit: m.unit.map(|unit| unit.to_string()),
        quantile: m.quantile,
        dataset: m.dataset.clone(),
        step: m.step,
        scope: m.scope.clone(),
        document: None,
        // Evidence that modelgate computed has its own bounds, at the confidence that the policy
        // asked for.
        interval: if computed { claimed() } else { exact(m, bounds).or_else(claimed) },
    }
}

/// The exact bounds, if the measurement is a proportion and its counts are known or limited to a
/// range.
fn exact(m: &Measurement, bounds: &mut Bounds) -> Option<IntervalV1> {
    Metric::find(&m.metric).filter(|metric| metric.is_proportion())?;
    let (value, trials) = (m.value?, m.known_trials()?);
    let (least, greatest) = match m.successes {
        Some(successes) => (successes, successes),
        None => counts_of(value, trials, m.rounding)?,
    };
    let (lower, upper) = *bounds.entry((least, greatest, trials)).or_insert_with(|| {
        let alpha = 1.0 - CONFIDENCE;
        (
            clopper_pearson_lower(least, trials, alpha),
            clopper_pearson_upper(greatest, trials, alpha),
        )
    });
    Some(IntervalV1 {
        method: "clopper-pearson".to_owned(),
        confidence: CONFIDENCE,
        sides: 1,
        lower: Some(round12(lower?)),
        upper: Some(round12(upper?)),
    })
}
