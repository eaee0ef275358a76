//! Calibration: how well predicted probabilities match the observed shares.

use super::{Undefined, proportion::float};
use libm::log;

/// Calibration errors, and two proper scoring rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// The expected calibration error (Naeini, Cooper and Hauskrecht 2015): the mean over rows of
    /// |share of positives − mean p| of their bin.
    pub ece: f64,
    /// The maximum calibration error: the greatest such distance of any bin.
    pub mce: f64,
    /// The Brier score (1950): the mean of (p − y)².
    pub brier: f64,
    /// The mean of −ln of the probability given to the true class, clamped to [2^-52, 1 − 2^-52].
    pub log_loss: f64,
}

/// The sums of one bin.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    rows: u64,
    positives: u64,
    sum: f64,
}

/// The calibration of probabilities of the positive class in `bins` bins of equal width. The edges
/// are i · (1 / bins); a bin includes its upper edge, and the first bin also includes 0.
pub fn calibration(
    labels: &[bool],
    probabilities: &[f64],
    bins: u32,
) -> Result<Calibration, Undefined> {
    if probabilities.is_empty() {
        return Err(Undefined::EmptySample);
    }
    if probabilities.iter().any(|p| !p.is_finite()) {
        return Err(Undefined::NonFinite);
    }
    let proper = probabilities.iter().all(|p| (0.0..=1.0).contains(p));
    if !proper || bins == 0 || labels.len() != probabilities.len() {
        return Err(Undefined::InvalidInput);
    }
    let step = 1.0 / f64::from(bins);
    let edges: Vec<f64> = (1..bins).map(|i| f64::from(i) * step).collect();
    let mut held = vec![Bin::default(); edges.len() + 1];
    let (mut brier, mut log_loss, mut n) = (0.0, 0.0, 0_u64);
    for (label, p) in labels.iter().zip(probabilities) {
        if let Some(bin) = held.get_mut(edges.partition_point(|edge| edge < p)) {
            bin.rows += 1;
            bin.positives += u64::from(*label);
            bin.sum += p;
        }
        let y = f64::from(u8::from(*label));
        brier += (p - y) * (p - y);
        let given = if *label { *p } else { 1.0 - p };
        log_loss -= log(given.clamp(f64::EPSILON, 1.0 - f64::EPSILON));
        n += 1;
    }
    let n = float(n);
    let (mut ece, mut mce) = (0.0, 0.0_f64);
    for bin in held.iter().filter(|bin| bin.rows > 0) {
        let rows = float(bin.rows);
        let gap = (float(bin.positives) / rows - bin.sum / rows).abs();
        ece += rows / n * gap;
        mce = mce.max(gap);
    }
    Ok(Calibration { ece, mce, brier: brier / n, log_loss: log_loss / n })
}
