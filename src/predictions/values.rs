//! Rows of numbers, in an order that does not depend on how they arrived, and the metrics of their
//! sums: errors of a regression, energy.

use super::{
    bootstrap::bounds,
    cells::Layout,
    radix::{Buckets, Room, Row, RowBuckets, ordered_64},
    scan::Pair,
    scores::{MOST_RESAMPLED, around},
    sink::{Sink, clamp, interval},
    sum::Sum,
};
use crate::{
    model::{Interval, Plan, Unit},
    stats::{
        quantile,
        resample::{row_state, weight},
    },
};

/// A metric that is a function of weighted means: its name, and its value from the means of the
/// rows' terms.
pub(super) struct Smooth {
    name: &'static str,
    value: fn(&Means) -> Option<f64>,
    /// The derivative of the metric with respect to each mean: how much one row moves it.
    slope: fn(&Means) -> [f64; TERMS],
}

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
    },
    Smooth {
        name: "mean_squared_error",
        value: |m| Some(m.0[1]),
        slope: |_| [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
    },
    Smooth {
        name: "root_mean_squared_error",
        value: |m| Some(m.0[1].sqrt()),
        slope: |m| [0.0, 0.5 / m.0[1].sqrt(), 0.0, 0.0, 0.0, 0.0],
    },
    Smooth {
        name: "r2",
        value: |m| (m.label_variance() > 0.0).then(|| 1.0 - m.0[1] / m.label_variance()),
        slope: |m| {
            let v = m.label_variance();
            let lean = m.0[1] / (v * v);
            [0.0, -1.0 / v, 0.0, -2.0 * m.0[3] * lean, lean, 0.0]
        },
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
    },
    Smooth {
        name: "mean_absolute_percentage_error",
        value: |m| Some(m.0[5]),
        slope: |_| [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
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

    /// The metric of one replicate.
    pub(super) fn replicate(&self, metric: &Smooth, states: &[u64], number: u64) -> Option<f64> {
        replicate(&self.terms, states, number).and_then(|means| (metric.value)(&means))
    }
}

/// The mean of one replicate.
pub(super) fn weighted_mean(values: &[f64], states: &[u64], replicate: u64) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0.0);
    for (value, state) in values.iter().zip(states) {
        let w = f64::from(weight(*state, replicate));
        total += w;
        sum += w * value;
    }
    (total > 0.0).then(|| sum / total)
}

const NO_ROWS: &str = "it has no rows";
const CONSTANT: &str = "its labels are all the same";

/// Writes the errors of a regression for every slice.
pub(super) fn regression(
    sink: &mut Sink,
    mut pairs: Vec<Pair>,
    layout: &Layout,
    keyed: bool,
    clustered: bool,
) {
    pairs.sort_unstable_by_key(|p| (ordered_64(p.label), ordered_64(p.prediction), p.key));
    for set in 0..layout.width() {
        let column = layout.column(set);
        let slices = if set == 0 { 0..1 } else { layout.sets[set - 1].slices() };
        let mut rows: Vec<Vec<&Pair>> = vec![Vec::new(); slices.len()];
        for pair in &pairs {
            rows[column[pair.cell as usize] as usize - slices.start].push(pair);
        }
        for (slice, rows) in slices.zip(rows) {
            one(sink, layout, slice, &rows, keyed, clustered);
        }
    }
}

