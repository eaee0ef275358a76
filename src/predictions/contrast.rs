//! Candidate against baseline on the same rows: bounds of `value − factor · baseline`.
//!
//! Rates of the same trials, areas, means and everything else are bounded with one unseen row on
//! which the candidate is as bad, and the baseline as good, as can be. Rows are weighted together for
//! both artifacts, and so are the rows of a cluster.

mod scored;

use super::{
    PredictionsError,
    bootstrap::{Statistic, parts},
    cells::Layout,
    confusion::Sums,
    draw::cell_state,
    hash::{key_from, key_of},
    job::{Job, ThreadPool},
    limited::{self, Limited},
    paired::{self, Both, Seen},
    pool,
    radix::ordered_64,
    rows::effective,
    scores::MOST_RESAMPLED,
    shared::Shared,
    sink::interval,
    task::Classes,
    values::{self, Smooth},
};
use crate::{
    model::{Comparison, Contrast, Pairs, Plan, number::round12},
    stats::{
        paired::shares,
        proportion::float,
        quantile,
        resample::row_state,
        unseen::{self, Unseen},
        weights::Weights,
    },
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
                    clustered: job.columns.cluster.is_some(),
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
    /// Whether rows with the same key depend on each other.
    clustered: bool,
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

/// Distances that chance adds to, on both sides.
const DISTANCES: [&str; 3] =
    ["expected_calibration_error", "maximum_calibration_error", "ks_statistic"];

/// Why the difference of two such distances has no bound.
const INFLATED: &str =
    "chance adds to both values, and no bound of their difference is known to hold";

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
        } else if binary && metric == "average_precision" {
            return Ok(self.precision());
        } else if binary && DISTANCES.contains(&metric) {
            return Ok(self.distance());
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

    fn made(&self, value: Option<f64>, baseline: Option<f64>, bounds: Limited) -> Comparison {
        let known = value.is_some() && baseline.is_some();
        let (bounds, events, no_bound) =
            if known { bounds.notes() } else { (Vec::new(), None, None) };
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
            bounds,
            events,
            no_bound,
        }
    }

    /// The rows of a class, or all, as many as independent rows would be.
    fn independent(&self, class: Option<u32>) -> f64 {
        let rows = self.rows.iter().filter(|r| class.is_none_or(|c| r.label == c));
        if self.clustered { effective(rows.map(|r| r.key)) } else { rows.count() as f64 }
    }

    /// The states of the rows' weights.
    fn states(&self) -> Vec<u64> {
        self.rows.iter().map(|r| row_state(self.plan.seed, r.key)).collect()
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
        let trials = cells.iter().sum::<u64>() as f64;
        let factor = self.contrast.factor;
        let bounds = if (factor - 1.0).abs() < f64::EPSILON {
            let Pairs { both, candidate_only, baseline_only, neither } = pairs;
            Limited::each(self.plan, limited::PAIRED, trials, |alpha| {
                shares(both, candidate_only, baseline_only, neither, alpha)
                    .map(|b| (b.lower, b.upper))
            })
        } else {
            let weights = Weights::default();
            let states: Vec<u64> =
                (0..4).map(|i| cell_state(self.plan.seed, key_from(i, b"pairs"))).collect();
            let drawn = self.drawn(|r| {
                let [both, candidate, baseline, neither] =
                    std::array::from_fn(|i| weights.rows(states[i], r, cells[i]));
                let all = both + candidate + baseline + neither;
                (all > 0.0).then(|| (both + candidate - factor * (both + baseline)) / all)
            });
            self.one_more(&drawn, trials)
        };
        let mut made = self.made(value, baseline, bounds);
        made.pairs = Some(pairs);
        made
    }

    /// Replicates of the difference.
    fn drawn(&self, draw: impl Fn(u64) -> Option<f64> + Sync) -> Vec<f64> {
        let replicates = self.plan.replicates as usize;
        pool::each(self.pool, replicates, |r| draw(r as u64)).into_iter().flatten().collect()
    }

    /// Bounds of a difference of means of numbers from 0 to 1, with one unseen row.
    fn one_more(&self, drawn: &[f64], rows: f64) -> Limited {
        let worst = Unseen { value: -self.contrast.factor, rows };
        let best = Unseen { value: 1.0, rows };
        Limited::each(self.plan, limited::ROWS, rows, |alpha| {
            unseen::lower(drawn, worst, alpha).ok().zip(unseen::upper(drawn, best, alpha).ok())
        })
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
        let classes = names.len();
        let weights = Weights::default();
        let both = |draw: &dyn Fn(u64, u64) -> u64| {
            let mut sums = [Sums::new(classes), Sums::new(classes)];
            for (l, c, b, rows, state) in &cells {
                let rows = draw(*state, *rows);
                sums[0].add(*l, *c, rows);
                sums[1].add(*l, *b, rows);
            }
            sums
        };
        let whole = both(&|_, rows| rows);
        let value_of = |[c, b]: &[Sums; 2]| self.difference(statistic(c), statistic(b));
        let (value, baseline) = (statistic(&whole[0]), statistic(&whole[1]));
        let with = |[c, b]: &[Sums; 2], (label, ours, theirs): (u32, u32, u32), rows| {
            let (mut c, mut b) = (c.clone(), b.clone());
            c.add(label, ours, rows);
            b.add(label, theirs, rows);
            value_of(&[c, b])
        };
        let rows = candidates(&whole);
        let moved = |row: &(u32, u32, u32)| with(&whole, *row, 1).unwrap_or(0.0);
        let order = |a: &&_, b: &&_| moved(a).total_cmp(&moved(b));
        let (Some(worst), Some(best)) =
            (rows.iter().min_by(order).copied(), rows.iter().max_by(order).copied())
        else {
            return self.made(value, baseline, Limited::default());
        };
        let unseen = row_state(self.plan.seed, u64::MAX);
        let of = |row: (u32, u32, u32)| {
            self.drawn(|r| {
                let sums = both(&|state, rows| parts(weights.rows(state, r, rows)));
                with(&sums, row, parts(weights.row(unseen, r)))
            })
        };
        let (low, high) = (of(worst), of(best));
        let rarest = whole.iter().flat_map(|s| &s.classes).flat_map(|c| [c[0], c[1]]);
        let rarest = rarest.min().unwrap_or(0) as f64;
        let difference = self.difference(value, baseline);
        let bounds = Limited::each(self.plan, limited::ROWS, rarest, |alpha| {
            let lower = unseen::quantile(&mut low.clone(), alpha).ok()?;
            let upper = unseen::upper_quantile(&mut high.clone(), alpha).ok()?;
            Some((lower.min(difference?), upper.max(difference?)))
        });
        self.made(value, baseline, bounds)
    }

    fn regression(&self, smooth: &Smooth) -> Comparison {
        let errors =
            |of: fn(&Both) -> f64| values::Errors::new(self.rows.iter().map(|r| (r.truth, of(r))));
        let (candidate, baseline) = (errors(|r| r.candidate.value), errors(|r| r.baseline.value));
        let (value, base) = (candidate.value(smooth), baseline.value(smooth));
        let bounds = self.difference(value, base).map_or_else(Limited::default, |difference| {
            if candidate.heavy(smooth) || baseline.heavy(smooth) {
                return Limited::refused(values::HEAVY);
            }
            let (a, b) = (candidate.leans(smooth), baseline.leans(smooth));
            let leans: Vec<f64> =
                a.iter().zip(&b).map(|(a, b)| a - self.contrast.factor * b).collect();
            let drawn = if self.clustered || self.n() <= MOST_RESAMPLED {
                let (states, weights) = (self.states(), Weights::default());
                let draw = |of: &values::Errors, r| of.replicate(smooth, &states, (&weights, r));
                self.drawn(|r| self.difference(draw(&candidate, r), draw(&baseline, r)))
            } else {
                Vec::new()
            };
            let rows = self.independent(None);
            values::tailed(difference, &leans, &drawn, rows, smooth.reach, self.plan)
        });
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
        self.made(value, base, Limited::of(bounds, n))
    }
}

/// The rows (label, candidate's and baseline's prediction) that an unseen one is tried as: of the
/// classes with the fewest rows, and of the one with the most.
fn candidates(whole: &[Sums; 2]) -> Vec<(u32, u32, u32)> {
    let extremes = |of: &Sums, place: usize| -> Vec<u32> {
        let rows = |c: &u32| of.classes[*c as usize][place];
        let mut order: Vec<u32> = (0..of.classes.len() as u32).filter(|c| rows(c) > 0).collect();
        order.sort_by_key(|c| (rows(c), *c));
        let last = order.last().copied();
        order.truncate(2);
        order.extend(last.filter(|last| !order.contains(last)));
        order
    };
    let labels = extremes(&whole[0], 0);
    let (ours, theirs) = (extremes(&whole[0], 1), extremes(&whole[1], 1));
    let mut all = Vec::new();
    for label in labels {
        for c in ours.iter().copied().chain([label]) {
            all.extend(theirs.iter().copied().chain([label]).map(|b| (label, c, b)));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}
