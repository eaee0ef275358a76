//! Rows of scores, prepared for drawing replicates of their metrics.

use super::sweep::{BINS, Kept, log_loss};
use crate::stats::{
    ranking::{Cell, Ranked, Ranking, measure},
    resample::row_state,
    weights::Weights,
};

/// The metrics of one replicate; `None` if undefined.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Resampled {
    pub(super) ranked: Option<Ranked>,
    pub(super) log_loss: Option<f64>,
    pub(super) brier: Option<f64>,
    pub(super) expected: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) gap: Option<f64>,
}

/// Which metrics of replicates are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) ranks: bool,
    pub(super) losses: bool,
}

impl Wanted {
    pub(super) const ALL: Self = Self { ranks: true, losses: true };
}

/// Rows in ascending order of score.
pub(super) struct Sample {
    states: Vec<u64>,
    unseen: u64,
    rows: Vec<Prepared>,
    /// For independent rows: their ranking, whose weights belong to places and not to keys.
    ranking: Option<Ranking>,
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

/// The cells of rows in ascending order of score, one for each score.
pub(super) fn cells(rows: &[Kept]) -> Vec<Cell> {
    let ties = rows.chunk_by(|a, b| a.score.total_cmp(&b.score).is_eq());
    ties.map(|tie| {
        let positives = tie.iter().filter(|row| row.positive).count() as u64;
        Cell { negatives: tie.len() as u64 - positives, positives }
    })
    .collect()
}

impl Sample {
    /// The sample of these rows. Independent rows are identified by their rank; others by the keys
    /// of their clusters.
    pub(super) fn new(rows: &[Kept], seed: u64, clustered: bool) -> Self {
        let state =
            |(i, row): (usize, &Kept)| row_state(seed, if clustered { row.key } else { i as u64 });
        let prepared = rows.iter().enumerate().map(|(i, row)| {
            let given = if row.positive { row.score } else { 1.0 - row.score };
            Prepared {
                score: row.score,
                loss: log_loss(given),
                square: (1.0 - given) * (1.0 - given),
                bin: super::sweep::bin(row.score) as u8,
                positive: row.positive,
                last: rows.get(i + 1).is_none_or(|next| next.score.total_cmp(&row.score).is_ne()),
            }
        });
        Self {
            states: rows.iter().enumerate().map(state).collect(),
            unseen: row_state(seed, u64::MAX),
            rows: prepared.collect(),
            ranking: (!clustered).then(|| Ranking::new(cells(rows), seed, false)),
        }
    }

    /// The metrics of one replicate. Of independent rows, only those of their ranking and their
    /// losses, as far as they are wanted.
    pub(super) fn replicate(&self, weights: &Weights, number: u64, wanted: Wanted) -> Resampled {
        let Some(ranking) = &self.ranking else {
            let drawn: Vec<f64> = self.states.iter().map(|s| weights.row(*s, number)).collect();
            return self.weighted(&drawn, weights.row(self.unseen, number));
        };
        let ranked = if wanted.ranks { ranking.replicate(weights, number) } else { None };
        let (mut loss, mut square, mut n) = (0.0, 0.0, 0.0);
        if wanted.losses {
            for (row, state) in self.rows.iter().zip(&self.states) {
                let w = weights.row(*state, number);
                n += w;
                loss += w * row.loss;
                square += w * row.square;
            }
        }
        let rows = n > 0.0;
        let (log_loss, brier) = (rows.then(|| loss / n), rows.then(|| square / n));
        Resampled { ranked, log_loss, brier, ..Resampled::default() }
    }

    /// The metrics of the rows themselves.
    pub(super) fn whole(&self) -> Resampled {
        self.weighted(&vec![1.0; self.rows.len()], 0.0)
    }

    fn weighted(&self, weights: &[f64], unseen: f64) -> Resampled {
        let (mut ties, mut tie) = (Vec::new(), (0.0, 0.0));
        let (mut loss, mut square, mut n) = (0.0, 0.0, 0.0);
        let mut bins = [[0.0_f64; 2]; BINS];
        for (row, w) in self.rows.iter().zip(weights) {
            n += w;
            loss += w * row.loss;
            square += w * row.square;
            let bin = &mut bins[usize::from(row.bin)];
            bin[0] += w;
            bin[1] += w * (f64::from(u8::from(row.positive)) - row.score);
            let side = if row.positive { &mut tie.1 } else { &mut tie.0 };
            *side += w;
            if row.last {
                ties.push(std::mem::take(&mut tie));
            }
        }
        let rows = n > 0.0;
        let full = bins.iter().filter(|b| b[0] > 0.0);
        let maximum = full.map(|b| (b[1] / b[0]).abs()).fold(0.0, f64::max);
        Resampled {
            ranked: measure(ties.iter().copied(), unseen),
            log_loss: rows.then(|| loss / n),
            brier: rows.then(|| square / n),
            expected: rows.then(|| bins.iter().map(|b| b[1].abs()).sum::<f64>() / n),
            maximum: rows.then_some(maximum),
            gap: gap(&ties),
        }
    }
}

/// The Kolmogorov–Smirnov distance between the classes.
fn gap(ties: &[(f64, f64)]) -> Option<f64> {
    let (negatives, positives) = ties.iter().fold((0.0, 0.0), |sum, t| (sum.0 + t.0, sum.1 + t.1));
    let (mut passed, mut most) = ((0.0, 0.0), 0.0_f64);
    for (n, p) in ties {
        passed = (passed.0 + n, passed.1 + p);
        most = most.max((passed.0 * positives - passed.1 * negatives).abs());
    }
    (negatives > 0.0 && positives > 0.0).then(|| most / (negatives * positives))
}

/// How many independent rows carry as much information as rows with these keys: (Σs)² / Σs² for
/// clusters of s rows (Kish 1965).
pub(super) fn effective(keys: impl Iterator<Item = u64>) -> f64 {
    let mut keys: Vec<u64> = keys.collect();
    keys.sort_unstable();
    let sizes = keys.chunk_by(|a, b| a == b).map(|cluster| cluster.len() as f64);
    let (sum, squares) = sizes.fold((0.0, 0.0), |(sum, squares), s| (sum + s, squares + s * s));
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}
