//! Bounds by the Poisson bootstrap, for statistics that have no closed form.
//!
//! Statistics of counts are drawn cell by cell: the weights of the k rows of one cell are k draws
//! of Poisson(1), and their sum is one draw of Poisson(k). A thousand replicates thus cost the same
//! for a hundred rows and for ten million.

use super::{
    confusion::{Pairs, Sums},
    draw::{cell_state, poisson},
    hash::{key_from, key_of},
    sink::interval,
};
use crate::{
    model::{Interval, Plan, Slice, number::round12},
    stats::resample,
};

/// Up to this many rows the correction of `BCa` is computed; for more, it makes no visible
/// difference.
const MOST_JACKKNIFED: u64 = 10_000;

/// A number that follows from a confusion matrix.
pub(super) type Statistic = fn(&Sums) -> Option<f64>;

/// The replicates of each statistic, without those in which it is undefined.
pub(super) fn replicates(
    pairs: &Pairs,
    names: &[String],
    slice: &Slice,
    plan: &Plan,
    statistics: &[Statistic],
) -> Vec<Vec<f64>> {
    let place = key_of(slice.0.iter().flat_map(|(k, v)| [k.as_str(), v.as_str()]));
    let states: Vec<u64> = pairs
        .iter()
        .map(|(label, prediction, _)| {
            let key = key_from(
                key_from(place, names[*label as usize].as_bytes()),
                names[*prediction as usize].as_bytes(),
            );
            cell_state(plan.seed, key)
        })
        .collect();
    let mut sums = Sums::new(names.len());
    let mut all = vec![Vec::with_capacity(plan.replicates as usize); statistics.len()];
    for replicate in 0..u64::from(plan.replicates) {
        sums.clear();
        for ((label, prediction, rows), state) in pairs.iter().zip(&states) {
            sums.add(*label, *prediction, poisson(*state, replicate, *rows));
        }
        for (values, statistic) in all.iter_mut().zip(statistics) {
            values.extend(statistic(&sums));
        }
    }
    all
}

/// Bounds of a statistic of counts from its replicates, corrected (`BCa`; Efron 1987) if there are
/// few enough rows.
pub(super) fn of_counts(
    estimate: Option<f64>,
    replicates: &mut [f64],
    pairs: &Pairs,
    classes: usize,
    statistic: Statistic,
    plan: &Plan,
) -> Vec<Interval> {
    let Some(estimate) = estimate else { return Vec::new() };
    let rows: u64 = pairs.iter().map(|p| p.2).sum();
    let jackknife =
        if rows <= MOST_JACKKNIFED { jackknife(pairs, classes, statistic) } else { None };
    bounds(estimate, replicates, jackknife.as_deref(), plan)
}

/// The statistic without each row in turn; rows of one cell give the same value.
fn jackknife(pairs: &Pairs, classes: usize, statistic: Statistic) -> Option<Vec<f64>> {
    let mut values = Vec::new();
    for (left_out, (_, _, rows)) in pairs.iter().enumerate().filter(|(_, p)| p.2 > 0) {
        let mut fewer = pairs.to_vec();
        fewer[left_out].2 -= 1;
        let value = statistic(&Sums::of(&fewer, classes))?;
        values.extend(std::iter::repeat_n(value, usize::try_from(*rows).unwrap_or(0)));
    }
    Some(values)
}

/// Bounds from replicates. If all replicates are equal, they contain no information about the
/// spread: then there is no bound.
pub(super) fn bounds(
    estimate: f64,
    replicates: &mut [f64],
    jackknife: Option<&[f64]>,
    plan: &Plan,
) -> Vec<Interval> {
    replicates.sort_unstable_by(f64::total_cmp);
    let spread =
        replicates.first().is_some_and(|first| replicates.last().is_some_and(|last| first < last));
    let mut intervals = Vec::new();
    for confidence in &plan.confidences {
        let alpha = 1.0 - confidence;
        let corrected = jackknife
            .filter(|_| spread)
            .and_then(|values| resample::bca(estimate, values, replicates, alpha));
        let (method, ends) = if corrected.is_some() {
            ("poisson-bootstrap-bca", corrected)
        } else {
            (
                "poisson-bootstrap-percentile",
                resample::percentile(replicates, alpha).filter(|_| spread),
            )
        };
        // A statistic that is never below 0 is biased upwards in replicates; its bounds must not
        // exclude the estimate.
        let ends = ends.map(|(lower, upper)| (lower.min(estimate), upper.max(estimate)));
        // If nearly all replicates are equal, so are their quantiles: a single point is not a bound
        // either.
        let ends = ends.filter(|(lower, upper)| round12(*lower) < round12(*upper));
        intervals.push(interval(method, *confidence, ends.map(|e| e.0), ends.map(|e| e.1)));
    }
    intervals
}
