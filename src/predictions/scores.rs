//! Metrics of scores: values from one pass over all rows, with bounds that allow for one unseen row:
//! resampled row by row if a slice is small, else cell by cell and from sums of powers.

use super::{
    cells::Layout,
    job::ThreadPool,
    limited::{self, Limited, Row},
    pool,
    radix::RowBuckets,
    rows::{Resampled, Sample, Wanted, effective},
    sink::{Sink, clamp},
    sweep::{self, Reading, Scored, Sums, log_loss},
};
use crate::{
    model::{Plan, Slice},
    stats::{
        calibration::{self, Bin},
        kolmogorov, normal,
        ranking::{Cell, Ranked, Ranking, area_bounds, precision_bounds},
        resample::row_state,
        unseen::{self, Unseen},
        weights::Weights,
    },
};

/// A slice of up to this many rows is resampled row by row; for more rows, the closed forms make no
/// visible difference.
pub(super) const MOST_RESAMPLED: u64 = 10_000;
/// At most this many rows of all slices together are resampled row by row, starting with the
/// smallest slices.
const BUDGET: u64 = 200_000;

const METRICS: [&str; 9] = [
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier_score_loss",
    "expected_calibration_error",
    "maximum_calibration_error",
    "debiased_calibration_error",
    "calibration_p_value",
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
        probabilities: scores.probabilities && sink.wants_any(&METRICS[2..8]),
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
    let weights = Weights::default();
    let wanted = Wanted {
        ranks: sink.wants_any(&["roc_auc", "average_precision"]),
        losses: sink.wants_any(&["log_loss", "brier_score_loss"]),
    };
    for ((slice, one), keep) in scores.layout.slices.iter().zip(&swept).zip(&keep) {
        let drawn = if *keep {
            of_rows(one, scores.clustered, sink.plan, (&weights, wanted), pool)
        } else if !wanted.ranks {
            Vec::new()
        } else {
            of_cells(one, sink.plan, &weights, pool)
        };
        let keys = |class: bool| {
            let rows = one.rows.iter().filter(move |row| row.positive == class);
            if scores.clustered { Some(effective(rows.map(|row| row.key))) } else { None }
        };
        let sizes = [false, true]
            .map(|class| keys(class).unwrap_or_else(|| one.total[usize::from(class)] as f64));
        let all = if scores.clustered {
            effective(one.rows.iter().map(|row| row.key))
        } else {
            sizes[0] + sizes[1]
        };
        let clustered = scores.clustered;
        let writer = Writer {
            sink: &mut *sink,
            slice,
            one,
            drawn,
            weights: &weights,
            sizes,
            all,
            clustered,
            pool,
        };
        writer.all();
    }
}

fn of_rows(
    one: &Scored,
    clustered: bool,
    plan: &Plan,
    (weights, wanted): (&Weights, Wanted),
    pool: &dyn ThreadPool,
) -> Vec<Resampled> {
    let sample = Sample::new(&one.rows, plan.seed, clustered);
    pool::each(pool, plan.replicates as usize, |r| sample.replicate(weights, r as u64, wanted))
}

