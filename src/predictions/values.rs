//! Rows of numbers, in an order that does not depend on how they arrived, and the metrics of their
//! sums: errors of a regression, energy.

use super::{
    cells::Layout,
    limited::{self, Limited},
    radix::{Buckets, Room, Row, RowBuckets, ordered_64},
    rows::effective,
    scan::Pair,
    scores::MOST_RESAMPLED,
    sink::{Sink, clamp, interval},
    sum::Sum,
};
use crate::{
    model::{Plan, Unit},
    stats::{
        quantile,
        resample::row_state,
        tail,
        unseen::{self, Unseen},
        weights::Weights,
    },
};

/// A metric that is a function of weighted means: its name, and its value from the means of the
/// rows' terms.
pub(super) struct Smooth {
    name: &'static str,
    value: fn(&Means) -> Option<f64>,
    /// The derivative of the metric with respect to each mean: how much one row moves it.
    slope: fn(&Means) -> [f64; TERMS],
    /// How many times further than the furthest row an unseen one is assumed to be.
    pub(super) reach: f64,
    /// The terms whose tails must not be too heavy.
    tails: &'static [usize],
}

/// For means of squares, whose tails are longer than those of the errors.
const SQUARES: f64 = 3.0;
/// For means of the errors themselves.
pub(super) const ERRORS: f64 = 2.0;

/// How many terms a row has: error, squared error, absolute error, label, squared label, relative
/// error. The mean is subtracted from labels, so that their squares stay small.
const TERMS: usize = 6;

#[derive(Debug, Clone, Copy, Default)]
struct Means([f64; TERMS]);

impl Means {
    fn label_variance(&self) -> f64 {
        self.0[4] - self.0[3] * self.0[3]
    }
    fn error_variance(&self) -> f64 {
        self.0[1] - self.0[0] * self.0[0]
    }
}

const SMOOTH: [Smooth; 6] = [
    Smooth {
        name: "mean_absolute_error",
        value: |m| Some(m.0[2]),
        slope: |_| [0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        reach: ERRORS,
        tails: &[2],
    },
    Smooth {
        name: "mean_squared_error",
        value: |m| Some(m.0[1]),
        slope: |_| [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        reach: SQUARES,
        tails: &[1],
    },
    Smooth {
        name: "root_mean_squared_error",
        value: |m| Some(m.0[1].sqrt()),
        slope: |m| [0.0, 0.5 / m.0[1].sqrt(), 0.0, 0.0, 0.0, 0.0],
        reach: SQUARES,
        tails: &[1],
    },
    Smooth {
        name: "r2",
        value: |m| (m.label_variance() > 0.0).then(|| 1.0 - m.0[1] / m.label_variance()),
        slope: |m| {
            let v = m.label_variance();
            let lean = m.0[1] / (v * v);
            [0.0, -1.0 / v, 0.0, -2.0 * m.0[3] * lean, lean, 0.0]
        },
        reach: SQUARES,
        tails: &[1, 4],
    },
    Smooth {
        name: "explained_variance",
        value: |m| {
            (m.label_variance() > 0.0).then(|| 1.0 - m.error_variance() / m.label_variance())
        },
        slope: |m| {
            let v = m.label_variance();
            let lean = m.error_variance() / (v * v);
            [2.0 * m.0[0] / v, -1.0 / v, 0.0, -2.0 * m.0[3] * lean, lean, 0.0]
        },
        reach: SQUARES,
        tails: &[1, 4],
    },
    Smooth {
        name: "mean_absolute_percentage_error",
        value: |m| Some(m.0[5]),
        slope: |_| [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        reach: ERRORS,
        tails: &[5],
    },
];

/// The metric with this name, if it is a smooth function of means.
pub(super) fn smooth(name: &str) -> Option<&'static Smooth> {
    SMOOTH.iter().find(|s| s.name == name)
}

/// The terms of rows and their means.
pub(super) struct Errors {
    terms: Vec<[f64; TERMS]>,
    means: Means,
}

impl Errors {
    /// The terms for these labels and predictions, in their order.
    pub(super) fn new(rows: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let n = rows.clone().count() as f64;
        let centre = Sum::of(rows.clone().map(|r| r.0)) / n;
        let term = |(label, prediction): (f64, f64)| {
            let (error, from) = (label - prediction, label - centre);
            let relative = error.abs() / label.abs().max(f64::EPSILON);
            [error, error * error, error.abs(), from, from * from, relative]
        };
        let terms: Vec<[f64; TERMS]> = rows.clone().map(term).collect();
        let mut means = Means(std::array::from_fn(|i| Sum::of(terms.iter().map(|t| t[i])) / n));
        // The remaining mean is only rounding; labels that are all equal have exactly zero
        // variance.
        let mut labels = rows.map(|r| r.0);
        let first = labels.next();
        if labels.all(|label| Some(label) == first) {
            (means.0[3], means.0[4]) = (0.0, 0.0);
        }
        Self { terms, means }
    }

    /// The metric of all rows.
    pub(super) fn value(&self, metric: &Smooth) -> Option<f64> {
        (metric.value)(&self.means).filter(|_| !self.terms.is_empty())
    }

    /// How much each row moves the metric, multiplied by the number of rows.
    pub(super) fn leans(&self, metric: &Smooth) -> Vec<f64> {
        let slope = (metric.slope)(&self.means);
        let lean = |row: &[f64; TERMS]| -> f64 {
            (0..TERMS).map(|i| slope[i] * (row[i] - self.means.0[i])).sum()
        };
        self.terms.iter().map(lean).collect()
    }

    /// Whether the rows show a tail that is too heavy for a bound of the metric.
    pub(super) fn heavy(&self, metric: &Smooth) -> bool {
        let column = |term: &usize| self.terms.iter().map(|t| t[*term]).collect::<Vec<f64>>();
        metric.tails.iter().any(|term| heavy(&column(term)))
    }

    /// The metric of one replicate.
    pub(super) fn replicate(&self, metric: &Smooth, states: &[u64], draw: Draw) -> Option<f64> {
        replicate(&self.terms, states, draw).and_then(|means| (metric.value)(&means))
    }
}

/// The tables of weights, and the number of a replicate.
pub(super) type Draw<'w> = (&'w Weights, u64);

/// The mean of one replicate.
pub(super) fn weighted_mean(
    values: &[f64],
    states: &[u64],
    (weights, number): Draw,
) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0.0);
    for (value, state) in values.iter().zip(states) {
        let w = weights.row(*state, number);
        total += w;
        sum += w * value;
    }
    (total > 0.0).then(|| sum / total)
}

