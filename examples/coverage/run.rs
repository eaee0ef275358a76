//! Runs the cells of the grid: how often each bound misses the truth.

use super::{
    cells::Situation,
    draw::Stream,
    frame::{Answer, Frame},
};
use modelgate::stats::{methods, proportion::clopper_pearson_lower};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Rows of the sample whose values are taken for the truth.
const MANY: usize = 2_000_000;
/// Replicates of the bounds, as many as a policy's plan has.
const REPLICATES: u32 = 1_000;

/// One bound in one situation at one size.
#[derive(Debug, Clone)]
pub struct Cell {
    pub bound: String,
    pub situation: String,
    pub rows: usize,
    pub truth: f64,
    /// How often it was on the wrong side of the truth, and could have decided.
    pub misses: usize,
    /// How often it could decide.
    pub decided: usize,
    pub runs: usize,
    /// The mean distance from the truth, where it could decide.
    pub reach: f64,
}

impl Cell {
    pub fn error(&self) -> f64 {
        self.misses as f64 / self.runs.max(1) as f64
    }

    /// The error that is shown at 99% confidence: with few runs, a high error can be chance.
    pub fn shown(&self) -> f64 {
        clopper_pearson_lower(self.misses as u64, self.runs as u64, 0.01).unwrap_or(0.0)
    }
}

/// Each situation at each size, with about `runs` runs of small samples; fewer of
/// large ones.
pub fn all(situations: &[Situation], runs: usize) -> Vec<Cell> {
    all_of(situations, runs, MANY)
}

/// The same, with the truth from a sample of `many` rows.
pub fn all_of(situations: &[Situation], runs: usize, many: usize) -> Vec<Cell> {
    let jobs: Vec<(usize, usize)> = situations
        .iter()
        .enumerate()
        .flat_map(|(i, s)| s.sizes.iter().map(move |n| (i, *n)))
        .collect();
    let truths: Vec<Vec<f64>> = each(situations.len(), |i| truths(&situations[i], many));
    let cells = each(jobs.len(), |j| {
        let (i, rows) = jobs[j];
        let fewer = if rows >= 10_000 {
            8
        } else if rows >= 2_000 {
            4
        } else if rows >= 1_000 {
            2
        } else {
            1
        };
        one(&situations[i], rows, &truths[i], (runs / fewer).max(1))
    });
    cells.into_iter().flatten().collect()
}

/// The true values of the metrics of a situation.
fn truths(situation: &Situation, many: usize) -> Vec<f64> {
    let mut stream = Stream::new(1);
    let (rows, baseline) = (situation.draw)(&mut stream, many);
    let evidence = situation.question.ask(&rows, baseline.as_ref(), 1, 1);
    let truth = |metric: &&'static str| {
        let known = situation.known.iter().find(|(name, _)| name == metric);
        let measured = || situation.question.read(&evidence, metric).value.unwrap_or(f64::NAN);
        known.map_or_else(measured, |(_, value)| *value)
    };
    situation.question.metrics.iter().map(truth).collect()
}

fn one(situation: &Situation, rows: usize, truths: &[f64], runs: usize) -> Vec<Cell> {
    let cell = |bound: String, truth: f64| Cell {
        bound,
        situation: situation.name.clone(),
        rows,
        truth,
        misses: 0,
        decided: 0,
        runs,
        reach: 0.0,
    };
    let prefix = if situation.question.compared { "Δ " } else { "" };
    let mut cells: Vec<Cell> = Vec::new();
    for (metric, truth) in situation.question.metrics.iter().zip(truths) {
        cells.push(cell(format!("{prefix}{metric}, lower"), *truth));
        cells.push(cell(format!("{prefix}{metric}, upper"), *truth));
    }
    for run in 0..runs {
        let mut stream = Stream::new(1_000 + (run as u64) * 7_919 + rows as u64);
        let (frame, baseline) = (situation.draw)(&mut stream, rows);
        note(situation, &frame, baseline.as_ref(), run as u64, truths, &mut cells);
    }
    for cell in &mut cells {
        cell.reach /= cell.decided.max(1) as f64;
    }
    cells.retain(|cell| cell.truth.is_finite());
    cells
}

fn note(
    situation: &Situation,
    frame: &Frame,
    baseline: Option<&Frame>,
    seed: u64,
    truths: &[f64],
    cells: &mut [Cell],
) {
    let question = &situation.question;
    let evidence = question.ask(frame, baseline, seed, REPLICATES);
    let pairs = cells.as_chunks_mut::<2>().0;
    for ((metric, truth), [low, high]) in question.metrics.iter().zip(truths).zip(pairs) {
        let answer = question.read(&evidence, metric);
        if *metric == "calibration_p_value" {
            // A calibrated model has 0 as its true error; the test must not reject it.
            if situation.known.is_empty() {
                low.truth = f64::NAN;
            }
            low.decided += 1;
            low.misses += usize::from(answer.value.is_some_and(|p| p < 0.05));
            high.truth = f64::NAN;
            continue;
        }
        if !decides(&answer) {
            continue;
        }
        let room = 1e-9 * truth.abs().max(1e-3);
        if let Some(lower) = answer.lower {
            low.decided += 1;
            low.misses += usize::from(lower > truth + room);
            low.reach += truth - lower;
        }
        if let Some(upper) = answer.upper {
            high.decided += 1;
            high.misses += usize::from(upper < truth - room);
            high.reach += upper - truth;
        }
    }
}

/// Whether a policy lets these bounds decide.
fn decides(answer: &Answer) -> bool {
    let known = answer.method.as_deref().map(methods::known);
    known.is_some_and(|k| !k.retired && answer.events.is_none_or(|events| events >= k.least))
}

/// The results of `work` for each number below `count`, from all processors.
pub fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= count {
                        return;
                    }
                    let result = work(i);
                    done.lock().expect("no thread fails").push((i, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no thread fails");
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}
