//! Candidate against baseline on the same rows: bounds of `value − factor · baseline`.
//!
//! Proportions of the same trials get Tango's score bounds, areas DeLong's bounds for pairs, means
//! the standard errors of their paired differences, and everything else the Poisson bootstrap with
//! one weight per row for both artifacts.

use super::{
    PredictionsError,
    bootstrap::{self, Statistic},
    cells::Layout,
    confusion::Sums,
    draw::{cell_state, poisson},
    hash::{key_from, key_of},
    job::{Job, ThreadPool},
    paired::{self, Both, Seen},
    pool,
    radix::ordered_64,
    rows::{Resampled, Sample},
    scores::{MOST_RESAMPLED, around},
    shared::Shared,
    sink::interval,
    sum::Sum,
    sweep::Kept,
    task::Classes,
    values::{self, Smooth},
};
use crate::{
    model::{Comparison, Contrast, Interval, Pairs, Plan, number::round12},
    stats::{normal, paired::tango, proportion::float, quantile, resample::row_state},
};
use std::collections::BTreeMap;

/// Measures every contrast of the plan.
pub(super) fn compare(
    job: &Job,
    attributes: &[String],
    continuous: bool,
) -> Result<Vec<Comparison>, PredictionsError> {
    let mut comparisons = Vec::new();
    for (against, source) in job.baselines {
        let wanted: Vec<&Contrast> =
            job.plan.contrasts.iter().filter(|c| c.against == *against).collect();
        if wanted.is_empty() {
            continue;
        }
        let shared = Shared::new(job.columns, attributes, continuous, false);
        let mut rows = paired::rows(job, *against, *source, attributes, &shared)?;
        let classes = Classes::tell(&paired::met(&shared), job.columns)?;
        let names: Vec<_> = shared.groups.iter().map(super::dictionary::Dictionary::list).collect();
        let class = |number: u32| classes.of.get(number as usize).copied().unwrap_or(0);
        for row in &mut rows {
            (row.label, row.candidate.class, row.baseline.class) =
                (class(row.label), class(row.candidate.class), class(row.baseline.class));
        }
        order(&mut rows, job.columns.id.is_some() || job.columns.cluster.is_some());
        for contrast in wanted {
            let sets: Vec<Vec<String>> =
                if contrast.slices.is_empty() { Vec::new() } else { vec![contrast.slices.clone()] };
            let layout = Layout::new(&sets, attributes, &names, &shared.cells.list());
            let slices = if sets.is_empty() { 0..1 } else { 1..layout.slices.len() };
            let column = layout.column(sets.len());
            for slice in slices {
                let rows: Vec<&Both> =
                    rows.iter().filter(|r| column[r.cell as usize] as usize == slice).collect();
                let part = Part {
                    rows,
                    classes: &classes,
                    continuous,
                    plan: job.plan,
                    pool: job.pool,
                    contrast,
                };
                let mut comparison = part.compare()?;
                comparison.slice = layout.slices[slice].clone();
                if contrast.metric == "latency" {
                    comparison.unit = job.columns.latency.as_ref().map(|t| t.unit);
                }
                comparisons.push(comparison);
            }
        }
    }
    if let Some(missing) = job
        .plan
        .contrasts
        .iter()
        .find(|c| !job.baselines.iter().any(|(against, _)| *against == c.against))
    {
        return Err(PredictionsError::new(
            "predictions-no-baseline",
            format!(
                "{} is compared with the {}, whose predictions were not handed in",
                missing.metric, missing.against
            ),
        ));
    }
    Ok(comparisons)
}

/// Sorts rows by content. If they have no keys, their positions become the keys, because equal rows
/// are interchangeable.
fn order(rows: &mut [Both], keyed: bool) {
    let seen =
        |s: &Seen| (s.class, ordered_64(s.value), ordered_64(s.score), ordered_64(s.latency));
    rows.sort_by_cached_key(|r| {
        (r.label, ordered_64(r.truth), seen(&r.candidate), seen(&r.baseline), r.key)
    });
    if !keyed {
        for (i, row) in rows.iter_mut().enumerate() {
            row.key = i as u64;
        }
    }
}

struct Part<'a> {
    rows: Vec<&'a Both>,
    classes: &'a Classes,
    continuous: bool,
    plan: &'a Plan,
    pool: &'a dyn ThreadPool,
    contrast: &'a Contrast,
}