fn one(
    sink: &mut Sink,
    layout: &Layout,
    slice: usize,
    rows: &[&Pair],
    keyed: bool,
    clustered: bool,
) {
    let n = rows.len() as u64;
    let errors = Errors::new(rows.iter().map(|p| (p.label, p.prediction)));
    let Errors { terms, means } = &errors;
    let resampled = clustered || n <= MOST_RESAMPLED;
    let state = |i: usize| row_state(sink.plan.seed, if keyed { rows[i].key } else { i as u64 });
    let states: Vec<u64> =
        if resampled { (0..rows.len()).map(state).collect() } else { Vec::new() };
    let drawn: Vec<Means> = if resampled {
        (0..u64::from(sink.plan.replicates)).filter_map(|r| replicate(terms, &states, r)).collect()
    } else {
        Vec::new()
    };
    let slice = &layout.slices[slice];
    for metric in &SMOOTH {
        if !sink.wants(metric.name) {
            continue;
        }
        let value = errors.value(metric);
        let mut intervals = match value {
            Some(value) if resampled => {
                let mut values: Vec<f64> = drawn.iter().filter_map(metric.value).collect();
                let without = jackknife(metric, means, terms);
                bounds(value, &mut values, (!clustered).then_some(without.as_slice()), sink.plan)
            }
            Some(value) => normal(value, &errors.leans(metric), sink.plan),
            None => Vec::new(),
        };
        clamp(metric.name, &mut intervals);
        let why = if n == 0 { NO_ROWS } else { CONSTANT };
        sink.number(metric.name, slice, value, n, intervals, why);
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
fn replicate(terms: &[[f64; TERMS]], states: &[u64], replicate: u64) -> Option<Means> {
    let (mut sums, mut total) = ([0.0; TERMS], 0.0);
    for (term, state) in terms.iter().zip(states) {
        let w = f64::from(weight(*state, replicate));
        total += w;
        for (sum, x) in sums.iter_mut().zip(term) {
            *sum += w * x;
        }
    }
    (total > 0.0).then(|| Means(sums.map(|s| s / total)))
}

/// The metric without each row in turn.
fn jackknife(metric: &Smooth, means: &Means, terms: &[[f64; TERMS]]) -> Vec<f64> {
    let n = terms.len() as f64;
    let without = |row: &[f64; TERMS]| {
        (metric.value)(&Means(std::array::from_fn(|i| (n * means.0[i] - row[i]) / (n - 1.0))))
    };
    terms.iter().filter_map(without).collect()
}

/// `estimate ± z · error`, with the error by the delta method.
fn normal(value: f64, leans: &[f64], plan: &Plan) -> Vec<Interval> {
    let n = leans.len() as f64;
    let variance = Sum::of(leans.iter().map(|x| x * x)) / (n * (n - 1.0));
    around(value, variance.sqrt(), "normal", plan)
}

/// Writes the mean energy of 1,000 inferences for every slice.
pub(super) fn energy(
    sink: &mut Sink,
    rows_by_bucket: &RowBuckets,
    unit: Unit,
    layout: &Layout,
    keyed: bool,
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
        let intervals = value
            .map(|mean| mean_bounds(mean, &rows, keyed, clustered, sink.plan))
            .unwrap_or_default();
        if let Some(m) = sink.number("energy_per_1000", slice, value, n, intervals, NO_ROWS) {
            m.unit = Some(unit);
        }
    }
}

fn mean_bounds(
    mean: f64,
    rows: &[(f64, u64)],
    keyed: bool,
    clustered: bool,
    plan: &Plan,
) -> Vec<Interval> {
    let n = rows.len() as f64;
    if !clustered && rows.len() as u64 > MOST_RESAMPLED {
        let variance = Sum::of(rows.iter().map(|r| (r.0 - mean) * (r.0 - mean))) / (n * (n - 1.0));
        return around(mean, variance.sqrt(), "normal", plan);
    }
    let state =
        |(i, row): (usize, &(f64, u64))| row_state(plan.seed, if keyed { row.1 } else { i as u64 });
    let states: Vec<u64> = rows.iter().enumerate().map(state).collect();
    let values: Vec<f64> = rows.iter().map(|r| r.0).collect();
    let draw = |replicate| weighted_mean(&values, &states, replicate);
    let mut drawn: Vec<f64> = (0..u64::from(plan.replicates)).filter_map(draw).collect();
    let without: Vec<f64> =
        rows.iter().map(|r| (n * mean - r.0) / (n - 1.0)).filter(|x| x.is_finite()).collect();
    bounds(mean, &mut drawn, (!clustered && rows.len() > 1).then_some(without.as_slice()), plan)
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
