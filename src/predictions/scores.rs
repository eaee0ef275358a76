//! Metrics of scores: values from one pass over all rows, with bounds in closed form, or resampled
//! if a slice is small.

use super::{
    areas,
    bootstrap::bounds,
    cells::Layout,
    job::ThreadPool,
    radix::RowBuckets,
    rows::{Resampled, Sample},
    sink::{Sink, clamp, interval},
    sweep::{self, Reading, Scored, Sums},
};
use crate::{
    model::{Interval, Measurement, Plan, Slice},
    stats::{Undefined, auc, normal, resample::row_state},
};

/// A slice of up to this many rows is resampled row by row; for more rows, the closed forms make no
/// visible difference.
pub(super) const MOST_RESAMPLED: u64 = 10_000;
/// At most this many rows of all slices together are resampled row by row, starting with the
/// smallest slices.
const BUDGET: u64 = 200_000;

const METRICS: [&str; 7] = [
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier_score_loss",
    "expected_calibration_error",
    "maximum_calibration_error",
    "ks_statistic",
];

/// What the metrics of scores depend on.
pub(super) struct Scores<'a> {
    pub(super) layout: &'a Layout,
    pub(super) cells: usize,
    /// Which of the first four class numbers are the positive class.
    pub(super) positive: [bool; 4],
    /// Whether every score is in [0, 1].
    pub(super) probabilities: bool,
    /// Whether rows have keys, from ids or clusters.
    pub(super) keyed: bool,
    /// Whether rows with the same key depend on each other, so that bounds for independent rows are
    /// not valid.
    pub(super) clustered: bool,
    /// Rows of each slice.
    pub(super) rows: &'a [u64],
}

/// Whether the plan asks for any metric of scores.
pub(super) fn wanted(sink: &Sink) -> bool {
    sink.wants_any(&METRICS)
}

/// Writes the metrics of scores for every slice.
pub(super) fn measure(
    sink: &mut Sink,
    rows_by_bucket: &RowBuckets,
    scores: &Scores,
    pool: &dyn ThreadPool,
) {
    let keep = resampled(scores.rows, scores.clustered);
    let reading = Reading {
        layout: scores.layout,
        positive: scores.positive,
        probabilities: scores.probabilities && sink.wants_any(&METRICS[2..6]),
        keep: &keep,
        curves: sink.wants_any(&["average_precision", "ks_statistic"]),
    };
    let swept = match rows_by_bucket {
        RowBuckets::Narrow(buckets) => sweep::sweep(buckets, &reading, scores.cells, pool),
        RowBuckets::Wide(buckets) => sweep::sweep(buckets, &reading, scores.cells, pool),
    };
    if !scores.probabilities {
        sink.warn("some scores lie outside 0 to 1 and are no probabilities: only metrics of their order are given");
    }
    let plan = sink.plan;
    let others = sink.wants_any(&METRICS[1..]);
    for ((slice, one), keep) in scores.layout.slices.iter().zip(&swept).zip(&keep) {
        let sample = Sample::new(&one.rows, plan.seed, scores.keyed);
        let areas = if *keep && scores.clustered && sink.wants("roc_auc") {
            areas::areas(&sample.placed(), plan.replicates, pool)
        } else {
            Vec::new()
        };
        let replicates = if *keep && others { plan.replicates as usize } else { 0 };
        let drawn = super::pool::each(pool, replicates, |r| sample.replicate(r as u64));
        let losses = sample.losses();
        Writer { sink: &mut *sink, slice, one, losses: &losses, areas, drawn: &drawn }.all(scores);
    }
}

/// Which slices are resampled row by row.
fn resampled(rows: &[u64], clustered: bool) -> Vec<bool> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|i| (rows[*i], *i));
    let mut keep = vec![false; rows.len()];
    let mut left = BUDGET;
    for i in order {
        // For dependent rows there is no closed form here, so they are resampled at any cost.
        if clustered {
            keep[i] = true;
        } else if rows[i] <= MOST_RESAMPLED && rows[i] <= left {
            keep[i] = true;
            left -= rows[i];
        }
    }
    keep
}

/// Selects one metric of a replicate.
type Take = fn(&Resampled) -> Option<f64>;

struct Writer<'w, 'p> {
    sink: &'w mut Sink<'p>,
    slice: &'w Slice,
    one: &'w Scored,
    losses: &'w (Vec<f64>, Vec<f64>),
    /// Replicates of the area, if rows depend on each other.
    areas: Vec<f64>,
    drawn: &'w [Resampled],
}

