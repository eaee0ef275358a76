//! Cells: the combinations of groups that occur, each with a small number, and the slices that are
//! sums of them.

use super::hash::Map;
use crate::model::Slice;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

const NONE: u32 = u32::MAX;
/// Up to this many bits a table of combinations is indexed directly.
const DIRECT_BITS: u32 = 16;

/// The combinations seen so far, shared by all workers.
#[derive(Debug, Default)]
pub(super) struct Cells {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    index: HashMap<Box<[u32]>, u32>,
    list: Vec<Box<[u32]>>,
}

impl Cells {
    fn number(&self, combination: &[u32]) -> u32 {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = known.index.get(combination) {
            return *number;
        }
        let number = u32::try_from(known.list.len()).unwrap_or(NONE);
        known.index.insert(combination.into(), number);
        known.list.push(combination.into());
        number
    }

    /// The combinations, in the order of their numbers.
    pub(super) fn list(&self) -> Vec<Box<[u32]>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).list.clone()
    }
}

/// One worker's access to the shared cells.
#[derive(Debug)]
pub(super) struct Finder<'c> {
    cells: &'c Cells,
    bits: Vec<u32>,
    direct: Vec<u32>,
    spread: HashMap<Box<[u32]>, u32>,
    packed: Vec<u32>,
}

impl<'c> Finder<'c> {
    pub(super) fn new(cells: &'c Cells, attributes: usize) -> Self {
        Self {
            cells,
            bits: vec![0; attributes],
            direct: vec![NONE],
            spread: HashMap::new(),
            packed: Vec::new(),
        }
    }

    /// Replaces the content of `out` by the cell of each row, from the numbers of its groups.
    pub(super) fn cells(&mut self, groups: &[Vec<u32>], rows: usize, out: &mut Vec<u32>) {
        out.clear();
        if groups.is_empty() {
            let only = self.cells.number(&[]);
            out.resize(rows, only);
            return;
        }
        let mut grown = false;
        for (bits, numbers) in self.bits.iter_mut().zip(groups) {
            let most = numbers.iter().fold(0, |all, n| all | n);
            let needed = u32::BITS - most.leading_zeros();
            grown |= needed > *bits;
            *bits = needed.max(*bits);
        }
        if self.bits.iter().sum::<u32>() > DIRECT_BITS {
            self.spread_cells(groups, rows, out);
            return;
        }
        if grown {
            self.direct.clear();
            self.direct.resize(1 << self.bits.iter().sum::<u32>(), NONE);
        }
        self.packed.clear();
        self.packed.resize(rows, 0);
        for (bits, numbers) in self.bits.iter().zip(groups) {
            for (packed, number) in self.packed.iter_mut().zip(numbers) {
                *packed = (*packed << bits) | number;
            }
        }
        for row in 0..rows {
            let place = self.packed[row] as usize;
            let mut cell = self.direct[place];
            if cell == NONE {
                let combination: Vec<u32> = groups.iter().map(|g| g[row]).collect();
                cell = self.cells.number(&combination);
                self.direct[place] = cell;
            }
            out.push(cell);
        }
    }

    fn spread_cells(&mut self, groups: &[Vec<u32>], rows: usize, out: &mut Vec<u32>) {
        let mut combination = vec![0; groups.len()];
        for row in 0..rows {
            for (slot, group) in combination.iter_mut().zip(groups) {
                *slot = group[row];
            }
            let cell = if let Some(cell) = self.spread.get(combination.as_slice()) {
                *cell
            } else {
                let cell = self.cells.number(&combination);
                self.spread.insert(combination.as_slice().into(), cell);
                cell
            };
            out.push(cell);
        }
    }
}

/// One attribute, or several crossed ones, and the groups.
#[derive(Debug)]
pub(super) struct Set {
    /// The attributes, as the plan names them.
    pub(super) keys: Vec<String>,
    /// The index of its first slice.
    pub(super) first: usize,
    /// How many slices it has.
    pub(super) count: usize,
}

impl Set {
    /// The indices of its slices.
    pub(super) fn slices(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.count
    }

    /// Its name in messages: `sex × region`.
    pub(super) fn name(&self) -> String {
        self.keys.join(" × ")
    }
}

