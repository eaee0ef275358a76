//! Frames of `xgboost.cv` and `catboost.cv` as CSV: a row for each round, and columns of means and
//! deviations over folds.

use super::rounds::{dataset_of_fold, fold, is_of_folds, slice};
use crate::evidence::{Collector, Declined, Document, EvidenceError};
use crate::model::Evidence;

/// Columns that count rounds: the index of a frame, and the column that `CatBoost` adds.
fn is_count(name: &str) -> bool {
    matches!(name, "" | "iterations")
}

/// Whether all columns are means or deviations over folds, and one of them is of a boosting metric.
pub(super) fn is_table(document: &Document<'_>) -> Result<(), Declined> {
    let header = document.header(b',')?;
    let mut named = header.iter().filter(|name| !is_count(name));
    if named.clone().any(|name| is_of_folds(name)) && named.all(|name| fold(name).is_some()) {
        Ok(())
    } else {
        Err(Declined::because("the columns are not means over folds such as `test-auc-mean`"))
    }
}

/// Reads the values of the last row.
pub(super) fn table(
    document: &Document<'_>,
    mut collector: Collector<'_>,
) -> Result<Evidence, EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let columns = table.header().count();
    if let Some(odd) = table.rows().iter().find(|row| row.len() != columns) {
        let why = format!("this row has {} cells of {columns}; was the file cut off?", odd.len());
        return Err(document.invalid(collector.format(), odd.at, why));
    }
    let Some((last, before)) = table.rows().split_last() else {
        collector.check("trained", false, Some("no round".to_owned()));
        return collector.finish();
    };
    for (name, cell) in table.header().zip(last.cells()).filter(|(name, _)| !is_count(name)) {
        if let Some(m) = collector.measure_text(name, name, slice(dataset_of_fold(name)), cell) {
            m.step = i64::try_from(before.len()).ok();
            m.aggregate = true;
        }
    }
    collector.finish()
}
