//! How often each label occurred with each prediction in each cell.

use super::cells::{Layout, Spread};

/// Up to this many bits of class numbers, a table has an entry for every pair of classes.
const DENSE_BITS: u32 = 4;
const CLASS_BITS: u32 = 20;

/// Counts of (cell, label, prediction), as one worker saw them.
#[derive(Debug, Default)]
pub(super) struct Counts {
    bits: u32,
    dense: Vec<u64>,
    spread: Spread,
}

/// One count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) cell: u32,
    pub(super) label: u32,
    pub(super) prediction: u32,
    pub(super) rows: u64,
}

impl Counts {
    /// Counts rows: their cells, labels and predictions.
    pub(super) fn add(&mut self, cells: &[u32], labels: &[u32], predictions: &[u32]) {
        let all = |list: &[u32]| list.iter().fold(0, |all, x| all | x);
        let needed = u32::BITS - (all(labels) | all(predictions)).leading_zeros();
        if needed > self.bits || self.bits == 0 {
            self.fold();
            self.bits = needed.max(1);
        }
        if self.bits > DENSE_BITS {
            for ((cell, label), prediction) in cells.iter().zip(labels).zip(predictions) {
                *self.spread.entry(key(*cell, *label, *prediction)).or_insert(0) += 1;
            }
            return;
        }
        let most = cells.iter().copied().max().unwrap_or(0) as usize;
        let size = (most + 1) << (2 * self.bits);
        if self.dense.len() < size {
            self.dense.resize(size, 0);
        }
        let bits = self.bits;
        for ((cell, label), prediction) in cells.iter().zip(labels).zip(predictions) {
            self.dense[(((cell << bits) | label) << bits | prediction) as usize] += 1;
        }
    }

    /// Moves the counts of the table into the map, to make a table for more classes.
    fn fold(&mut self) {
        let mask = (1_u32 << self.bits) - 1;
        for (place, rows) in
            std::mem::take(&mut self.dense).into_iter().enumerate().filter(|(_, rows)| *rows > 0)
        {
            let place = place as u32;
            let key = key(place >> (2 * self.bits), (place >> self.bits) & mask, place & mask);
            *self.spread.entry(key).or_insert(0) += rows;
        }
    }

    /// The counts of several workers as one list.
    pub(super) fn total(all: impl IntoIterator<Item = Self>) -> Vec<Count> {
        let mut total = Spread::default();
        for mut counts in all {
            counts.fold();
            for (key, rows) in counts.spread {
                *total.entry(key).or_insert(0) += rows;
            }
        }
        let mask = (1_u64 << CLASS_BITS) - 1;
        let count = |(key, rows): (u64, u64)| Count {
            cell: (key >> (2 * CLASS_BITS)) as u32,
            label: ((key >> CLASS_BITS) & mask) as u32,
            prediction: (key & mask) as u32,
            rows,
        };
        total.into_iter().map(count).collect()
    }
}

fn key(cell: u32, label: u32, prediction: u32) -> u64 {
    (u64::from(cell) << (2 * CLASS_BITS)) | (u64::from(label) << CLASS_BITS) | u64::from(prediction)
}

/// The counts of each slice: rows by label and prediction, as final classes instead of the numbers
/// given while reading, sorted.
pub(super) fn by_slice(
    counts: &[Count],
    layout: &Layout,
    classes: &[u32],
) -> Vec<Vec<(u32, u32, u64)>> {
    let mut slices: Vec<std::collections::BTreeMap<(u32, u32), u64>> =
        vec![std::collections::BTreeMap::new(); layout.slices.len()];
    let class = |number: u32| classes.get(number as usize).copied().unwrap_or(0);
    for count in counts {
        for slice in layout.of(count.cell) {
            *slices[*slice as usize]
                .entry((class(count.label), class(count.prediction)))
                .or_insert(0) += count.rows;
        }
    }
    slices.into_iter().map(|m| m.into_iter().map(|((l, p), rows)| (l, p, rows)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_outgrows_its_classes_keeps_what_it_counted() {
        let mut one = Counts::default();
        one.add(&[0, 3], &[0, 1], &[1, 1]);
        one.add(&[3, 3], &[1, 5], &[1, 0]);
        let mut two = Counts::default();
        two.add(&[3], &[1], &[1]);
        two.add(&[3], &[1], &[99]);
        let mut total: Vec<_> = Counts::total([one, two])
            .iter()
            .map(|c| (c.cell, c.label, c.prediction, c.rows))
            .collect();
        total.sort_unstable();
        assert_eq!(total, [(0, 0, 1, 1), (3, 1, 1, 3), (3, 1, 99, 1), (3, 5, 0, 1)]);
    }
}
