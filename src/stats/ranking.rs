//! The area under the ROC curve and average precision of weighted rows, and their bounds with one
//! unseen row.

use super::{
    Undefined,
    proportion::float,
    resample::row_state,
    unseen::{self, Unseen},
    weights::Weights,
};

/// Rows that share a score, or are close enough in a large sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// The rows of the negative class.
    pub negatives: u64,
    /// The rows of the positive class.
    pub positives: u64,
}

/// The measures of one replicate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ranked {
    /// The area under the ROC curve.
    pub area: f64,
    /// Average precision.
    pub precision: f64,
    /// Average precision if one more positive row had the lowest score.
    pub precision_lost: f64,
    /// Average precision if one more negative row had the highest score.
    pub precision_less: f64,
    /// Average precision if one more positive row had the highest score.
    pub precision_more: f64,
}

/// The measures of cells in ascending order of score, given the weights of each one's negatives and
/// positives, and the weight of a row that was not seen. `None` without weight in one of the
/// classes.
pub fn measure(cells: impl Iterator<Item = (f64, f64)> + Clone, unseen: f64) -> Option<Ranked> {
    let add = |sum: (f64, f64), cell: (f64, f64)| (sum.0 + cell.0, sum.1 + cell.1);
    let (negatives, positives) = cells.clone().fold((0.0, 0.0), add);
    if !(negatives > 0.0 && positives > 0.0) {
        return None;
    }
    let (mut below, mut misses, mut hits) = (0.0, negatives, positives);
    let mut sums = Ranked { precision_more: unseen, ..Ranked::default() };
    for (n, p) in cells {
        if p > 0.0 {
            sums.area += p * (below + 0.5 * n);
            sums.precision += p * hits / (hits + misses);
            sums.precision_less += p * hits / (hits + misses + unseen);
            sums.precision_more += p * (hits + unseen) / (hits + unseen + misses);
        }
        below += n;
        hits = (hits - p).max(0.0);
        misses = (misses - n).max(0.0);
    }
    Some(Ranked {
        area: sums.area / (positives * negatives),
        precision: sums.precision / positives,
        precision_lost: sums.precision / (positives + unseen),
        precision_less: sums.precision_less / positives,
        precision_more: sums.precision_more / (positives + unseen),
    })
}

/// Independent rows by score, with the states of their weights.
///
/// The weight belongs to a row's place among those of its class, so that moving a positive row
/// above a negative one raises every replicate, and with it every bound.
#[derive(Debug, Clone)]
pub struct Ranking {
    cells: Vec<Placed>,
    seed: u64,
    /// Whether the rows of a cell are drawn together.
    together: bool,
}

/// A cell, and the numbers of rows of each class below it.
#[derive(Debug, Clone, Copy)]
struct Placed {
    cell: Cell,
    below: Cell,
    /// The states of the first row of each class.
    states: [u64; 2],
}

/// The state of a row's weight, by its class and its rank in it.
const fn state(seed: u64, rank: u64, class: u64) -> u64 {
    row_state(seed, rank.wrapping_mul(2).wrapping_add(class).wrapping_add(1))
}

impl Ranking {
    /// The ranking of these cells, in ascending order of score. Every row has a weight of its own,
    /// unless rows are drawn `together`, cell by cell, which costs the same for any number of rows.
    pub fn new(cells: impl IntoIterator<Item = Cell>, seed: u64, together: bool) -> Self {
        let mut below = Cell::default();
        let place = |cell: Cell| {
            let states = [state(seed, below.negatives, 0), state(seed, below.positives, 1)];
            let placed = Placed { cell, below, states };
            below.negatives += cell.negatives;
            below.positives += cell.positives;
            placed
        };
        Self { cells: cells.into_iter().map(place).collect(), seed, together }
    }

    /// The weights of a cell's negatives and positives.
    #[inline]
    fn weigh(&self, weights: &Weights, number: u64, placed: &Placed) -> (f64, f64) {
        let Placed { cell, below, states: [first_negative, first_positive] } = placed;
        let sum = |first: u64, below: u64, rows: u64, class: u64| match rows {
            0 => 0.0,
            1 => weights.row(first, number),
            _ if self.together => weights.rows(first, number, rows),
            _ => (0..rows)
                .map(|i| weights.row(state(self.seed, below.wrapping_add(i), class), number))
                .sum(),
        };
        (
            sum(*first_negative, below.negatives, cell.negatives, 0),
            sum(*first_positive, below.positives, cell.positives, 1),
        )
    }

    /// One replicate.
    pub fn replicate(&self, weights: &Weights, number: u64) -> Option<Ranked> {
        let drawn: Vec<(f64, f64)> =
            self.cells.iter().map(|placed| self.weigh(weights, number, placed)).collect();
        measure(drawn.iter().copied(), weights.row(row_state(self.seed, 0), number))
    }

    /// The measures of the rows themselves.
    pub fn whole(&self) -> Option<Ranked> {
        let one = |placed: &Placed| (float(placed.cell.negatives), float(placed.cell.positives));
        measure(self.cells.iter().map(one), 0.0)
    }
}