const ONE_CLASS: &str = "it needs rows of both classes";
const NO_POSITIVES: &str = "no row has the positive class";
const NO_ROWS: &str = "it has no rows";

impl Writer<'_, '_> {
    fn all(mut self, scores: &Scores) {
        self.area(scores.clustered);
        let positives = self.one.total[1];
        let precision = self.one.precision;
        let bounds = self.draws(
            precision,
            |r| r.average_precision,
            None,
            |value, plan| logit(value, positives, plan),
        );
        self.write("average_precision", precision, bounds, NO_POSITIVES);
        if !self.one.bins.is_empty() {
            self.losses();
            self.calibration();
        }
        let (gap, total) = (self.one.gap, self.one.total);
        let bounds = self.draws(gap, |r| r.gap, None, |value, plan| distance(value, total, plan));
        self.write("ks_statistic", gap, bounds, ONE_CLASS);
    }

    fn n(&self) -> u64 {
        self.one.total[0] + self.one.total[1]
    }

    fn write(
        &mut self,
        metric: &str,
        value: Option<f64>,
        mut bounds: Vec<Interval>,
        why: &'static str,
    ) -> Option<&mut Measurement> {
        clamp(metric, &mut bounds);
        let n = self.n();
        self.sink.number(metric, self.slice, value, n, bounds, why)
    }

    /// Bounds from replicates if there are any, else in closed form.
    fn draws(
        &self,
        value: Option<f64>,
        of: impl Fn(&Resampled) -> Option<f64>,
        jackknife: Option<&[f64]>,
        closed: impl Fn(f64, &Plan) -> Vec<Interval>,
    ) -> Vec<Interval> {
        let Some(value) = value else { return Vec::new() };
        if self.drawn.is_empty() {
            return closed(value, self.sink.plan);
        }
        let mut drawn: Vec<f64> = self.drawn.iter().filter_map(of).collect();
        bounds(value, &mut drawn, jackknife, self.sink.plan)
    }

    fn area(&mut self, clustered: bool) {
        if !self.sink.wants("roc_auc") {
            return;
        }
        let areas = |alpha| auc::from_sums(&self.one.area, alpha).ok();
        let value = areas(0.05).map(|a| a.estimate);
        let limits = if clustered {
            value.map(|v| bounds(v, &mut self.areas, None, self.sink.plan)).unwrap_or_default()
        } else {
            let one = |confidence: &f64| {
                let area = areas(1.0 - confidence)?;
                let (lower, upper) = area.bounds?;
                let method = if area.why == Some(Undefined::ZeroVariance) {
                    "clopper-pearson"
                } else {
                    "delong"
                };
                Some(interval(method, *confidence, Some(lower), Some(upper)))
            };
            self.sink.plan.confidences.iter().filter_map(one).collect()
        };
        self.write("roc_auc", value, limits, ONE_CLASS);
    }

    fn losses(&mut self) {
        let n = self.n();
        let total = |of: fn(&Sums) -> f64| self.one.bins.iter().flatten().map(of).sum::<f64>();
        let metrics: [(&str, f64, f64, Take, &Vec<f64>); 2] = [
            (
                "log_loss",
                total(|s| s.loss),
                total(|s| s.loss_square),
                |r| r.log_loss,
                &self.losses.0,
            ),
            (
                "brier_score_loss",
                total(|s| s.square),
                total(|s| s.fourth),
                |r| r.brier,
                &self.losses.1,
            ),
        ];
        for (metric, sum, squares, of, values) in metrics {
            let value = (n > 0).then(|| sum / n as f64);
            let without: Vec<f64> = values
                .iter()
                .map(|x| (sum - x) / (n as f64 - 1.0))
                .filter(|x| x.is_finite())
                .collect();
            let jackknife = (!without.is_empty()).then_some(without.as_slice());
            let bounds =
                self.draws(value, of, jackknife, |value, plan| mean(value, squares, n, plan));
            self.write(metric, value, bounds, NO_ROWS);
        }
    }

    fn calibration(&mut self) {
        let n = self.n() as f64;
        let bins: Vec<[f64; 3]> = self.one.bins.iter().map(gap_of).filter(|b| b[0] > 0.0).collect();
        let expected = (n > 0.0).then(|| bins.iter().map(|b| b[1].abs()).sum::<f64>() / n);
        let maximum =
            (n > 0.0).then(|| bins.iter().map(|b| (b[1] / b[0]).abs()).fold(0.0, f64::max));
        let drawn = if self.drawn.is_empty() {
            binned(&bins, self.sink.plan)
        } else {
            (Vec::new(), Vec::new())
        };
        let bounds = self.draws(
            expected,
            |r| r.expected,
            None,
            |value, plan| of_bins(value, &drawn.0, plan),
        );
        self.write("expected_calibration_error", expected, bounds, NO_ROWS);
        let bounds =
            self.draws(maximum, |r| r.maximum, None, |value, plan| of_bins(value, &drawn.1, plan));
        self.write("maximum_calibration_error", maximum, bounds, NO_ROWS);
    }
}

