//! The confidence and the method with which a number is evaluated.

use super::View;
use crate::{
    model::number::round12,
    policy::schema::{Base, IntervalMethod},
    stats::multiplicity,
};

/// The statistics settings for one measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Judging {
    /// The one-sided error probability of each bound.
    pub(super) alpha: f64,
    /// One minus `alpha`.
    pub(super) confidence: f64,
    /// The method for bounds of proportions.
    pub(super) interval: IntervalMethod,
    /// Whether an interval that a document claims can decide.
    pub(super) claimed_intervals: bool,
    /// The number of artifacts evaluated on the data set so far, if attempts are counted.
    pub(super) tries: Option<u64>,
    /// Whether each attempt has only its share of the error: then no hint says how far off this
    /// attempt was.
    pub(super) spends: bool,
    /// Whether every bound decides, as in the first two versions of the semantics.
    pub(super) trusting: bool,
}

/// The settings for a number of this document and data set.
pub(super) fn judging(view: &View<'_>, document: usize, dataset: Option<&str>) -> Judging {
    let statistics = &view.policy.statistics;
    let tries = tries(view, document, dataset);
    let Base { alpha, confidence } = match tries {
        Some(tries) if statistics.spend => {
            let alpha = multiplicity::spend(view.base.alpha, tries);
            Base { alpha, confidence: round12(1.0 - alpha) }
        }
        _ => view.base,
    };
    Judging {
        alpha,
        confidence,
        interval: statistics.interval,
        claimed_intervals: statistics.claimed_intervals,
        tries,
        spends: statistics.spend,
        trusting: view.case.trusts_every_bound(),
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