/// Whether a row is a trial of a rate, and whether a prediction is a success of it.
type Trial = (IsTrial, fn(u32, u32) -> bool);

type IsTrial = fn(u32) -> bool;

/// The rates whose trials do not depend on the prediction.
fn trial(metric: &str, binary: bool) -> Option<Trial> {
    let all: IsTrial = |_| true;
    let positives: IsTrial = |l| l == 1;
    let negatives: IsTrial = |l| l == 0;
    Some(match metric {
        "accuracy" => (all, |l, p| l == p),
        "error_rate" => (all, |l, p| l != p),
        _ if !binary => return None,
        "selection_rate" => (all, |_, p| p == 1),
        "recall" | "true_positive_rate" => (positives, |_, p| p == 1),
        "false_negative_rate" => (positives, |_, p| p == 0),
        "false_positive_rate" => (negatives, |_, p| p == 1),
        "specificity" | "true_negative_rate" => (negatives, |_, p| p == 0),
        _ => return None,
    })
}

fn statistic(metric: &str, binary: bool) -> Option<Statistic> {
    Some(match metric {
        "balanced_accuracy" => Sums::balanced_accuracy,
        "matthews_corrcoef" => Sums::matthews_corrcoef,
        "cohen_kappa" => Sums::cohen_kappa,
        "f1" if binary => |s| s.f1(1),
        "precision" if binary => |s| s.precision(1),
        "negative_predictive_value" if binary => |s| s.precision(0),
        "f1" => |s| s.macro_average(Sums::f1),
        "precision" => |s| s.macro_average(Sums::precision),
        "recall" => |s| s.macro_average(Sums::recall),
        _ => return None,
    })
}

type Scored = fn(&Resampled) -> Option<f64>;

fn scored(metric: &str) -> Option<Scored> {
    Some(match metric {
        "average_precision" => |r| r.average_precision,
        "expected_calibration_error" => |r| r.expected,
        "maximum_calibration_error" => |r| r.maximum,
        "ks_statistic" => |r| r.gap,
        _ => return None,
    })
}

