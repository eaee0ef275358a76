//! The area under the ROC curve of a few rows, for comparison with libraries. The service makes the same sums in one pass
//! over a whole file.

use modelgate::stats::{
    Undefined,
    auc::{Area, Sums, from_sums},
    proportion::counted,
};

/// The area of these rows, with bounds each one-sided at `alpha`.
pub fn delong(labels: &[bool], scores: &[f64], alpha: f64) -> Result<Area, Undefined> {
    from_sums(&sums(&placements(labels, scores)?), alpha)
}

/// The class and twice the placement of each row, in the order of the rows.
fn placements(labels: &[bool], scores: &[f64]) -> Result<Vec<(bool, u64)>, Undefined> {
    if labels.len() != scores.len() {
        return Err(Undefined::InvalidInput);
    }
    if scores.iter().any(|score| !score.is_finite()) {
        return Err(Undefined::NonFinite);
    }
    let mut rows: Vec<(f64, bool, usize)> = labels
        .iter()
        .zip(scores)
        .enumerate()
        .map(|(row, (label, score))| (*score, *label, row))
        .collect();
    rows.sort_unstable_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    let positives = counted(labels.iter().filter(|label| **label).count());
    let (mut above, mut below) = (positives, 0);
    let mut placed = Vec::with_capacity(rows.len());
    // Scores that compare equal, including 0 and −0, form one step.
    for step in rows.chunk_by(|a, b| a.0 >= b.0) {
        let hits = counted(step.iter().filter(|row| row.1).count());
        let misses = counted(step.len()) - hits;
        above -= hits;
        for (_, positive, row) in step {
            let twice = if *positive { 2 * below + misses } else { 2 * above + hits };
            placed.push((*row, *positive, twice));
        }
        below += misses;
    }
    placed.sort_unstable();
    Ok(placed.into_iter().map(|(_, positive, twice)| (positive, twice)).collect())
}

fn sums(placed: &[(bool, u64)]) -> Sums {
    let mut sums = Sums::default();
    for (positive, twice) in placed {
        let square = u128::from(*twice) * u128::from(*twice);
        if *positive {
            sums.positives += 1;
            sums.placements += u128::from(*twice);
            sums.positive_squares += square;
        } else {
            sums.negatives += 1;
            sums.negative_squares += square;
        }
    }
    sums
}
