//! One pass over scores in ascending order, for all slices at once. Sums are of whole numbers, or
//! in the order of scores and cells, so that the result depends neither on the order of rows nor on
//! how they were divided among workers.

use super::{
    cells::Layout,
    job::ThreadPool,
    pool,
    radix::{Bucket, Buckets, Room, Row},
};
use crate::stats::{calibration, ranking::Cell};

/// The bins of calibration, of equal width.
pub(super) const BINS: usize = 10;
/// How many ranges are swept separately. The number affects the last digits of the result, so it
/// must not depend on the pool.
const RANGES: usize = 16;
/// A large sample is resampled in cells, each with about one in this many rows of a class.
const CELLS: u64 = 1_000;

/// Sums over the rows of one label in one bin. Scores are added in ascending order, so that the
/// order is always the same.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) rows: u64,
    pub(super) score: f64,
    pub(super) loss: f64,
    pub(super) loss_square: f64,
    pub(super) loss_cube: f64,
    /// The greatest loss that one of the scores could have, with the other label.
    pub(super) worst: f64,
    pub(super) square: f64,
    pub(super) fourth: f64,
    pub(super) sixth: f64,
    /// The sum of score · (1 − score).
    pub(super) spread: f64,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.score += other.score;
        self.loss += other.loss;
        self.loss_square += other.loss_square;
        self.loss_cube += other.loss_cube;
        self.worst = self.worst.max(other.worst);
        self.square += other.square;
        self.fourth += other.fourth;
        self.sixth += other.sixth;
        self.spread += other.spread;
    }

    /// The contribution of one row.
    fn of(p: f64, positive: bool) -> Self {
        let given = if positive { p } else { 1.0 - p };
        let loss = log_loss(given);
        let miss = 1.0 - given;
        let square = miss * miss;
        Self {
            rows: 1,
            score: p,
            loss,
            loss_square: loss * loss,
            loss_cube: loss * loss * loss,
            // A logarithm for each row is too slow here: the score itself is kept, as a loss of
            // the less likely label.
            worst: 1.0 - p.min(1.0 - p),
            square,
            fourth: square * square,
            sixth: square * square * square,
            spread: p * (1.0 - p),
        }
    }
}

/// The loss of a row whose label has this probability, clipped as scikit-learn does.
pub(super) fn log_loss(given: f64) -> f64 {
    -libm::log(given.clamp(f64::EPSILON, 1.0 - f64::EPSILON))
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

/// What the ranks determine for one slice.
#[derive(Debug, Clone, Default)]
struct Ranks {
    /// Negatives and positives seen so far.
    passed: [u64; 2],
    /// All negatives and positives.
    total: [u64; 2],
    /// Twice the sum of placements, of negatives and of positives.
    placements: [u64; 2],
    squares: [u128; 2],
    /// Seen negatives · positives − seen positives · negatives.
    lean: i64,
    /// How much a negative and a positive add to `lean`.
    step: [i64; 2],
    /// The largest absolute value of `lean` so far.
    gap: u64,
    /// The sum over positives of the precision at their score.
    precision: f64,
    /// The number of the current tie, and how many of its rows are negative and positive.
    tie: u64,
    tied: [u64; 2],
    /// The cells so far, if the slice is resampled in cells, and the one that is not complete.
    cells: Option<Vec<Cell>>,
    cell: Cell,
    /// The numbers of rows at which the cell is complete.
    full: [u64; 2],
}

impl Ranks {
    fn new(passed: [u64; 2], total: [u64; 2], cells: bool) -> Self {
        let [p, t] = [passed, total].map(|both| both.map(|x| x as i64));
        let lean = p[0] * t[1] - p[1] * t[0];
        let step = [t[1], -t[0]];
        let cells = cells.then(Vec::new);
        Self { passed, total, lean, step, cells, ..Self::default() }
    }

    /// Adds a row to the tie with this number; the tie of a slice ends when the next one begins.
    fn note<const CURVES: bool>(&mut self, tie: u64, label: usize) {
        if self.tie != tie {
            self.close::<CURVES>();
            self.tie = tie;
        }
        self.tied[label] += 1;
    }

    /// Ends a tie: each of its rows counts half against those of the other class.
    fn close<const CURVES: bool>(&mut self) {
        let [n, p] = std::mem::take(&mut self.tied);
        let twice = [2 * self.passed[1] + p, 2 * self.passed[0] + n];
        if CURVES {
            let hits = (self.total[1] - self.passed[1]) as i64;
            let selected = hits + (self.total[0] - self.passed[0]) as i64;
            // Once all rows are seen nothing is selected, and precision is undefined, but then
            // there is no positive to count either.
            self.precision += p as i64 as f64 * (hits as f64 / selected.max(1) as f64);
        }
        for (label, tied) in [n, p].into_iter().enumerate() {
            self.placements[label] += tied * twice[label];
            self.squares[label] += u128::from(tied * twice[label]) * u128::from(twice[label]);
            self.passed[label] += tied;
        }
        if CURVES {
            self.lean += n as i64 * self.step[0] + p as i64 * self.step[1];
            self.gap = self.gap.max(self.lean.unsigned_abs());
        }
        if let Some(cells) = &mut self.cells {
            self.cell.negatives += n;
            self.cell.positives += p;
            if self.passed[0] >= self.full[0] || self.passed[1] >= self.full[1] {
                cells.push(std::mem::take(&mut self.cell));
                self.full = [0, 1].map(|i| self.passed[i] + (self.total[i] / CELLS).max(1));
            }
        }
    }
}

/// A row that is kept for resampling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Kept {
    pub(super) score: f64,
    pub(super) positive: bool,
    pub(super) key: u64,
}

