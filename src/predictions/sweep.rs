//! One pass over scores in ascending order, for every slice at once. Every sum is of whole numbers, so that it does not
//! matter in which order rows came, how they were shared out or where a range ends.

use super::{
    cells::Layout,
    crew,
    heap::{Bucket, Buckets, Row},
    job::Crew,
};

/// The bins of calibration, of equal width.
pub(super) const BINS: usize = 10;
/// Losses are summed in units of 2⁻⁵⁶: the greatest, −ln 2⁻⁵², fits a 64-bit number.
const LOSS: f64 = 72_057_594_037_927_936.0;
/// Squares of losses are summed in units of 2⁻⁵⁰.
const LOSS_SQUARE: f64 = 1_125_899_906_842_624.0;
/// What is at most 1 is summed in units of 2⁻⁶².
pub(super) const UNIT: f64 = 4_611_686_018_427_387_904.0;

/// Sums over the rows of one label in one bin.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) rows: u64,
    score: i128,
    loss: i128,
    loss_square: i128,
    square: i128,
    fourth: i128,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.score += other.score;
        self.loss += other.loss;
        self.loss_square += other.loss_square;
        self.square += other.square;
        self.fourth += other.fourth;
    }

    /// What one row adds.
    fn of(p: f64, positive: bool) -> Self {
        let given = if positive { p } else { 1.0 - p };
        let loss = -libm::log(given.clamp(f64::EPSILON, 1.0 - f64::EPSILON));
        let miss = 1.0 - given;
        let square = miss * miss;
        let whole = |x: f64| i128::from(x as i64);
        Self {
            rows: 1,
            score: whole(p * UNIT),
            loss: whole(loss * LOSS),
            loss_square: whole(loss * loss * LOSS_SQUARE),
            square: whole(square * UNIT),
            fourth: whole(square * square * UNIT),
        }
    }

    pub(super) fn score(&self) -> f64 {
        self.score as f64 / UNIT
    }
    pub(super) fn loss(&self) -> f64 {
        self.loss as f64 / LOSS
    }
    pub(super) fn loss_square(&self) -> f64 {
        self.loss_square as f64 / LOSS_SQUARE
    }
    pub(super) fn square(&self) -> f64 {
        self.square as f64 / UNIT
    }
    pub(super) fn fourth(&self) -> f64 {
        self.fourth as f64 / UNIT
    }
}

/// The bin of a probability: (i/10, (i + 1)/10], and 0 in the first.
pub(super) fn bin(p: f64) -> usize {
    const STEP: f64 = 1.0 / BINS as f64;
    let mut bin = ((p * BINS as f64) as usize).min(BINS - 1);
    while bin > 0 && p <= bin as f64 * STEP {
        bin -= 1;
    }
    while bin + 1 < BINS && p > (bin + 1) as f64 * STEP {
        bin += 1;
    }
    bin
}

/// What ranks say of one slice.
#[derive(Debug, Clone, Copy, Default)]
struct Ranks {
    /// Negatives and positives passed so far.
    passed: [u64; 2],
    /// All of them.
    total: [u64; 2],
    /// Twice the sum of placements, of negatives and of positives.
    placements: [u128; 2],
    squares: [u128; 2],
    /// The greatest |passed negatives · positives − passed positives · negatives|.
    gap: u64,
    /// The sum over positives of the precision at their score.
    precision: u128,
}

/// One row that was kept for resampling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Kept {
    pub(super) score: f64,
    pub(super) positive: bool,
    pub(super) key: u64,
}

/// What the pass says of one slice.
#[derive(Debug, Clone, Default)]
pub(super) struct Scored {
    /// Negatives and positives.
    pub(super) total: [u64; 2],
    /// For DeLong's bounds.
    pub(super) area: crate::stats::auc::Sums,
    /// The Kolmogorov–Smirnov distance between the scores of both classes.
    pub(super) gap: Option<f64>,
    /// Average precision.
    pub(super) precision: Option<f64>,
    /// Sums by bin, of negatives and of positives; empty when scores are no probabilities.
    pub(super) bins: Vec<[Sums; 2]>,
    /// The rows in ascending order of score, where they were to be kept.
    pub(super) rows: Vec<Kept>,
}

/// How to read rows: which slices a cell is in, which label the last two bits of a tag are, which slices' rows to keep.
pub(super) struct Reading<'a> {
    pub(super) layout: &'a Layout,
    pub(super) positive: [bool; 4],
    pub(super) probabilities: bool,
    pub(super) keep: &'a [bool],
}

