//! What Amazon's tools share: confusion matrices (actual label → predicted label → rows), and the
//! data set of a report.

use crate::evidence::{
    Collector,
    confusion::Confusion,
    json::{Json, Number, Object},
};
use crate::model::{Measurement, Slice};
use crate::stats::proportion::float;
use std::collections::BTreeSet;

/// Adds how many items there are, and when they were evaluated.
pub(super) fn dataset(collector: &mut Collector<'_>, object: &Object<'_>) {
    let Some(dataset) = collector.object(object.get("dataset")) else { return };
    if let Some(items) = dataset.get("item_count") {
        let n = items.as_number().and_then(Number::count);
        _ = collector.measure("item_count", "item_count", Slice::overall(), items).map(|m| m.n = n);
    }
    let at = ["evaluation_time", "end_time"].iter().find_map(|key| dataset.get(key)?.as_str());
    collector.evidence.produced_at = at.and_then(|at| at.parse().ok());
}

/// A confusion matrix of counts.
#[derive(Debug)]
pub(super) struct Matrix<'j> {
    cells: Vec<(&'j str, &'j str, u64)>,
}

impl<'j> Matrix<'j> {
    /// The matrix; `None` unless every cell is a count.
    pub(super) fn of(json: &'j Json<'_>) -> Option<Self> {
        let mut cells = Vec::new();
        for actual in json.as_object()? {
            for predicted in actual.value.as_object()? {
                cells.push((&*actual.key, &*predicted.key, predicted.value.as_number()?.count()?));
            }
        }
        let matrix = Self { cells };
        matrix.total().filter(|total| *total > 0).map(|_| matrix)
    }

    /// All rows.
    pub(super) fn total(&self) -> Option<u64> {
        self.sum(|_, _| true)
    }

    /// The rows that are predicted correctly.
    pub(super) fn right(&self) -> Option<u64> {
        self.sum(|actual, predicted| actual == predicted)
    }

    /// The actual labels.
    pub(super) fn labels(&self) -> Vec<&'j str> {
        let mut labels: Vec<&str> = self.cells.iter().map(|(actual, _, _)| *actual).collect();
        labels.dedup();
        labels
    }

    /// The four counts when these labels are the positive ones.
    pub(super) fn binary(&self, positive: &BTreeSet<&str>) -> Option<Confusion> {
        let is = |label: &str| positive.contains(label);
        Some(Confusion {
            true_positives: self.sum(|a, p| is(a) && is(p))?,
            false_positives: self.sum(|a, p| !is(a) && is(p))?,
            true_negatives: self.sum(|a, p| !is(a) && !is(p))?,
            false_negatives: self.sum(|a, p| is(a) && !is(p))?,
        })
    }

    fn sum(&self, wanted: impl Fn(&str, &str) -> bool) -> Option<u64> {
        let counts = self.cells.iter().filter(|(actual, predicted, _)| wanted(actual, predicted));
        counts.map(|(_, _, count)| *count).try_fold(0_u64, u64::checked_add)
    }
}

/// Whether these measurements' rates agree with `counts`; a rate over 0 rows agrees with anything.
pub(super) fn agree(counts: Confusion, measured: &[Measurement]) -> bool {
    measured.iter().all(|m| match (counts.of(&m.metric), m.value) {
        (Some((successes, trials)), Some(value)) => trials == 0 || near(value, successes, trials),
        _ => true,
    })
}

fn near(value: f64, successes: u64, trials: u64) -> bool {
    (float(successes) / float(trials) - value).abs() <= 1e-9
}

/// States n, and successes and trials of the rates that follow from `counts`.
pub(super) fn state(counts: Option<Confusion>, n: u64, measured: &mut [Measurement]) {
    for m in measured {
        m.n = Some(n);
        if let Some((successes, trials)) = counts.and_then(|counts| counts.of(&m.metric)) {
            m.trials = Some(trials);
            m.successes = m.value.filter(|_| trials > 0).map(|_| successes);
        }
    }
}
