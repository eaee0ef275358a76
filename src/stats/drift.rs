//! The distance between two samples: from binned counts (PSI, Jensen–Shannon, chi-squared) and from
//! raw values (Kolmogorov–Smirnov, Wasserstein).

use super::{Undefined, chi_squared, kolmogorov, proportion::float};
use libm::{log, rint};

/// The population stability index, with its critical value under no change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Psi {
    /// Σ (a − e) ln(a / e) over the shares of the bins.
    pub psi: f64,
    /// The value that the index stays below with probability 1 − α if nothing has changed; `None`
    /// for a single bin.
    pub critical: Option<f64>,
}

/// The population stability index of binned counts. Each share is raised to at least `floor`; the
/// shares are not renormalised. The critical value is `χ²(1 − α, B − 1) (1/N + 1/M)` (Yurdakul
/// 2018).
pub fn psi(expected: &[u64], actual: &[u64], floor: f64, alpha: f64) -> Result<Psi, Undefined> {
    let (n, m) = totals(expected, actual)?;
    if !(floor >= 0.0 && alpha > 0.0 && alpha < 1.0) {
        return Err(Undefined::InvalidInput);
    }
    let psi = expected.iter().zip(actual).map(|(e, a)| {
        let (e, a) = ((float(*e) / n).max(floor), (float(*a) / m).max(floor));
        if a.max(e) > 0.0 { (a - e) * log(a / e) } else { 0.0 }
    });
    let dof = expected.iter().skip(1).fold(0, |sum, _| sum + 1);
    let critical = chi_squared::critical(alpha, dof).map(|x| x * (1.0 / n + 1.0 / m));
    Ok(Psi { psi: psi.sum(), critical })
}

/// The Jensen–Shannon distance (Endres and Schindelin 2003), which is the square root of the
/// divergence in bits, and the divergence itself (Lin 1991): half of Σ p log₂(p/m) + q log₂(q/m),
/// with m the mean of both shares.
pub fn jensen_shannon(p: &[u64], q: &[u64]) -> Result<(f64, f64), Undefined> {
    let (n, k) = totals(p, q)?;
    let part = |share: f64, mean: f64| if share > 0.0 { share * log(share / mean) } else { 0.0 };
    let (mut left, mut right) = (0.0, 0.0);
    for (a, b) in p.iter().zip(q) {
        let (a, b) = (float(*a) / n, float(*b) / k);
        let mean = f64::midpoint(a, b);
        left += part(a, mean);
        right += part(b, mean);
    }
    let divergence = ((left + right) / std::f64::consts::LN_2 / 2.0).max(0.0);
    Ok((divergence.sqrt(), divergence))
}

/// A chi-squared test of homogeneity with its effect size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquared {
    /// Σ (observed − expected)² / expected.
    pub statistic: f64,
    /// The number of categories that occur, minus one.
    pub dof: u64,
    /// The p-value: the probability of a statistic at least this large if nothing has changed.
    pub p: f64,
    /// Cramér's V (1946): √(χ² / n), from 0 to 1 for every n.
    pub cramers_v: f64,
    /// Set if all observations are in one category, so that no difference is possible.
    pub why: Option<Undefined>,
}

/// Pearson's chi-squared test (1900) of whether two lists of counts have the same shares, without
/// Yates' correction. Categories that are empty in both lists are ignored.
pub fn chi_squared(expected: &[u64], actual: &[u64]) -> Result<ChiSquared, Undefined> {
    let (n, m) = totals(expected, actual)?;
    let pairs = || {
        expected
            .iter()
            .zip(actual)
            .map(|(e, a)| (float(*e), float(*a)))
            .filter(|(e, a)| e + a > 0.0)
    };
    let dof = pairs().skip(1).fold(0, |sum, _| sum + 1);
    if dof == 0 {
        let why = Some(Undefined::SingleCategory);
        return Ok(ChiSquared { statistic: 0.0, dof: 0, p: 1.0, cramers_v: 0.0, why });
    }
    let all = n + m;
    let cell = |seen: f64, awaited: f64| (seen - awaited) * (seen - awaited) / awaited;
    let cells = pairs().map(|(e, a)| cell(e, (e + a) * n / all) + cell(a, (e + a) * m / all));
    let statistic: f64 = cells.sum();
    let cramers_v = (statistic / all).sqrt();
    Ok(ChiSquared { statistic, dof, p: chi_squared::tail(statistic, dof), cramers_v, why: None })
}