/// Why rows have no bound.
pub(super) const HEAVY: &str = "a few rows make up so much of it that unseen ones could change it at will \
    (Hill's tail index is below 1.5); more rows, or a metric that counts rows, would have a bound";

/// Whether these numbers have a tail so heavy that no bound of their mean holds.
fn heavy(values: &[f64]) -> bool {
    tail::index(values).is_some_and(|index| index < tail::LEAST_INDEX)
}

/// Bounds of a value that is a mean, or nearly one: `leans` tells how much each row moves it, times
/// the number of rows. An unseen row moves it `reach` times as far as the furthest one. If the rows
/// show a tail that is too heavy, there is no bound.
pub(super) fn tailed(
    value: f64,
    leans: &[f64],
    replicates: &[f64],
    rows: f64,
    reach: f64,
    plan: &Plan,
) -> Limited {
    if leans.iter().any(|x| !x.is_finite()) {
        return Limited::default();
    }
    if heavy(leans) {
        return Limited::refused(HEAVY);
    }
    let least = reach * leans.iter().copied().fold(0.0, f64::min);
    let most = reach * leans.iter().copied().fold(0.0, f64::max);
    Limited::each(plan, limited::TAILED, rows, |alpha| {
        if replicates.is_empty() {
            let sums = limited::powers(leans.iter().copied());
            let n = leans.len() as u64;
            let unseen = limited::Row { least, most, rows };
            let (lower, upper) = limited::mean(&[], n, sums, unseen, alpha)?;
            return Some((value + lower.min(0.0), value + upper.max(0.0)));
        }
        let at = |away| Unseen { value: value + away, rows };
        let lower = unseen::lower(replicates, at(least), alpha).ok()?;
        let upper = unseen::upper(replicates, at(most), alpha).ok()?;
        Some((lower.min(value), upper.max(value)))
    })
}

const NO_ROWS: &str = "it has no rows";
const CONSTANT: &str = "its labels are all the same";

/// Writes the errors of a regression for every slice.
pub(super) fn regression(sink: &mut Sink, mut pairs: Vec<Pair>, layout: &Layout, clustered: bool) {
    pairs.sort_unstable_by_key(|p| (ordered_64(p.label), ordered_64(p.prediction), p.key));
    for set in 0..layout.width() {
        let column = layout.column(set);
        let slices = if set == 0 { 0..1 } else { layout.sets[set - 1].slices() };
        let mut rows: Vec<Vec<&Pair>> = vec![Vec::new(); slices.len()];
        for pair in &pairs {
            rows[column[pair.cell as usize] as usize - slices.start].push(pair);
        }
        for (slice, rows) in slices.zip(rows) {
            one(sink, layout, slice, &rows, clustered);
        }
    }
}