/// The result of the pass for one slice.
#[derive(Debug, Clone, Default)]
pub(super) struct Scored {
    /// Negatives and positives.
    pub(super) total: [u64; 2],
    /// The sums for DeLong's bounds.
    pub(super) area: crate::stats::auc::Sums,
    /// The Kolmogorov–Smirnov distance between the scores of both classes.
    pub(super) gap: Option<f64>,
    /// Average precision.
    pub(super) precision: Option<f64>,
    /// Sums by bin, of negatives and of positives; empty if scores are not probabilities.
    pub(super) bins: Vec<[Sums; 2]>,
    /// The rows in ascending order of score, if they are to be kept.
    pub(super) rows: Vec<Kept>,
    /// The cells in ascending order of score, if rows are not kept.
    pub(super) cells: Vec<Cell>,
}

impl Scored {
    /// The bins in the form of [`calibration`].
    pub(super) fn calibration(&self) -> Vec<calibration::Bin> {
        let one = |[negatives, positives]: &[Sums; 2]| calibration::Bin {
            rows: negatives.rows + positives.rows,
            positives: positives.rows,
            score: negatives.score + positives.score,
            spread: negatives.spread + positives.spread,
            square: negatives.square + positives.square,
        };
        self.bins.iter().map(one).collect()
    }
}

/// How to interpret rows: which slices a cell is in, which label the last two bits of a tag are,
/// and which slices' rows to keep.
pub(super) struct Reading<'a> {
    pub(super) layout: &'a Layout,
    pub(super) positive: [bool; 4],
    pub(super) probabilities: bool,
    pub(super) keep: &'a [bool],
    /// Whether average precision and the distance between the classes are wanted.
    pub(super) curves: bool,
}

impl Reading<'_> {
    fn row<R: Row>(&self, row: &R) -> (u32, usize) {
        (row.tag() >> 2, usize::from(self.positive[row.tag() as usize & 3]))
    }
}

/// Sorts all rows and makes the pass.
pub(super) fn sweep<R: Row>(
    buckets: &Buckets<R>,
    reading: &Reading,
    cells: usize,
    pool: &dyn ThreadPool,
) -> Vec<Scored> {
    let slices = reading.layout.slices.len();
    let ranges = buckets.ranges(RANGES);
    let counted = pool::each(pool, ranges.len(), |i| count(ranges[i], reading, cells));
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
        let ranks = start.iter().zip(&passed).zip(reading.keep);
        ranks.map(|((p, t), keep)| Ranks::new(*p, *t, !keep)).collect()
    };
    let parts = pool::each(pool, ranges.len(), |i| {
        let mut pass = Pass::new(reading, ranks_at(i), cells);
        pass.range(ranges[i]);
        (pass.ranks, pass.sums, pass.kept)
    });
    let mut scored: Vec<Scored> =
        passed.iter().map(|total| Scored { total: *total, ..Scored::default() }).collect();
    let mut totals = vec![Ranks::default(); slices];
    for (ranks, sums, kept) in parts {
        for ((total, part), one) in totals.iter_mut().zip(ranks).zip(&mut scored) {
            one.cells.extend(part.cells.into_iter().flatten());
            one.cells.push(part.cell);
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
        finish(one, ranks, reading.curves);
    }
    scored
}