/// Bounds of the area from its replicates; `rows` is the size of the smaller class.
///
/// # Errors
/// See [`unseen::lower`].
pub fn area_bounds(areas: &[f64], rows: f64, alpha: f64) -> Result<(f64, f64), Undefined> {
    let worst = Unseen { value: 0.0, rows };
    let best = Unseen { value: 1.0, rows };
    Ok((unseen::lower(areas, worst, alpha)?, unseen::upper(areas, best, alpha)?))
}

/// Bounds of average precision from its replicates. The unseen row is the one that matters more: a
/// positive with the lowest score, or a negative with the highest.
///
/// # Errors
/// See [`unseen::lower`].
pub fn precision_bounds(
    replicates: &[Ranked],
    positives: f64,
    alpha: f64,
) -> Result<(f64, f64), Undefined> {
    let each = |of: fn(&Ranked) -> f64| replicates.iter().map(of).collect::<Vec<f64>>();
    let low = Unseen { value: 0.0, rows: positives };
    let missed = unseen::lower(&each(|r| r.precision), low, alpha)?;
    let alarmed = unseen::quantile(&mut each(|r| r.precision_less), alpha)?;
    let upper = unseen::upper_quantile(&mut each(|r| r.precision_more), alpha)?;
    Ok((missed.min(alarmed), upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::proportion::clopper_pearson_lower;

    /// Cells of single rows, in ascending order of score.
    fn rows(positive: &[bool]) -> Vec<Cell> {
        let one = |p: &bool| Cell { negatives: u64::from(!p), positives: u64::from(*p) };
        positive.iter().map(one).collect()
    }

    fn areas(cells: &[Cell], replicates: u64) -> Vec<f64> {
        let (ranking, weights) = (Ranking::new(cells.to_vec(), 3, false), Weights::default());
        (0..replicates).filter_map(|r| ranking.replicate(&weights, r)).map(|r| r.area).collect()
    }

    fn lower(cells: &[Cell]) -> f64 {
        let size = |of: fn(&Cell) -> u64| cells.iter().map(of).sum::<u64>();
        let smaller = size(|c| c.negatives).min(size(|c| c.positives));
        area_bounds(&areas(cells, 1_000), smaller as f64, 0.05).unwrap().0
    }

    /// Each step moves one positive above one more negative, from the worst order to perfect
    /// separation, in one of many ways.
    #[test]
    fn a_better_order_never_has_a_lower_bound() {
        let mut order: Vec<bool> = [vec![true; 12], vec![false; 15]].concat();
        let mut last = lower(&rows(&order));
        let mut steps = 0;
        while let Some(at) = (0..order.len() - 1)
            .filter(|i| order[*i] && !order[i + 1])
            .max_by_key(|i| row_state(steps, *i as u64))
        {
            order.swap(at, at + 1);
            let now = lower(&rows(&order));
            assert!(now >= last, "step {steps}: {now} after {last}");
            (last, steps) = (now, steps + 1);
        }
        assert_eq!(steps, 12 * 15);
    }

    /// The exact bound: a positive that is not ranked above all negatives is missed by 20 with
    /// probability (1 − p)²⁰.
    #[test]
    fn perfect_separation_is_bounded_by_the_smaller_class() {
        let perfect = rows(&[vec![false; 30], vec![true; 20]].concat());
        assert!((lower(&perfect) - 0.05_f64.powf(1.0 / 20.0)).abs() < 1e-12, "{}", lower(&perfect));
        let mut one = [vec![false; 30], vec![true; 20]].concat();
        one.swap(29, 30);
        assert!(lower(&rows(&one)) < lower(&perfect));
    }

    /// Positives that are either above or below all negatives are zeros and ones.
    #[test]
    fn lost_positives_are_bounded_by_clopper_and_pearson() {
        let order = [vec![true; 3], vec![false; 60], vec![true; 57]].concat();
        let got = area_bounds(&areas(&rows(&order), 8_000), 60.0, 0.05).unwrap().0;
        let want = clopper_pearson_lower(57, 60, 0.05).unwrap();
        assert!((got - want).abs() < 0.004, "{got} against {want}");
    }

    /// Reference values: 4,000,000 draws of the two Dirichlet distributions by NumPy.
    #[test]
    fn agrees_with_numpy() {
        let order = rows(&[false, false, true, false, true, true]);
        let (low, high) = area_bounds(&areas(&order, 40_000), 3.0, 0.05).unwrap();
        assert!((low - 0.3013).abs() < 0.004 && (high - 0.9983).abs() < 0.001, "{low}, {high}");
    }

    /// Average precision by its definition: the mean over positives of the precision at their score.
    #[test]
    fn average_precision_of_the_rows_themselves() {
        let whole = Ranking::new(rows(&[true, false, false, true, false, true]), 3, false).whole();
        let want = (1.0 + 2.0 / 3.0 + 3.0 / 6.0) / 3.0;
        assert!((whole.unwrap().precision - want).abs() < 1e-12, "{whole:?}");
        let more = measure([(1.0, 0.0), (0.0, 2.0)].into_iter(), 1.0).unwrap();
        let unseen = [more.precision_lost, more.precision_less, more.precision_more];
        assert_eq!(unseen, [2.0 / 3.0, 2.0 / 3.0, 1.0]);
    }
}