impl Part<'_> {
    fn compare(&self) -> Result<Comparison, PredictionsError> {
        let metric = self.contrast.metric.as_str();
        let binary = self.classes.binary && !self.continuous;
        if metric == "latency" {
            return Ok(self.latency());
        }
        if self.continuous {
            if let Some(smooth) = values::smooth(metric) {
                return Ok(self.regression(smooth));
            }
        } else if let Some(trial) = trial(metric, binary) {
            return Ok(self.rate(trial));
        } else if let Some(statistic) = statistic(metric, binary) {
            return Ok(self.counts(statistic));
        } else if binary && metric == "roc_auc" {
            return Ok(self.area());
        } else if binary && (metric == "log_loss" || metric == "brier_score_loss") {
            return Ok(self.losses(metric == "log_loss"));
        } else if let Some(of) = scored(metric).filter(|_| binary) {
            return Ok(self.scores(of));
        }
        Err(PredictionsError::new(
            "predictions-no-comparison",
            format!("`{metric}` cannot be compared on the same rows of these predictions"),
        ))
    }

    fn n(&self) -> u64 {
        self.rows.len() as u64
    }

    fn difference(&self, value: Option<f64>, baseline: Option<f64>) -> Option<f64> {
        Some(value? - self.contrast.factor * baseline?)
    }

    fn made(&self, value: Option<f64>, baseline: Option<f64>, bounds: Vec<Interval>) -> Comparison {
        Comparison {
            against: self.contrast.against,
            metric: self.contrast.metric.clone(),
            quantile: self.contrast.quantile,
            unit: None,
            slice: crate::model::Slice::overall(),
            n: self.n(),
            value: value.filter(|v| v.is_finite()).map(round12),
            baseline: baseline.filter(|v| v.is_finite()).map(round12),
            factor: self.contrast.factor,
            pairs: None,
            bounds: if value.is_some() && baseline.is_some() { bounds } else { Vec::new() },
        }
    }

    fn rate(&self, (is_trial, is_success): Trial) -> Comparison {
        let mut pairs = Pairs { both: 0, candidate_only: 0, baseline_only: 0, neither: 0 };
        for row in self.rows.iter().filter(|r| is_trial(r.label)) {
            let place = match (
                is_success(row.label, row.candidate.class),
                is_success(row.label, row.baseline.class),
            ) {
                (true, true) => &mut pairs.both,
                (true, false) => &mut pairs.candidate_only,
                (false, true) => &mut pairs.baseline_only,
                (false, false) => &mut pairs.neither,
            };
            *place += 1;
        }
        let cells = [pairs.both, pairs.candidate_only, pairs.baseline_only, pairs.neither];
        let rates = |[both, candidate, baseline, neither]: [u64; 4]| {
            let trials = float(both + candidate + baseline + neither);
            let known = trials > 0.0;
            (
                known.then(|| float(both + candidate) / trials),
                known.then(|| float(both + baseline) / trials),
            )
        };
        let (value, baseline) = rates(cells);
        let bounds = if (self.contrast.factor - 1.0).abs() < f64::EPSILON {
            let one = |confidence: &f64| {
                let alpha = 1.0 - confidence;
                let b = tango(
                    pairs.both,
                    pairs.candidate_only,
                    pairs.baseline_only,
                    pairs.neither,
                    alpha,
                )?;
                Some(interval("tango", *confidence, Some(b.lower), Some(b.upper)))
            };
            self.plan.confidences.iter().filter_map(one).collect()
        } else {
            let states: Vec<u64> =
                (0..4).map(|i| cell_state(self.plan.seed, key_from(i, b"pairs"))).collect();
            self.drawn(value, baseline, |r| {
                let (value, baseline) =
                    rates(std::array::from_fn(|i| poisson(states[i], r, cells[i])));
                self.difference(value, baseline)
            })
        };
        let mut made = self.made(value, baseline, bounds);
        made.pairs = Some(pairs);
        made
    }

    /// Bounds of the difference, from replicates of it.
    fn drawn(
        &self,
        value: Option<f64>,
        baseline: Option<f64>,
        draw: impl Fn(u64) -> Option<f64> + Sync,
    ) -> Vec<Interval> {
        let Some(difference) = self.difference(value, baseline) else { return Vec::new() };
        let replicates = self.plan.replicates as usize;
        let mut drawn: Vec<f64> =
            pool::each(self.pool, replicates, |r| draw(r as u64)).into_iter().flatten().collect();
        bootstrap::bounds(difference, &mut drawn, None, self.plan)
    }

    fn counts(&self, statistic: Statistic) -> Comparison {
        let mut cells: BTreeMap<(u32, u32, u32), u64> = BTreeMap::new();
        for row in &self.rows {
            *cells.entry((row.label, row.candidate.class, row.baseline.class)).or_insert(0) += 1;
        }
        let names = &self.classes.names;
        let name = |class: u32| names[class as usize].as_str();
        let cells: Vec<_> = cells
            .into_iter()
            .map(|((l, c, b), rows)| {
                (l, c, b, rows, cell_state(self.plan.seed, key_of([name(l), name(c), name(b)])))
            })
            .collect();
        let both = |draw: &dyn Fn(u64, u64) -> u64| {
            let (mut candidate, mut baseline) = (Sums::new(names.len()), Sums::new(names.len()));
            for (l, c, b, rows, state) in &cells {
                let rows = draw(*state, *rows);
                candidate.add(*l, *c, rows);
                baseline.add(*l, *b, rows);
            }
            (statistic(&candidate), statistic(&baseline))
        };
        let (value, baseline) = both(&|_, rows| rows);
        let bounds = self.drawn(value, baseline, |r| {
            let (value, baseline) = both(&|state, rows| poisson(state, r, rows));
            self.difference(value, baseline)
        });
        self.made(value, baseline, bounds)
    }

    /// Compares areas: the variance of their difference is that of the differences of placements
    /// (DeLong and others 1988).
    fn area(&self) -> Comparison {
        let places = |of: fn(&Both) -> f64| placements(&self.rows, of);
        let (candidate, baseline) = (places(|r| r.candidate.score), places(|r| r.baseline.score));
        let labels: Vec<usize> = self.rows.iter().map(|r| usize::from(r.label == 1)).collect();
        let count = |class: usize| labels.iter().filter(|l| **l == class).count() as f64;
        let counts = [count(0), count(1)];
        let known = counts[0] > 0.0 && counts[1] > 0.0;
        let mean = |of: &dyn Fn(usize) -> f64, class: usize| {
            Sum::of((0..labels.len()).filter(|i| labels[*i] == class).map(of)) / counts[class]
        };
        let value = known.then(|| mean(&|i| candidate[i], 1));
        let base = known.then(|| mean(&|i| baseline[i], 1));
        let factor = self.contrast.factor;
        let moved = |i: usize| candidate[i] - factor * baseline[i];
        let variance: f64 = (0..2)
            .map(|class| {
                let centre = mean(&moved, class);
                let squares = mean(&|i| (moved(i) - centre).powi(2), class);
                squares / (counts[class] - 1.0)
            })
            .sum();
        let bounds = match self.difference(value, base) {
            Some(difference) if variance > 1e-18 => {
                around(difference, variance.sqrt(), "delong-paired", self.plan)
            }
            // Both scores give the same order of rows: the same case as a rate for which no row
            // differs.
            Some(difference) if variance.is_finite() => {
                let rows = counts[0].min(counts[1]);
                let one = |confidence: &f64| {
                    let z = normal::upper_quantile(1.0 - confidence);
                    let reach = z * z / (rows + z * z);
                    interval(
                        "delong-paired-tango",
                        *confidence,
                        Some(difference - reach),
                        Some(difference + reach),
                    )
                };
                self.plan.confidences.iter().map(one).collect()
            }
            _ => Vec::new(),
        };
        self.made(value, base, bounds)
    }

    fn kept(&self, of: fn(&Both) -> f64) -> Vec<Kept> {
        let mut kept: Vec<Kept> = self
            .rows
            .iter()
            .map(|r| Kept { score: of(r), positive: r.label == 1, key: r.key })
            .collect();
        kept.sort_by(|a, b| {
            a.score.total_cmp(&b.score).then(a.positive.cmp(&b.positive)).then(a.key.cmp(&b.key))
        });
        kept
    }

    fn losses(&self, logarithm: bool) -> Comparison {
        let probabilities = self
            .rows
            .iter()
            .all(|r| [r.candidate, r.baseline].iter().all(|s| (0.0..=1.0).contains(&s.score)));
        if !probabilities {
            return self.made(None, None, Vec::new());
        }
        let loss = |score: f64, label: u32| {
            let given = if label == 1 { score } else { 1.0 - score };
            if logarithm {
                -libm::log(given.clamp(f64::EPSILON, 1.0 - f64::EPSILON))
            } else {
                (1.0 - given) * (1.0 - given)
            }
        };
        let n = self.rows.len() as f64;
        let mean = |of: &dyn Fn(&Both) -> f64| {
            (n > 0.0).then(|| Sum::of(self.rows.iter().map(|r| of(r))) / n)
        };
        let value = mean(&|r| loss(r.candidate.score, r.label));
        let baseline = mean(&|r| loss(r.baseline.score, r.label));
        let factor = self.contrast.factor;
        let moved: Vec<f64> = self
            .rows
            .iter()
            .map(|r| loss(r.candidate.score, r.label) - factor * loss(r.baseline.score, r.label))
            .collect();
        let bounds = self.mean_bounds(value, baseline, &moved);
        self.made(value, baseline, bounds)
    }

    /// Bounds of the mean of each row's contribution to the difference.
    fn mean_bounds(
        &self,
        value: Option<f64>,
        baseline: Option<f64>,
        moved: &[f64],
    ) -> Vec<Interval> {
        let Some(difference) = self.difference(value, baseline) else { return Vec::new() };
        let n = moved.len() as f64;
        if moved.len() as u64 > MOST_RESAMPLED {
            let variance = Sum::of(moved.iter().map(|x| (x - difference) * (x - difference)))
                / (n * (n - 1.0));
            return around(difference, variance.sqrt(), "normal", self.plan);
        }
        let states: Vec<u64> = self.rows.iter().map(|r| row_state(self.plan.seed, r.key)).collect();
        self.drawn(value, baseline, |r| values::weighted_mean(moved, &states, r))
    }

    fn scores(&self, of: Scored) -> Comparison {
        let sample = |side: fn(&Both) -> f64| Sample::new(&self.kept(side), self.plan.seed, true);
        let (candidate, baseline) = (sample(|r| r.candidate.score), sample(|r| r.baseline.score));
        let (value, base) = (of(&candidate.whole()), of(&baseline.whole()));
        let bounds = self.drawn(value, base, |r| {
            self.difference(of(&candidate.replicate(r)), of(&baseline.replicate(r)))
        });
        self.made(value, base, bounds)
    }

    fn regression(&self, smooth: &Smooth) -> Comparison {
        let errors =
            |of: fn(&Both) -> f64| values::Errors::new(self.rows.iter().map(|r| (r.truth, of(r))));
        let (candidate, baseline) = (errors(|r| r.candidate.value), errors(|r| r.baseline.value));
        let (value, base) = (candidate.value(smooth), baseline.value(smooth));
        let bounds = match self.difference(value, base) {
            Some(difference) if self.n() > MOST_RESAMPLED => {
                let (a, b) = (candidate.leans(smooth), baseline.leans(smooth));
                let n = self.rows.len() as f64;
                let square = |(a, b): (&f64, &f64)| (a - self.contrast.factor * b).powi(2);
                let variance = Sum::of(a.iter().zip(&b).map(square)) / (n * (n - 1.0));
                around(difference, variance.sqrt(), "normal", self.plan)
            }
            _ => {
                let states: Vec<u64> =
                    self.rows.iter().map(|r| row_state(self.plan.seed, r.key)).collect();
                let draw = |of: &values::Errors, r| of.replicate(smooth, &states, r);
                self.drawn(value, base, |r| {
                    self.difference(draw(&candidate, r), draw(&baseline, r))
                })
            }
        };
        self.made(value, base, bounds)
    }

    /// Compares quantiles: the order statistics that bound each of them, with their distances added
    /// in quadrature (MOVER; Zou and Donner 2008).
    fn latency(&self) -> Comparison {
        let q = self.contrast.quantile.unwrap_or(0.5);
        let sorted = |of: fn(&Both) -> f64| {
            let mut list: Vec<f64> = self.rows.iter().map(|r| of(r)).collect();
            list.sort_unstable_by(f64::total_cmp);
            list
        };
        let (candidate, baseline) =
            (sorted(|r| r.candidate.latency), sorted(|r| r.baseline.latency));
        let (value, base) = (quantile::type7(&candidate, q), quantile::type7(&baseline, q));
        let n = self.n();
        let one = |confidence: &f64| {
            let (lower, upper) = quantile::ranks(n, q, 1.0 - confidence);
            let at = |list: &[f64], rank: Option<u64>| list.get(rank? as usize - 1).copied();
            let (value, base) = (value?, base?);
            let factor = self.contrast.factor;
            let difference = value - factor * base;
            let apart = |mine: Option<f64>, other: Option<f64>| {
                Some(((mine? - value).powi(2) + (factor * (other? - base)).powi(2)).sqrt())
            };
            let below =
                apart(at(&candidate, lower), at(&baseline, upper)).map(|reach| difference - reach);
            let above =
                apart(at(&candidate, upper), at(&baseline, lower)).map(|reach| difference + reach);
            Some(interval("mover-order-statistic", *confidence, below, above))
        };
        let bounds = self.plan.confidences.iter().filter_map(one).collect();
        self.made(value, base, bounds)
    }
}

/// For each row, the share of the other class's rows that its score ranks correctly, with ties as a
/// half.
fn placements(rows: &[&Both], of: fn(&Both) -> f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| of(rows[*a]).total_cmp(&of(rows[*b])));
    let class = |i: usize| usize::from(rows[i].label == 1);
    let mut totals = [0_u64; 2];
    for i in &order {
        totals[class(*i)] += 1;
    }
    let mut passed = [0_u64; 2];
    let mut placed = vec![0.0; rows.len()];
    for ties in order.chunk_by(|a, b| of(rows[*a]).total_cmp(&of(rows[*b])).is_eq()) {
        let mut tied = [0_u64; 2];
        for i in ties {
            tied[class(*i)] += 1;
        }
        for i in ties {
            let other = 1 - class(*i);
            let below = float(2 * passed[other] + tied[other]) / float(2 * totals[other]);
            placed[*i] = if class(*i) == 1 { below } else { 1.0 - below };
        }
        passed = [passed[0] + tied[0], passed[1] + tied[1]];
    }
    placed
}