fn finish(one: &mut Scored, ranks: &Ranks, curves: bool) {
    let [negatives, positives] = one.total;
    // A negative's placement is the number of positives above it, but those below were counted. If
    // s is twice the number below, Σ(2P − s)² = N(2P)² − 2(2P)Σs + Σs².
    let all = 2 * u128::from(positives);
    let below = u128::from(ranks.placements[0]);
    let negative_squares = u128::from(negatives) * all * all + ranks.squares[0] - 2 * all * below;
    one.area = crate::stats::auc::Sums {
        positives,
        negatives,
        placements: u128::from(ranks.placements[1]),
        positive_squares: ranks.squares[1],
        negative_squares,
    };
    let pairs = u128::from(negatives) * u128::from(positives);
    one.gap = (pairs > 0 && curves).then(|| ranks.gap as f64 / pairs as f64);
    one.precision = (positives > 0 && curves).then(|| ranks.precision / positives as f64);
    // A fixed order within ties: a row that is resampled by its rank must not depend on which
    // worker was first.
    one.rows.sort_by(|a, b| {
        a.score.total_cmp(&b.score).then(a.positive.cmp(&b.positive)).then(a.key.cmp(&b.key))
    });
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
        for cell in reading.layout.in_order().iter().take(if sums.is_empty() { 0 } else { cells }) {
            for label in 0..2 {
                let sums = &sums[*cell as usize * 2 + label];
                for slice in reading.layout.of(*cell) {
                    scored[*slice as usize].bins[bin][label].add(sums);
                }
            }
        }
    }
}

/// Rows by cell and label.
fn count<R: Row>(range: &[Bucket<R>], reading: &Reading, cells: usize) -> Vec<u64> {
    let mut counts = vec![0; cells * 2];
    for row in range.iter().flat_map(Bucket::rows) {
        let (cell, label) = reading.row(&row);
        counts[cell as usize * 2 + label] += 1;
    }
    counts
}

/// The kept rows of each slice.
type Kepts = std::collections::BTreeMap<u32, Vec<Kept>>;

struct Pass<'a, 'r> {
    reading: &'r Reading<'a>,
    ranks: Vec<Ranks>,
    sums: Vec<Vec<Sums>>,
    kept: Kepts,
    cells: usize,
    /// The number of the last tie.
    tie: u64,
}

impl<'a, 'r> Pass<'a, 'r> {
    fn new(reading: &'r Reading<'a>, ranks: Vec<Ranks>, cells: usize) -> Self {
        Self { reading, ranks, sums: vec![Vec::new(); BINS], kept: Kepts::new(), cells, tie: 0 }
    }

    fn range<R: Row>(&mut self, range: &[Bucket<R>]) {
        let mut room = Room::default();
        for bucket in range {
            let rows = bucket.sorted(&mut room);
            if self.reading.curves {
                self.rank::<R, true>(rows);
            } else {
                self.rank::<R, false>(rows);
            }
            if self.reading.probabilities {
                self.losses(rows);
            }
            if self.reading.keep.contains(&true) {
                self.keep(rows);
            }
        }
        let curves = self.reading.curves;
        self.ranks.iter_mut().for_each(if curves {
            Ranks::close::<true>
        } else {
            Ranks::close::<false>
        });
    }

    fn rank<R: Row, const CURVES: bool>(&mut self, rows: &[R]) {
        let mut last = None;
        for row in rows {
            let order = row.order();
            self.tie += u64::from(last != Some(order));
            last = Some(order);
            let (cell, label) = self.reading.row(row);
            for slice in self.reading.layout.of(cell) {
                self.ranks[*slice as usize].note::<CURVES>(self.tie, label);
            }
        }
    }

    fn losses<R: Row>(&mut self, rows: &[R]) {
        for rows in rows.chunk_by(|a, b| bin(a.value()) == bin(b.value())) {
            let Some(first) = rows.first() else { continue };
            let sums = &mut self.sums[bin(first.value())];
            if sums.is_empty() {
                sums.resize(self.cells * 2, Sums::default());
            }
            for row in rows {
                let (cell, label) = self.reading.row(row);
                sums[cell as usize * 2 + label].add(&Sums::of(row.value(), label == 1));
            }
        }
    }

    fn keep<R: Row>(&mut self, ties: &[R]) {
        for row in ties {
            let (cell, label) = self.reading.row(row);
            for slice in
                self.reading.layout.of(cell).iter().filter(|s| self.reading.keep[**s as usize])
            {
                let kept = Kept { score: row.value(), positive: label == 1, key: row.key() };
                self.kept.entry(*slice).or_default().push(kept);
            }
        }
    }
}