/// Every slice that is measured, in an order that does not depend on that of the rows: the whole
/// data set first, then each set.
#[derive(Debug)]
pub(super) struct Layout {
    /// The slices.
    pub(super) slices: Vec<Slice>,
    /// The sets of attributes.
    pub(super) sets: Vec<Set>,
    /// For each cell the indices of its slices: overall, then one of each set.
    of_cell: Vec<u32>,
    in_order: Vec<u32>,
}

impl Layout {
    /// The layout of these sets over `attributes`, whose groups have `names`, for the cells that
    /// occur.
    pub(super) fn new(
        sets: &[Vec<String>],
        attributes: &[String],
        names: &[Vec<Box<str>>],
        cells: &[Box<[u32]>],
    ) -> Self {
        let mut slices = vec![Slice::overall()];
        let mut placed = Vec::new();
        let mut columns = vec![vec![0_u32; cells.len()]];
        for keys in sets {
            let columns_of: Vec<usize> =
                keys.iter().filter_map(|k| attributes.iter().position(|a| a == k)).collect();
            let groups_of = |cell: &[u32]| -> Vec<&str> {
                columns_of.iter().map(|p| &*names[*p][cell[*p] as usize]).collect()
            };
            let mut groups: BTreeMap<Vec<&str>, usize> =
                cells.iter().map(|cell| (groups_of(cell), 0)).collect();
            let first = slices.len();
            for (i, (values, place)) in groups.iter_mut().enumerate() {
                *place = first + i;
                let pairs = keys.iter().cloned().zip(values.iter().map(|v| (*v).to_owned()));
                slices.push(Slice(pairs.collect()));
            }
            columns.push(cells.iter().map(|cell| groups[&groups_of(cell)] as u32).collect());
            placed.push(Set { keys: keys.clone(), first, count: slices.len() - first });
        }
        let of_cell = (0..cells.len())
            .flat_map(|cell| columns.iter().map(move |column| column[cell]))
            .collect();
        let key = |cell: &u32| -> Vec<&str> {
            let numbers = cells[*cell as usize].iter();
            numbers.zip(names).map(|(number, names)| &*names[*number as usize]).collect()
        };
        let mut in_order: Vec<u32> = (0..cells.len() as u32).collect();
        in_order.sort_by_cached_key(key);
        Self { slices, sets: placed, of_cell, in_order }
    }

    /// The cells in the order of their groups' names, whatever order they were found in.
    pub(super) fn in_order(&self) -> &[u32] {
        &self.in_order
    }

    /// How many slices a row is in.
    pub(super) fn width(&self) -> usize {
        self.sets.len() + 1
    }

    /// The indices of the slices of a cell.
    pub(super) fn of(&self, cell: u32) -> &[u32] {
        let from = cell as usize * self.width();
        &self.of_cell[from..from + self.width()]
    }

    /// For each cell the index of its slice in this set, where set 0 is the whole data set.
    pub(super) fn column(&self, set: usize) -> Vec<u32> {
        self.of_cell.chunks(self.width()).map(|places| places[set]).collect()
    }
}

/// Counts by packed keys, which are too sparse for a table.
pub(super) type Spread = Map<u64, u64>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_slices_do_not_depend_on_the_order_they_were_met_in() {
        let names = |list: &[&str]| list.iter().map(|n| Box::from(*n)).collect::<Vec<Box<str>>>();
        let sets = [vec!["sex".to_owned()], vec!["sex".to_owned(), "age".to_owned()]];
        let attributes = ["age".to_owned(), "sex".to_owned()];
        let one = Cells::default();
        let mut out = Vec::new();
        Finder::new(&one, 2).cells(&[vec![0, 1, 0, 300], vec![0, 0, 1, 0]], 4, &mut out);
        assert_eq!(out, [0, 1, 2, 3]);
        let mut ages = names(&["old", "young"]);
        ages.resize(301, "ancient".into());
        let layout = Layout::new(&sets, &attributes, &[ages, names(&["m", "f"])], &one.list());
        let shown: Vec<String> = layout.slices.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "overall",
                "sex = f",
                "sex = m",
                "age = old, sex = f",
                "age = ancient, sex = m",
                "age = old, sex = m",
                "age = young, sex = m"
            ]
        );
        assert_eq!((layout.of(0), layout.of(3)), (&[0, 2, 5][..], &[0, 2, 4][..]));
    }
}
