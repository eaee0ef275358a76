//! Metrics of scores over weighted rows, for the row-by-row Poisson bootstrap.

use super::{
    areas::Placed,
    sweep::{BINS, Kept},
};
use crate::stats::resample::{row_state, weight};

/// The metrics of one replicate; `None` if undefined.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Resampled {
    pub(super) average_precision: Option<f64>,
    pub(super) log_loss: Option<f64>,
    pub(super) brier: Option<f64>,
    pub(super) expected: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) gap: Option<f64>,
}

/// Rows in ascending order of score, prepared for drawing replicates.
pub(super) struct Sample {
    states: Vec<u64>,
    rows: Vec<Prepared>,
}

#[derive(Clone, Copy)]
struct Prepared {
    score: f64,
    loss: f64,
    square: f64,
    bin: u8,
    positive: bool,
    /// Whether the next row has another score.
    last: bool,
}

impl Sample {
    /// The sample of these rows. If rows have no keys, each is identified by its rank, because
    /// equal rows are interchangeable.
    pub(super) fn new(rows: &[Kept], seed: u64, keyed: bool) -> Self {
        let state =
            |(i, row): (usize, &Kept)| row_state(seed, if keyed { row.key } else { i as u64 });
        let prepared = rows.iter().enumerate().map(|(i, row)| {
            let given = if row.positive { row.score } else { 1.0 - row.score };
            Prepared {
                score: row.score,
                loss: -libm::log(given.clamp(f64::EPSILON, 1.0 - f64::EPSILON)),
                square: (1.0 - given) * (1.0 - given),
                bin: super::sweep::bin(row.score) as u8,
                positive: row.positive,
                last: rows.get(i + 1).is_none_or(|next| next.score.total_cmp(&row.score).is_ne()),
            }
        });
        Self { states: rows.iter().enumerate().map(state).collect(), rows: prepared.collect() }
    }

    /// The rows for replicates of the area only.
    pub(super) fn placed(&self) -> Vec<Placed> {
        let rows = self.states.iter().zip(&self.rows);
        rows.map(|(state, row)| Placed { state: *state, positive: row.positive, last: row.last })
            .collect()
    }

    /// The losses and squared errors of the rows.
    pub(super) fn losses(&self) -> (Vec<f64>, Vec<f64>) {
        self.rows.iter().map(|r| (r.loss, r.square)).unzip()
    }

    /// The metrics of one replicate.
    pub(super) fn replicate(&self, replicate: u64) -> Resampled {
        self.weighted(
            &self.states.iter().map(|state| weight(*state, replicate)).collect::<Vec<u32>>(),
        )
    }

    /// The metrics of the rows themselves.
    pub(super) fn whole(&self) -> Resampled {
        self.weighted(&vec![1; self.rows.len()])
    }

    fn weighted(&self, weights: &[u32]) -> Resampled {
        let mut totals = [0_u64; 2];
        for (row, w) in self.rows.iter().zip(weights) {
            totals[usize::from(row.positive)] += u64::from(*w);
        }
        let [negatives, positives] = totals.map(|t| t as f64);
        let (mut passed, mut ties) = ([0.0_f64; 2], [0.0_f64; 2]);
        let (mut precision, mut gap) = (0.0, 0.0_f64);
        let (mut loss, mut square) = (0.0, 0.0);
        let mut bins = [[0.0_f64; 2]; BINS];
        for (row, w) in self.rows.iter().zip(weights) {
            let w = f64::from(*w);
            ties[usize::from(row.positive)] += w;
            loss += w * row.loss;
            square += w * row.square;
            let bin = &mut bins[usize::from(row.bin)];
            bin[0] += w;
            bin[1] += w * (f64::from(u8::from(row.positive)) - row.score);
            if row.last {
                let (hits, misses) = (positives - passed[1], negatives - passed[0]);
                if ties[1] > 0.0 {
                    precision += ties[1] * hits / (hits + misses);
                }
                passed = [passed[0] + ties[0], passed[1] + ties[1]];
                ties = [0.0; 2];
                gap = gap.max((passed[0] * positives - passed[1] * negatives).abs());
            }
        }
        let n = negatives + positives;
        let both = negatives > 0.0 && positives > 0.0;
        let rows = n > 0.0;
        let maximum =
            bins.iter().filter(|b| b[0] > 0.0).map(|b| (b[1] / b[0]).abs()).fold(0.0, f64::max);
        Resampled {
            average_precision: (positives > 0.0).then(|| precision / positives),
            log_loss: rows.then(|| loss / n),
            brier: rows.then(|| square / n),
            expected: rows.then(|| bins.iter().map(|b| b[1].abs()).sum::<f64>() / n),
            maximum: rows.then_some(maximum),
            gap: both.then(|| gap / (negatives * positives)),
        }
    }
}