/// Replicates of the ranking alone. Within a cell all scores count as equal, which changes the
/// value a little and its spread hardly; the replicates are moved by the change of the value.
fn of_cells(one: &Scored, plan: &Plan, weights: &Weights, pool: &dyn ThreadPool) -> Vec<Resampled> {
    let filled = one.cells.iter().copied().filter(|cell| *cell != Cell::default());
    let ranking = Ranking::new(filled, plan.seed, true);
    let Some(coarse) = ranking.whole() else { return Vec::new() };
    let area = one.area.estimate().map_or(0.0, |exact| exact - coarse.area);
    let precision = one.precision.map_or(0.0, |exact| exact - coarse.precision);
    let moved = |ranked: Ranked| Ranked {
        area: (ranked.area + area).clamp(0.0, 1.0),
        precision: (ranked.precision + precision).clamp(0.0, 1.0),
        precision_lost: (ranked.precision_lost + precision).clamp(0.0, 1.0),
        precision_less: (ranked.precision_less + precision).clamp(0.0, 1.0),
        precision_more: (ranked.precision_more + precision).clamp(0.0, 1.0),
    };
    pool::each(pool, plan.replicates as usize, |r| Resampled {
        ranked: ranking.replicate(weights, r as u64).map(moved),
        ..Resampled::default()
    })
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

struct Writer<'w, 'p> {
    sink: &'w mut Sink<'p>,
    slice: &'w Slice,
    one: &'w Scored,
    drawn: Vec<Resampled>,
    weights: &'w Weights,
    /// Negatives and positives, as many as independent rows would be.
    sizes: [f64; 2],
    /// All rows, as many as independent rows would be.
    all: f64,
    clustered: bool,
    pool: &'w dyn ThreadPool,
}

const ONE_CLASS: &str = "it needs rows of both classes";
const NO_POSITIVES: &str = "no row has the positive class";
const NO_ROWS: &str = "it has no rows";
const LONE_ROWS: &str = "a bin of scores has a single row";
const DEPENDENT: &str = "rows of one cluster depend on each other, and no test is known for them";

impl Writer<'_, '_> {
    fn all(mut self) {
        let smaller = self.sizes[0].min(self.sizes[1]);
        let areas: Vec<f64> =
            self.drawn.iter().filter_map(|r| r.ranked.map(|ranked| ranked.area)).collect();
        let area = self.one.area.estimate();
        let limited = Limited::each(self.sink.plan, limited::ROWS, smaller, |alpha| {
            area_bounds(&areas, smaller, alpha).ok()
        });
        self.write("roc_auc", area, limited, ONE_CLASS);
        let ranked: Vec<Ranked> = self.drawn.iter().filter_map(|r| r.ranked).collect();
        let positives = self.sizes[1];
        let limited = Limited::each(self.sink.plan, limited::ROWS, positives, |alpha| {
            precision_bounds(&ranked, positives, alpha).ok()
        });
        self.write("average_precision", self.one.precision, limited, NO_POSITIVES);
        if !self.one.bins.is_empty() {
            self.losses();
            self.calibration();
        }
        let limited = self.distance(smaller);
        self.write("ks_statistic", self.one.gap, limited, ONE_CLASS);
    }

    fn n(&self) -> u64 {
        self.one.total[0] + self.one.total[1]
    }

    fn write(&mut self, metric: &str, value: Option<f64>, mut limited: Limited, why: &'static str) {
        clamp(metric, &mut limited.intervals);
        let n = self.n();
        limited.write(self.sink.number(metric, self.slice, value, n, Vec::new(), why));
    }

    fn losses(&mut self) {
        let n = self.n();
        let total = |of: fn(&Sums) -> f64| self.one.bins.iter().flatten().map(of).sum::<f64>();
        let worst = self.one.bins.iter().flatten().map(|s| s.worst).fold(0.0, f64::max);
        // A row of a score has a loss for each label; the greatest one of all is what an unseen row
        // can have.
        let worst = log_loss(1.0 - worst);
        let loss = [total(|s| s.loss), total(|s| s.loss_square), total(|s| s.loss_cube)];
        let square = [total(|s| s.square), total(|s| s.fourth), total(|s| s.sixth)];
        let (all, plan) = (self.all, self.sink.plan);
        let bounds = |most: f64, sums: [f64; 3], replicates: &[f64]| {
            Limited::each(plan, limited::MEAN, all, |alpha| {
                limited::mean(replicates, n, sums, Row { least: 0.0, most, rows: all }, alpha)
            })
        };
        let each = |of: fn(&Resampled) -> Option<f64>| -> Vec<f64> {
            self.drawn.iter().filter_map(of).collect()
        };
        let made = [
            ("log_loss", loss[0], bounds(worst, loss, &each(|r| r.log_loss))),
            ("brier_score_loss", square[0], bounds(1.0, square, &each(|r| r.brier))),
        ];
        for (metric, sum, limited) in made {
            self.write(metric, (n > 0).then(|| sum / n as f64), limited, NO_ROWS);
        }
    }

    fn calibration(&mut self) {
        let bins = self.one.calibration();
        let expected = calibration::expected(&bins);
        let tests = self.sink.wants_any(&["expected_calibration_error", "calibration_p_value"]);
        let drawn = (tests && !self.clustered).then(|| self.chance(&bins));
        let (plan, all) = (self.sink.plan, self.all);
        let limited = if let Some((chance, seen)) = &drawn {
            Limited::each(plan, limited::CHANCE, all, |alpha| {
                calibration::expected_bounds(&bins, &mut chance.clone(), &mut seen.clone(), alpha)
            })
        } else {
            // Chance only adds to replicates, so that the upper bound is a cautious one.
            let replicates: Vec<f64> = self.drawn.iter().filter_map(|r| r.expected).collect();
            Limited::upper(plan, limited::ROWS, all, |alpha| {
                unseen::upper(&replicates, Unseen { value: 1.0, rows: all }, alpha).ok()
            })
        };
        self.write("expected_calibration_error", expected, limited, NO_ROWS);
        let limited = if self.clustered {
            Limited::refused(DEPENDENT)
        } else {
            Limited::each(plan, limited::EXACT, all, |alpha| {
                calibration::maximum_bounds(&bins, alpha)
            })
        };
        self.write("maximum_calibration_error", calibration::maximum(&bins), limited, NO_ROWS);
        let none = Limited::refused("it is an estimate alone: the expected error has bounds");
        self.write("debiased_calibration_error", calibration::debiased(&bins), none, LONE_ROWS);
        let tested = drawn.zip(expected);
        let p = tested.map(|((chance, _), value)| calibration::p_value(value, &chance));
        let limited = Limited::each(plan, limited::TEST, all, |_| p.map(|p| (p, p)));
        self.write(
            "calibration_p_value",
            p,
            limited,
            if self.clustered { DEPENDENT } else { NO_ROWS },
        );
    }

    /// What chance alone gives a calibrated model, and what it adds with the spread that was seen.
    fn chance(&self, bins: &[Bin]) -> (Vec<f64>, Vec<f64>) {
        let (plan, weights) = (self.sink.plan, self.weights);
        let states = (0..).map(|i| row_state(plan.seed, i));
        let scores: Vec<(f64, u64)> =
            self.one.rows.iter().map(|row| row.score).zip(states).collect();
        let kept = scores.len() as u64 == self.n();
        let draw = |r: usize| {
            let r = r as u64;
            let seen = calibration::by_normal_chance(bins, |b| b.square, weights, !plan.seed, r);
            let chance = if kept {
                calibration::by_chance(bins, &scores, r)
            } else {
                calibration::by_normal_chance(bins, |b| b.spread, weights, plan.seed, r)
            };
            (chance, seen)
        };
        pool::each(self.pool, plan.replicates as usize, draw).into_iter().unzip()
    }

    /// Bounds of the distance between two empirical distributions. Chance only adds to it: at the
    /// point where the true distance is greatest, it is a difference of two shares, which bounds it
    /// from above; from below, the greatest distance that equal distributions reach is subtracted.
    fn distance(&self, smaller: f64) -> Limited {
        let (value, plan) = (self.one.gap, self.sink.plan);
        let [negatives, positives] = self.sizes;
        if self.clustered {
            let replicates: Vec<f64> = self.drawn.iter().filter_map(|r| r.gap).collect();
            return Limited::upper(plan, limited::ROWS, smaller, |alpha| {
                unseen::upper(&replicates, Unseen { value: 1.0, rows: smaller }, alpha).ok()
            });
        }
        Limited::each(plan, limited::CHANCE, smaller, |alpha| {
            let variance = 1.0 / negatives + 1.0 / positives;
            let reach = normal::upper_quantile(alpha) * (variance / 4.0).sqrt() + 0.5 / smaller;
            let chance = kolmogorov::critical(alpha) * variance.sqrt();
            value.map(|value| ((value - chance).max(0.0), (value + reach).min(1.0)))
        })
    }
}
