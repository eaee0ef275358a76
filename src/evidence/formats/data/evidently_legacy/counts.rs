//! The counts of a report: rows, classes and the confusion matrix, for the current data and for the
//! reference.

use crate::evidence::{
    confusion::Confusion,
    counts::{only_count, only_denominator},
    json::{Json, Number},
};
use crate::model::{Measurement, evidence::MIN_ROUNDING};
use crate::stats::proportion::float;

/// The counts of one of the two data sets.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// All rows.
    pub rows: Option<u64>,
    matrix: Vec<Vec<u64>>,
}

/// A square matrix of counts.
fn matrix(json: &Json<'_>) -> Option<Vec<Vec<u64>>> {
    let row = |row: &Json<'_>| {
        row.as_array()?.iter().map(|cell| cell.as_number()?.count()).collect::<Option<Vec<_>>>()
    };
    let rows: Vec<Vec<u64>> =
        json.get("values")?.as_array()?.iter().map(row).collect::<Option<_>>()?;
    (!rows.is_empty() && rows.iter().all(|row| row.len() == rows.len())).then_some(rows)
}

impl Counts {
    /// The counts in `results`: below `current_matrix` and `current`, or below `reference_matrix` and `reference`.
    pub(super) fn of(results: &[&Json<'_>], data: &str) -> Self {
        let key = format!("{data}_matrix");
        let matrix =
            results.iter().find_map(|result| matrix(result.get(&key)?)).unwrap_or_default();
        let supports = |result: &&Json<'_>| {
            let classes = result.at_path(&[data, "metrics"])?.as_object()?;
            let supports =
                classes.iter().map(|class| class.value.get("support")?.as_number()?.count());
            supports.sum::<Option<u64>>()
        };
        let counted = matrix.iter().flatten().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        let rows = if matrix.is_empty() { results.iter().find_map(supports) } else { counted };
        Self { rows, matrix }
    }

    /// The four counts that give this accuracy and recall: they show which class is the positive
    /// one.
    pub(super) fn confusion(
        &self,
        accuracy: Number<'_>,
        recall: Number<'_>,
        precision: Option<Number<'_>>,
    ) -> Option<Confusion> {
        let [a, b] = self.matrix.as_slice() else { return None };
        let (&[aa, ab], &[ba, bb]) = (a.as_slice(), b.as_slice()) else { return None };
        let sides = [
            Confusion {
                true_positives: bb,
                false_positives: ab,
                true_negatives: aa,
                false_negatives: ba,
            },
            Confusion {
                true_positives: aa,
                false_positives: ba,
                true_negatives: bb,
                false_negatives: ab,
            },
        ];
        let is = |counts: &Confusion, name: &str, value: f64| {
            counts
                .of(name)
                .is_some_and(|(k, n)| n == 0 || (float(k) / float(n) - value).abs() < 1e-9)
        };
        sides.into_iter().find(|side| {
            is(side, "accuracy", accuracy.value())
                && is(side, "recall", recall.value())
                && precision.is_none_or(|precision| is(side, "precision", precision.value()))
        })
    }

    /// Fills n of a number over all rows, and for accuracy the counts.
    pub(super) fn whole(&self, m: &mut Measurement, confusion: Option<Confusion>) {
        m.n = self.rows;
        if let Some((successes, trials)) = confusion.and_then(|counts| counts.of(&m.metric)) {
            m.trials = Some(trials);
            m.successes = Some(successes).filter(|_| trials > 0 && m.value.is_some());
        } else if let ("accuracy", Some(value), Some(n)) = (m.metric.as_str(), m.value, self.rows) {
            m.successes = only_count(value, n, MIN_ROUNDING);
            m.trials = m.successes.map(|_| n);
            // If the number is over other rows than the matrix, n is not known.
            m.n = m.trials;
        }
    }
}

/// Fills n and the counts of a number of one class, from the class's support.
pub(super) fn class(m: &mut Measurement, row: &Json<'_>) {
    let cell = |key: &str| row.get(key).and_then(Json::as_number);
    let Some(support) = cell("support").and_then(Number::count) else { return };
    m.n = Some(support);
    let hits = || only_count(cell("recall")?.value(), support, MIN_ROUNDING);
    match m.metric.as_str() {
        "recall" => {
            m.trials = Some(support);
            m.successes = hits().filter(|_| m.value.is_some());
        }
        "precision" => {
            m.trials = hits()
                .zip(m.value)
                .and_then(|(hits, value)| only_denominator(hits, value, MIN_ROUNDING));
            m.successes = m.trials.and_then(|_| hits());
        }
        _ => {}
    }
}
