//! At which confidence a number is judged, and by which method.

use super::View;
use crate::{model::number::round12, policy::schema::IntervalMethod, stats::multiplicity};

/// How the numbers of one measurement are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Judging {
    /// The one-sided error that each bound may have.
    pub(super) alpha: f64,
    /// One less `alpha`.
    pub(super) confidence: f64,
    /// How proportions are bounded.
    pub(super) interval: IntervalMethod,
    /// Whether an interval that a document claims may decide.
    pub(super) claimed_intervals: bool,
    /// How many artifacts were held against the data set so far, where somebody counts.
    pub(super) tries: Option<u64>,
    /// Whether each try has only its share of the error: then no hint may say how far off this one was.
    pub(super) spends: bool,
}

/// How a number of that document and data set is judged.
pub(super) fn judging(view: &View<'_>, document: usize, dataset: Option<&str>) -> Judging {
    let statistics = &view.policy.statistics;
    let tries = tries(view, document, dataset);
    let alpha = round12(1.0 - statistics.confidence);
    let alpha = match tries {
        Some(tries) if statistics.spend => multiplicity::spend(alpha, tries),
        _ => alpha,
    };
    Judging {
        alpha,
        confidence: round12(1.0 - alpha),
        interval: statistics.interval,
        claimed_intervals: statistics.claimed_intervals,
        tries,
        spends: statistics.spend,
    }
}

fn tries(view: &View<'_>, document: usize, dataset: Option<&str>) -> Option<u64> {
    let attempts = &view.case.inputs.attempts;
    if attempts.is_empty() {
        return None;
    }
    let key = match dataset {
        Some(name) => name.to_owned(),
        None => view.index.document(document)?.dataset_key(),
    };
    attempts.iter().find(|l| l.policy == view.policy.name && l.dataset == key).map(|l| l.tries)
}
