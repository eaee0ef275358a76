//! Bounds of statistics of counts that have no closed form, by the Bayesian bootstrap with one unseen
//! row.
//!
//! Replicates are drawn cell by cell: the weights of the k rows of one cell are exponential, and
//! their sum is one gamma number. A thousand replicates thus cost the same for a hundred rows and
//! for ten million.

use super::{
    confusion::{Pairs, Sums},
    draw::cell_state,
    hash::{key_from, key_of},
    limited::{Limited, ROWS},
};
use crate::{
    model::{Plan, Slice},
    stats::{resample::row_state, unseen, weights::Weights},
};

/// A number that follows from a confusion matrix.
pub(super) type Statistic = fn(&Sums) -> Option<f64>;

/// Weights are whole numbers of this part of a row, so that sums of counts stay exact.
const PART: f64 = 65_536.0;

/// A weight as a whole number of parts.
pub(super) fn parts(weight: f64) -> u64 {
    (weight * PART).round() as u64
}

/// How many of the rarest classes an unseen row is tried in.
const RAREST: usize = 3;

/// Counts, prepared for drawing replicates.
pub(super) struct Resampling<'a> {
    pairs: &'a Pairs,
    classes: usize,
    states: Vec<u64>,
    unseen: u64,
    weights: Weights,
    replicates: u64,
}

impl<'a> Resampling<'a> {
    pub(super) fn new(pairs: &'a Pairs, names: &[String], slice: &Slice, plan: &Plan) -> Self {
        let place = key_of(slice.0.iter().flat_map(|(k, v)| [k.as_str(), v.as_str()]));
        let state = |(label, prediction, _): &(u32, u32, u64)| {
            let label = key_from(place, names[*label as usize].as_bytes());
            cell_state(plan.seed, key_from(label, names[*prediction as usize].as_bytes()))
        };
        Self {
            pairs,
            classes: names.len(),
            states: pairs.iter().map(state).collect(),
            unseen: row_state(plan.seed, place),
            weights: Weights::default(),
            replicates: u64::from(plan.replicates),
        }
    }

    /// Bounds of a statistic. An unseen row makes it as small, or as great, as one row can.
    pub(super) fn bounds(&self, statistic: Statistic, plan: &Plan) -> Limited {
        let seen = Sums::of(self.pairs, self.classes);
        let Some(value) = statistic(&seen) else { return Limited::default() };
        let candidates = candidates(&seen);
        let with = |(label, prediction): &(u32, u32)| {
            let mut more = seen.clone();
            more.add(*label, *prediction, 1);
            statistic(&more).unwrap_or(value)
        };
        let order = |a: &&(u32, u32), b: &&(u32, u32)| with(a).total_cmp(&with(b));
        let worst = candidates.iter().min_by(order).copied();
        let best = candidates.iter().max_by(order).copied();
        let Some((worst, best)) = worst.zip(best) else { return Limited::default() };
        let (mut low, mut high) = (Vec::new(), Vec::new());
        let mut sums = Sums::new(self.classes);
        for replicate in 0..self.replicates {
            sums.clear();
            for ((label, prediction, rows), state) in self.pairs.iter().zip(&self.states) {
                let weight = self.weights.rows(*state, replicate, *rows);
                sums.add(*label, *prediction, parts(weight));
            }
            let extra = parts(self.weights.row(self.unseen, replicate));
            for ((label, prediction), values) in [(worst, &mut low), (best, &mut high)] {
                sums.add(label, prediction, extra);
                values.extend(statistic(&sums));
                sums.remove(label, prediction, extra);
            }
        }
        Limited::each(plan, ROWS, rarest(&seen), |alpha| {
            let lower = unseen::quantile(&mut low.clone(), alpha).ok()?;
            let upper = unseen::upper_quantile(&mut high.clone(), alpha).ok()?;
            // A quantile of few replicates can be on the wrong side of the value.
            Some((lower.min(value), upper.max(value)))
        })
    }
}

/// The rows of the class with the fewest, among labels and predictions.
fn rarest(seen: &Sums) -> f64 {
    seen.classes.iter().flat_map(|c| [c[0], c[1]]).min().unwrap_or(0) as f64
}

/// The cells that an unseen row is tried in: the classes with the fewest rows and the fewest
/// predictions, and those with the most, where one row counts most and least.
fn candidates(seen: &Sums) -> Vec<(u32, u32)> {
    let extremes = |of: usize| -> Vec<u32> {
        let mut order: Vec<u32> =
            (0..seen.classes.len() as u32).filter(|c| seen.classes[*c as usize][of] > 0).collect();
        order.sort_by_key(|c| (seen.classes[*c as usize][of], *c));
        let last = order.last().copied();
        order.truncate(RAREST);
        order.extend(last.filter(|last| !order.contains(last)));
        order
    };
    let (labels, predictions) = (extremes(0), extremes(1));
    let mut all: Vec<(u32, u32)> =
        labels.iter().flat_map(|l| predictions.iter().map(|p| (*l, *p))).collect();
    all.extend(labels.iter().chain(&predictions).map(|c| (*c, *c)));
    all.sort_unstable();
    all.dedup();
    all
}