fn one(sink: &mut Sink, layout: &Layout, slice: usize, rows: &[&Pair], clustered: bool) {
    let n = rows.len() as u64;
    let errors = Errors::new(rows.iter().map(|p| (p.label, p.prediction)));
    let state =
        |i: usize| row_state(sink.plan.seed, if clustered { rows[i].key } else { i as u64 });
    let drawn: Vec<Means> = if clustered || n <= MOST_RESAMPLED {
        let (states, weights): (Vec<u64>, _) =
            ((0..rows.len()).map(state).collect(), Weights::default());
        let draw = |r| replicate(&errors.terms, &states, (&weights, r));
        (0..u64::from(sink.plan.replicates)).filter_map(draw).collect()
    } else {
        Vec::new()
    };
    let independent = if clustered { effective(rows.iter().map(|row| row.key)) } else { n as f64 };
    let slice = &layout.slices[slice];
    for metric in &SMOOTH {
        if !sink.wants(metric.name) {
            continue;
        }
        let value = errors.value(metric);
        let mut limited = value.map_or_else(Limited::default, |value| {
            if errors.heavy(metric) {
                return Limited::refused(HEAVY);
            }
            let values: Vec<f64> = drawn.iter().filter_map(metric.value).collect();
            tailed(value, &errors.leans(metric), &values, independent, metric.reach, sink.plan)
        });
        clamp(metric.name, &mut limited.intervals);
        let why = if n == 0 { NO_ROWS } else { CONSTANT };
        limited.write(sink.number(metric.name, slice, value, n, Vec::new(), why));
    }
    let mut errors: Vec<f64> = errors.terms.iter().map(|t| t[2]).collect();
    errors.sort_unstable_by(f64::total_cmp);
    let bound = |confidence: &f64| {
        let (lower, upper) = quantile::ranks(n, 0.5, 1.0 - confidence);
        let [lower, upper] = [lower, upper].map(|rank| errors.get(rank? as usize - 1).copied());
        interval("order-statistic", *confidence, lower, upper)
    };
    let intervals =
        if clustered { Vec::new() } else { sink.plan.confidences.iter().map(bound).collect() };
    sink.number(
        "median_absolute_error",
        slice,
        quantile::type7(&errors, 0.5),
        n,
        intervals,
        NO_ROWS,
    );
    sink.number("max_error", slice, errors.last().copied(), n, Vec::new(), NO_ROWS);
}

/// The means of one replicate.
fn replicate(terms: &[[f64; TERMS]], states: &[u64], (weights, number): Draw) -> Option<Means> {
    let (mut sums, mut total) = ([0.0; TERMS], 0.0);
    for (term, state) in terms.iter().zip(states) {
        let w = weights.row(*state, number);
        total += w;
        for (sum, x) in sums.iter_mut().zip(term) {
            *sum += w * x;
        }
    }
    (total > 0.0).then(|| Means(sums.map(|s| s / total)))
}

/// Writes the mean energy of 1,000 inferences for every slice.
pub(super) fn energy(
    sink: &mut Sink,
    rows_by_bucket: &RowBuckets,
    unit: Unit,
    layout: &Layout,
    clustered: bool,
) {
    if !sink.wants("energy_per_1000") {
        return;
    }
    let rows = match rows_by_bucket {
        RowBuckets::Narrow(buckets) => sorted(buckets),
        RowBuckets::Wide(buckets) => sorted(buckets),
    };
    let mut slices: Vec<Vec<(f64, u64)>> = vec![Vec::new(); layout.slices.len()];
    for (value, tag, key) in rows {
        for slice in layout.of(tag) {
            slices[*slice as usize].push((1_000.0 * value, key));
        }
    }
    for (slice, rows) in layout.slices.iter().zip(slices) {
        let n = rows.len() as u64;
        let value = (n > 0).then(|| Sum::of(rows.iter().map(|r| r.0)) / n as f64);
        let limited = value
            .map_or_else(Limited::default, |mean| mean_bounds(mean, &rows, clustered, sink.plan));
        let made = sink.number("energy_per_1000", slice, value, n, Vec::new(), NO_ROWS);
        if let Some(m) = made {
            m.unit = Some(unit);
            limited.write(Some(m));
        }
    }
}

fn mean_bounds(mean: f64, rows: &[(f64, u64)], clustered: bool, plan: &Plan) -> Limited {
    let leans: Vec<f64> = rows.iter().map(|r| r.0 - mean).collect();
    if !clustered && rows.len() as u64 > MOST_RESAMPLED {
        return tailed(mean, &leans, &[], rows.len() as f64, ERRORS, plan);
    }
    let state = |(i, row): (usize, &(f64, u64))| {
        row_state(plan.seed, if clustered { row.1 } else { i as u64 })
    };
    let states: Vec<u64> = rows.iter().enumerate().map(state).collect();
    let values: Vec<f64> = rows.iter().map(|r| r.0).collect();
    let weights = Weights::default();
    let draw = |replicate| weighted_mean(&values, &states, (&weights, replicate));
    let drawn: Vec<f64> = (0..u64::from(plan.replicates)).filter_map(draw).collect();
    let independent =
        if clustered { effective(rows.iter().map(|row| row.1)) } else { rows.len() as f64 };
    tailed(mean, &leans, &drawn, independent, ERRORS, plan)
}

/// All rows by value, and equal ones by key: an order that does not depend on how they arrived.
fn sorted<R: Row>(buckets: &Buckets<R>) -> Vec<(f64, u32, u64)> {
    let (mut room, mut all) = (Room::default(), Vec::new());
    for bucket in &buckets.list {
        let mut rows = bucket.sorted(&mut room).to_vec();
        rows.sort_by_key(|r| (r.order(), r.key()));
        all.extend(rows.iter().map(|r| (r.value(), r.tag(), r.key())));
    }
    all
}
