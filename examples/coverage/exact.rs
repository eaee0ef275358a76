//! Bounds of counts, whose errors are sums of exact probabilities and need no simulation.

use super::run::{Cell, each};
use modelgate::stats::{
    binomial::upper_tail,
    meld, methods,
    paired::shares,
    proportion::{clopper_pearson_lower, clopper_pearson_upper},
    score::{jeffreys, wilson},
};

/// One-sided.
const ALPHA: f64 = 0.05;
const RATES: [f64; 13] =
    [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995];

/// The probabilities of 0 to n successes.
fn masses(n: u64, rate: f64) -> Vec<f64> {
    let tail: Vec<f64> = (0..=n + 1).map(|k| upper_tail(k, n, rate)).collect();
    tail.windows(2).map(|w| (w[0] - w[1]).max(0.0)).collect()
}

/// Every bound of counts.
pub fn all() -> Vec<Cell> {
    let mut cells = one_share();
    cells.extend(two_shares());
    cells.extend(pairs());
    cells
}

fn cell(bound: &str, situation: String, rows: u64, truth: f64, error: f64) -> Cell {
    // Errors are exact: as many runs as make them readable.
    let runs = 1_000_000;
    let misses = (error * runs as f64).round() as usize;
    let (bound, rows) = (bound.to_owned(), rows as usize);
    Cell { bound, situation, rows, truth, misses, decided: runs, runs, reach: 0.0 }
}

fn one_share() -> Vec<Cell> {
    type Bound = fn(u64, u64) -> Option<(f64, f64)>;
    let kinds: [(&str, Bound); 3] = [
        ("clopper-pearson", |x, n| {
            clopper_pearson_lower(x, n, ALPHA).zip(clopper_pearson_upper(x, n, ALPHA))
        }),
        ("wilson", |x, n| wilson(x, n, ALPHA).map(|b| (b.lower, b.upper))),
        ("jeffreys", |x, n| jeffreys(x, n, ALPHA).map(|b| (b.lower, b.upper))),
    ];
    let mut jobs = Vec::new();
    for (name, bound) in kinds {
        for n in [20, 59, 100, 300, 1_000, 3_000, 10_000] {
            for rate in RATES {
                jobs.push((name, bound, n, rate));
            }
        }
    }
    let cells = each(jobs.len(), |i| {
        let (name, bound, n, rate) = jobs[i];
        let (mut low, mut high) = (0.0, 0.0);
        for (x, mass) in (0..=n).zip(masses(n, rate)) {
            if mass < 1e-12 || x.min(n - x) < methods::known(name).least {
                continue;
            }
            let (lower, upper) = bound(x, n).expect("valid counts");
            low += if lower > rate { mass } else { 0.0 };
            high += if upper < rate { mass } else { 0.0 };
        }
        let named = |end: &str| format!("share by {name}, {end}");
        [
            cell(&named("lower"), format!("rate {rate}"), n, rate, low),
            cell(&named("upper"), format!("rate {rate}"), n, rate, high),
        ]
    });
    cells.into_iter().flatten().collect()
}

fn two_shares() -> Vec<Cell> {
    let mut jobs = Vec::new();
    for (n, m) in [(20, 20), (30, 300), (50, 1_000), (100, 100)] {
        for p in [0.02, 0.5, 0.9] {
            for q in [0.02, 0.5, 0.98] {
                jobs.push((n, m, p, q));
            }
        }
    }
    let cells = each(jobs.len(), |i| {
        let (n, m, p, q): (u64, u64, f64, f64) = jobs[i];
        let (first, second) = (masses(n, p), masses(m, q));
        let (mut difference, mut quotient) = (0.0, 0.0);
        for (x, a) in (0..=n).zip(&first) {
            for (y, b) in (0..=m).zip(&second).filter(|(_, b)| a * *b > 1e-6) {
                let lower = meld::least_difference((x, n), (y, m), 1.0, ALPHA);
                difference += if lower.is_some_and(|l| l > p - q) { a * b } else { 0.0 };
                let lower = meld::least_ratio((x, n), (y, m), ALPHA);
                quotient += if lower.is_some_and(|l| l > p / q) { a * b } else { 0.0 };
            }
        }
        let situation = format!("rates {p} and {q}, on {n} and {m} rows");
        [
            cell(
                "difference of two shares (melded), lower",
                situation.clone(),
                n + m,
                p - q,
                difference,
            ),
            cell("ratio of two shares (melded), lower", situation, n + m, p / q, quotient),
        ]
    });
    cells.into_iter().flatten().collect()
}

fn pairs() -> Vec<Cell> {
    let mut jobs = Vec::new();
    for n in [30, 100, 300] {
        for (gain, loss) in [
            (0.0, 0.01),
            (0.0, 0.03),
            (0.01, 0.02),
            (0.05, 0.05),
            (0.02, 0.1),
            (0.2, 0.3),
            (0.1, 0.0),
        ] {
            jobs.push((n, gain, loss));
        }
    }
    each(jobs.len(), |i| {
        let (n, gain, loss): (u64, f64, f64) = jobs[i];
        let mut error = 0.0;
        for (b, mass) in (0..=n).zip(masses(n, gain)).filter(|(_, mass)| *mass > 1e-9) {
            for (c, other) in (0..=n - b).zip(masses(n - b, loss / (1.0 - gain))) {
                if mass * other > 1e-9 {
                    let lower = shares(n - b - c, b, c, 0, ALPHA).expect("valid counts").lower;
                    error += if lower > gain - loss { mass * other } else { 0.0 };
                }
            }
        }
        let situation = format!("{gain} gained, {loss} lost");
        cell("difference of paired shares (Gaffke), lower", situation, n, gain - loss, error)
    })
}