/// Rows, Σ (y − p) and Σ (y − p)² of one bin.
fn gap_of([negatives, positives]: &[Sums; 2]) -> [f64; 3] {
    let rows = (negatives.rows + positives.rows) as f64;
    let gap = positives.rows as f64 - positives.score - negatives.score;
    [rows, gap, negatives.square + positives.square]
}

/// The Poisson bootstrap of calibration errors for bins with many rows: the weighted sums of a
/// bin's rows and gaps are then normal, with the moments that the weights give them.
fn binned(bins: &[[f64; 3]], plan: &Plan) -> (Vec<f64>, Vec<f64>) {
    let uniform =
        |state: u64, i: u64| ((row_state(state, i) >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0;
    let (mut expected, mut maximum) = (Vec::new(), Vec::new());
    for replicate in 0..u64::from(plan.replicates) {
        let state = row_state(plan.seed, replicate);
        let (mut n, mut sum, mut most) = (0.0, 0.0, 0.0_f64);
        for (bin, [rows, gap, square]) in bins.iter().enumerate() {
            let place = 2 * bin as u64;
            let (first, second) = (
                normal::quantile(uniform(state, place)),
                normal::quantile(uniform(state, place + 1)),
            );
            let weight = (rows + rows.sqrt() * first).max(0.0);
            // Given the sum of the weights, the expected sum of the gaps shifts with it, by their
            // covariance, Σ (y − p).
            let slope = gap / rows;
            let rest = (square - slope * gap).max(0.0).sqrt();
            let drawn = gap + slope * (weight - rows) + rest * second;
            n += weight;
            sum += drawn.abs();
            if weight > 0.0 {
                most = most.max((drawn / weight).abs());
            }
        }
        if n > 0.0 {
            expected.push(sum / n);
            maximum.push(most);
        }
    }
    (expected, maximum)
}

fn of_bins(value: f64, drawn: &[f64], plan: &Plan) -> Vec<Interval> {
    let mut intervals = bounds(value, &mut drawn.to_vec(), None, plan);
    for one in &mut intervals {
        "normal-bootstrap-percentile".clone_into(&mut one.method);
    }
    intervals
}

/// `estimate ± z · error`.
pub(super) fn around(value: f64, error: f64, method: &str, plan: &Plan) -> Vec<Interval> {
    let one = |confidence: &f64| {
        let reach = normal::upper_quantile(1.0 - confidence) * error;
        // A variance that is only the rounding error of zero is not an error either.
        let known = error > 1e-12 * value.abs() && error.is_finite();
        interval(
            method,
            *confidence,
            known.then_some(value - reach),
            known.then_some(value + reach),
        )
    };
    plan.confidences.iter().map(one).collect()
}

/// Bounds of a mean from the exact sum of squares.
fn mean(value: f64, squares: f64, n: u64, plan: &Plan) -> Vec<Interval> {
    let n = n as f64;
    let variance = ((squares / n - value * value) / (n - 1.0)).max(0.0);
    around(value, variance.sqrt(), "normal", plan)
}

/// Bounds of average precision on the logit scale with the error 1 / √(m v (1 − v)), where m is the
/// number of positives (Boyd, Eng and Page 2013).
fn logit(value: f64, positives: u64, plan: &Plan) -> Vec<Interval> {
    let odds = libm::log(value / (1.0 - value));
    let error = 1.0 / (positives as f64 * value * (1.0 - value)).sqrt();
    let mut intervals = around(odds, error, "logit-normal", plan);
    for one in &mut intervals {
        let back = |x: f64| crate::model::number::round12(1.0 / (1.0 + libm::exp(-x)));
        (one.lower, one.upper) = (one.lower.map(back), one.upper.map(back));
    }
    intervals
}

/// Bounds of the distance between two empirical distributions. At its maximum it is a difference of
/// two shares, and the variance of a share is at most a quarter divided by its rows.
fn distance(value: f64, [negatives, positives]: [u64; 2], plan: &Plan) -> Vec<Interval> {
    let variance = 0.25 * (1.0 / negatives as f64 + 1.0 / positives as f64);
    around(value, variance.sqrt(), "normal", plan)
}