/// The sums of two lists of counts; an error if either sum is 0 or the lengths differ.
fn totals(one: &[u64], other: &[u64]) -> Result<(f64, f64), Undefined> {
    let sum = |counts: &[u64]| counts.iter().map(|c| float(*c)).sum::<f64>();
    let (n, m) = (sum(one), sum(other));
    if n <= 0.0 || m <= 0.0 {
        return Err(Undefined::EmptySample);
    }
    if one.len() == other.len() { Ok((n, m)) } else { Err(Undefined::InvalidInput) }
}

/// The Kolmogorov–Smirnov test of two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KolmogorovSmirnov {
    /// The greatest distance between the two empirical distribution functions.
    pub d: f64,
    /// The asymptotic p-value: the probability of a distance at least this large if nothing has
    /// changed, from Kolmogorov's D for round(nm / (n + m)) samples. `None` if the samples are so
    /// small that this rounds to 0.
    pub p: Option<f64>,
}

/// The Kolmogorov–Smirnov test (1939) of whether two samples have the same distribution. Infinite
/// values are allowed.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Result<KolmogorovSmirnov, Undefined> {
    let (a, b) = sorted(a, b)?;
    let (n, m) = (length(&a), length(&b));
    let mut d = 0.0_f64;
    walk(&a, &b, |i, j, _, _| d = d.max((i / n - j / m).abs()));
    let size = rint(n * m / (n + m));
    Ok(KolmogorovSmirnov { d, p: kolmogorov::tail(whole(size), d) })
}

/// The first Wasserstein distance (Vallender 1974): the area between the two empirical distribution
/// functions, in the unit of the values. Infinite if one sample has a larger share at infinity than
/// the other.
pub fn wasserstein(a: &[f64], b: &[f64]) -> Result<f64, Undefined> {
    let (a, b) = sorted(a, b)?;
    let (n, m) = (length(&a), length(&b));
    let mut area = 0.0;
    walk(&a, &b, |i, j, from, to| {
        let apart = (i / n - j / m).abs();
        area += if apart > 0.0 { apart * (to - from) } else { 0.0 };
    });
    Ok(area)
}

/// Visits every value of both samples in order. The arguments are the number of values in each
/// sample that are at most this value, the value, and the next value (the value itself for the last
/// one).
fn walk(a: &[f64], b: &[f64], mut visit: impl FnMut(f64, f64, f64, f64)) {
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    let (mut i, mut j) = (0.0, 0.0);
    let next = |x: Option<&&f64>, y: Option<&&f64>| match (x, y) {
        (Some(x), Some(y)) => Some(x.min(**y)),
        (Some(x), None) | (None, Some(x)) => Some(**x),
        (None, None) => None,
    };
    let mut at = next(left.peek(), right.peek());
    while let Some(value) = at {
        while left.next_if(|x| **x <= value).is_some() {
            i += 1.0;
        }
        while right.next_if(|x| **x <= value).is_some() {
            j += 1.0;
        }
        at = next(left.peek(), right.peek());
        visit(i, j, value, at.unwrap_or(value));
    }
}

fn sorted(a: &[f64], b: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Undefined> {
    if a.is_empty() || b.is_empty() {
        return Err(Undefined::EmptySample);
    }
    if a.iter().chain(b).any(|x| x.is_nan()) {
        return Err(Undefined::NonFinite);
    }
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    a.sort_unstable_by(f64::total_cmp);
    b.sort_unstable_by(f64::total_cmp);
    Ok((a, b))
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "lengths stay below 2^53")]
fn length(values: &[f64]) -> f64 {
    values.len() as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number, not negative, below 2^53"
)]
fn whole(x: f64) -> u64 {
    x as u64
}