impl Reading<'_> {
    fn row<R: Row>(&self, row: &R) -> (u32, usize) {
        (row.tag() >> 2, usize::from(self.positive[row.tag() as usize & 3]))
    }
}

/// Sorts and passes over all rows.
pub(super) fn sweep<R: Row>(buckets: &Buckets<R>, reading: &Reading, cells: usize, crew: &dyn Crew) -> Vec<Scored> {
    let slices = reading.layout.slices.len();
    let ranges = buckets.ranges(crew.size() * 4);
    let counted = crew::each(crew, ranges.len(), |i| count(ranges[i], reading, cells));
    let mut passed = vec![[0_u64; 2]; slices];
    let mut starts = Vec::with_capacity(ranges.len());
    for counts in &counted {
        starts.push(passed.clone());
        for (place, rows) in counts.iter().enumerate().filter(|(_, rows)| **rows > 0) {
            for slice in reading.layout.of((place / 2) as u32) {
                passed[*slice as usize][place % 2] += rows;
            }
        }
    }
    let ranks_at = |i: usize| -> Vec<Ranks> {
        let start: &Vec<[u64; 2]> = &starts[i];
        start.iter().zip(&passed).map(|(p, t)| Ranks { passed: *p, total: *t, ..Ranks::default() }).collect()
    };
    let parts = crew::each(crew, ranges.len(), |i| {
        let mut pass = Pass::new(reading, ranks_at(i), cells);
        pass.range(ranges[i]);
        (pass.ranks, pass.sums, pass.kept)
    });
    let mut scored: Vec<Scored> = passed.iter().map(|total| Scored { total: *total, ..Scored::default() }).collect();
    let mut totals = vec![Ranks::default(); slices];
    for (ranks, sums, kept) in parts {
        for (total, part) in totals.iter_mut().zip(&ranks) {
            for label in 0..2 {
                total.placements[label] += part.placements[label];
                total.squares[label] += part.squares[label];
            }
            total.gap = total.gap.max(part.gap);
            total.precision += part.precision;
        }
        gather(&mut scored, &sums, reading, cells);
        for (slice, rows) in kept {
            scored[slice as usize].rows.extend(rows);
        }
    }
    for (one, ranks) in scored.iter_mut().zip(&totals) {
        finish(one, ranks);
    }
    scored
}

fn finish(one: &mut Scored, ranks: &Ranks) {
    let [negatives, positives] = one.total;
    one.area = crate::stats::auc::Sums {
        positives,
        negatives,
        placements: ranks.placements[1],
        positive_squares: ranks.squares[1],
        negative_squares: ranks.squares[0],
    };
    let pairs = u128::from(negatives) * u128::from(positives);
    one.gap = (pairs > 0).then(|| ranks.gap as f64 / pairs as f64);
    one.precision = (positives > 0).then(|| ranks.precision as f64 / UNIT / positives as f64);
    // Ties in no order: what is resampled by rank must not depend on who came first.
    one.rows.sort_by(|a, b| a.score.total_cmp(&b.score).then(a.positive.cmp(&b.positive)).then(a.key.cmp(&b.key)));
}

/// Adds the sums of cells to those of their slices.
fn gather(scored: &mut [Scored], sums: &[Vec<Sums>], reading: &Reading, cells: usize) {
    if !reading.probabilities {
        return;
    }
    for one in scored.iter_mut() {
        one.bins.resize(BINS, [Sums::default(); 2]);
    }
    for (bin, sums) in sums.iter().enumerate() {
        for (place, sums) in sums.iter().enumerate().filter(|(place, s)| s.rows > 0 && *place < cells * 2) {
            for slice in reading.layout.of((place / 2) as u32) {
                scored[*slice as usize].bins[bin][place % 2].add(sums);
            }
        }
    }
}

/// Rows by cell and label.
fn count<R: Row>(range: &[Bucket<R>], reading: &Reading, cells: usize) -> Vec<u64> {
    let mut counts = vec![0; cells * 2];
    for row in range.iter().flat_map(Bucket::rows) {
        let (cell, label) = reading.row(row);
        counts[cell as usize * 2 + label] += 1;
    }
    counts
}

