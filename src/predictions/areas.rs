//! Bootstrap replicates of the area under the ROC curve, many at a time: the outer loop is over
//! rows, the inner one over replicates, and weights come from a table.

use super::{job::ThreadPool, pool};
use crate::stats::resample::{GOLDEN as STEP, POISSON, mix64, weight};
/// How many replicates are drawn together: their sums fit into the L1 cache.
const TOGETHER: usize = 16;
const TABLE_BITS: u32 = 12;
/// Marks an entry of the table that covers more than one weight.
const SEVERAL: u8 = u8::MAX;

/// One row in ascending order of score.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) state: u64,
    pub(super) positive: bool,
    /// Whether the next row has another score.
    pub(super) last: bool,
}

/// For the first bits of a hash, the weight that they determine, or [`SEVERAL`].
fn table() -> Vec<u8> {
    let weight = |hash: u64| POISSON.iter().filter(|entry| hash >= **entry).count() as u8;
    let shift = 53 - TABLE_BITS;
    (0..1_u64 << TABLE_BITS)
        .map(|place| {
            let (first, last) = (weight(place << shift), weight(((place + 1) << shift) - 1));
            if first == last { first } else { SEVERAL }
        })
        .collect()
}

/// The area of each replicate, except replicates without one of the classes.
pub(super) fn areas(rows: &[Placed], replicates: u32, pool: &dyn ThreadPool) -> Vec<f64> {
    let table = table();
    let blocks = (replicates as usize).div_ceil(TOGETHER);
    let drawn = pool::each(pool, blocks, |block| together(rows, block * TOGETHER, &table));
    drawn.into_iter().flatten().take(replicates as usize).flatten().collect()
}

/// The areas of [`TOGETHER`] replicates from `first` on.
fn together(rows: &[Placed], first: usize, table: &[u8]) -> [Option<f64>; TOGETHER] {
    let (mut negatives, mut twice) = ([0_u64; TOGETHER], [0_u64; TOGETHER]);
    let (mut tied, mut hits, mut positives) =
        ([0_u64; TOGETHER], [0_u64; TOGETHER], [0_u64; TOGETHER]);
    let mut begun = STEP.wrapping_mul(first as u64 + 1);
    let steps: [u64; TOGETHER] = std::array::from_fn(|_| {
        let step = begun;
        begun = begun.wrapping_add(STEP);
        step
    });
    let mut alone = true;
    for row in rows {
        let mut weights = [0_u64; TOGETHER];
        for (i, (w, step)) in weights.iter_mut().zip(&steps).enumerate() {
            let hash = mix64(row.state.wrapping_add(*step));
            let known = table.get((hash >> (64 - TABLE_BITS)) as usize).copied().unwrap_or(SEVERAL);
            *w = if known == SEVERAL {
                u64::from(weight(row.state, (first + i) as u64))
            } else {
                u64::from(known)
            };
        }
        if alone && row.last {
            // Most scores are unique: such a row needs no wait for the end of a tie.
            if row.positive {
                for i in 0..TOGETHER {
                    twice[i] += weights[i] * 2 * negatives[i];
                    positives[i] += weights[i];
                }
            } else {
                for i in 0..TOGETHER {
                    negatives[i] += weights[i];
                }
            }
            continue;
        }
        let sums = if row.positive { &mut hits } else { &mut tied };
        for i in 0..TOGETHER {
            sums[i] += weights[i];
        }
        alone = row.last;
        if row.last {
            for i in 0..TOGETHER {
                twice[i] += hits[i] * (2 * negatives[i] + tied[i]);
                negatives[i] += tied[i];
                positives[i] += hits[i];
            }
            (tied, hits) = ([0; TOGETHER], [0; TOGETHER]);
        }
    }
    std::array::from_fn(|i| {
        let pairs = u128::from(negatives[i]) * u128::from(positives[i]);
        (pairs > 0).then(|| twice[i] as f64 / (2.0 * pairs as f64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::resample::row_state;

    /// The definition: every positive against every negative, with ties as a half, each pair as
    /// often as its rows are drawn.
    #[test]
    fn many_at_a_time_are_one_at_a_time() {
        let scores: Vec<u64> = (0..300).map(|i| row_state(9, i) % 90).collect();
        let mut rows: Vec<(u64, bool, u64)> = scores
            .iter()
            .enumerate()
            .map(|(i, s)| (*s, row_state(5, i as u64).is_multiple_of(3), row_state(1, i as u64)))
            .collect();
        rows.sort_unstable();
        let placed: Vec<Placed> = rows
            .iter()
            .enumerate()
            .map(|(i, (score, positive, state))| Placed {
                state: *state,
                positive: *positive,
                last: rows.get(i + 1).is_none_or(|next| next.0 != *score),
            })
            .collect();
        let got = areas(&placed, 40, &crate::predictions::SingleThread);
        for (replicate, got) in got.iter().enumerate() {
            let (mut sum, mut pairs) = (0.0, 0.0);
            for (a, _, state) in rows.iter().filter(|r| r.1) {
                for (b, _, other) in rows.iter().filter(|r| !r.1) {
                    let w = f64::from(
                        weight(*state, replicate as u64) * weight(*other, replicate as u64),
                    );
                    sum += w * if a > b {
                        1.0
                    } else if a == b {
                        0.5
                    } else {
                        0.0
                    };
                    pairs += w;
                }
            }
            assert!(
                (got - sum / pairs).abs() < 1e-12,
                "{replicate}: {got} against {}",
                sum / pairs
            );
        }
    }
}