struct Pass<'a, 'r> {
    reading: &'r Reading<'a>,
    ranks: Vec<Ranks>,
    sums: Vec<Vec<Sums>>,
    kept: std::collections::BTreeMap<u32, Vec<Kept>>,
    cells: usize,
    before: Vec<u64>,
}

impl<'a, 'r> Pass<'a, 'r> {
    fn new(reading: &'r Reading<'a>, ranks: Vec<Ranks>, cells: usize) -> Self {
        Self { reading, ranks, sums: vec![Vec::new(); BINS], kept: Default::default(), cells, before: Vec::new() }
    }

    fn range<R: Row>(&mut self, range: &[Bucket<R>]) {
        let (mut rows, mut spare) = (Vec::new(), Vec::new());
        let keeps = self.reading.keep.iter().any(|k| *k);
        for bucket in range {
            bucket.sorted(&mut rows, &mut spare);
            for ties in rows.chunk_by(|a, b| a.order() == b.order()) {
                if let [row] = ties {
                    self.single(row)
                } else {
                    self.ties(ties)
                }
                if self.reading.probabilities {
                    self.losses(ties);
                }
                if keeps {
                    self.keep(ties);
                }
            }
        }
    }

    /// A row that shares its score with none.
    fn single<R: Row>(&mut self, row: &R) {
        let (cell, label) = self.reading.row(row);
        for slice in self.reading.layout.of(cell) {
            let ranks = &mut self.ranks[*slice as usize];
            if label == 1 {
                ranks.precision += precision(ranks);
            }
            let twice = 2 * ranks.passed[1 - label];
            ranks.placements[label] += u128::from(twice);
            ranks.squares[label] += u128::from(twice) * u128::from(twice);
            ranks.passed[label] += 1;
            ranks.gap = ranks.gap.max(gap(ranks));
        }
    }

    /// Rows of one score: each counts half against those of the other class.
    fn ties<R: Row>(&mut self, ties: &[R]) {
        self.before.clear();
        for row in ties {
            let (cell, label) = self.reading.row(row);
            for slice in self.reading.layout.of(cell) {
                let ranks = &mut self.ranks[*slice as usize];
                if label == 1 {
                    ranks.precision += precision(ranks);
                }
                self.before.push(ranks.passed[1 - label]);
            }
        }
        for row in ties {
            let (cell, label) = self.reading.row(row);
            for slice in self.reading.layout.of(cell) {
                self.ranks[*slice as usize].passed[label] += 1;
            }
        }
        let mut before = self.before.iter();
        for row in ties {
            let (cell, label) = self.reading.row(row);
            for slice in self.reading.layout.of(cell) {
                let ranks = &mut self.ranks[*slice as usize];
                let twice = before.next().unwrap_or(&0) + ranks.passed[1 - label];
                ranks.placements[label] += u128::from(twice);
                ranks.squares[label] += u128::from(twice) * u128::from(twice);
                ranks.gap = ranks.gap.max(gap(ranks));
            }
        }
    }

    fn losses<R: Row>(&mut self, ties: &[R]) {
        let Some(first) = ties.first() else { return };
        let p = first.value();
        let sums = &mut self.sums[bin(p)];
        if sums.is_empty() {
            sums.resize(self.cells * 2, Sums::default());
        }
        let mut known = [None; 2];
        for row in ties {
            let (cell, label) = self.reading.row(row);
            let one = known[label].get_or_insert_with(|| Sums::of(p, label == 1));
            sums[cell as usize * 2 + label].add(one);
        }
    }

    fn keep<R: Row>(&mut self, ties: &[R]) {
        for row in ties {
            let (cell, label) = self.reading.row(row);
            for slice in self.reading.layout.of(cell).iter().filter(|s| self.reading.keep[**s as usize]) {
                let kept = Kept { score: row.value(), positive: label == 1, key: row.key() };
                self.kept.entry(*slice).or_default().push(kept);
            }
        }
    }
}

/// The precision when everything from here on is selected, in units of 2⁻⁶².
fn precision(ranks: &Ranks) -> u128 {
    let hits = ranks.total[1] - ranks.passed[1];
    let selected = hits + ranks.total[0] - ranks.passed[0];
    u128::from((hits as f64 / selected as f64 * UNIT) as u64)
}

fn gap(ranks: &Ranks) -> u64 {
    let negatives = ranks.passed[0] as i64 * ranks.total[1] as i64;
    let positives = ranks.passed[1] as i64 * ranks.total[0] as i64;
    (negatives - positives).unsigned_abs()
}
