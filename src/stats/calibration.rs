//! Calibration: how far the mean score of a bin is from its share of positives.
//!
//! The expected calibration error sums absolute values, so that chance makes it greater, never
//! smaller: a perfect model on 50 rows has about 0.15. Its lower bound therefore subtracts what
//! chance alone reaches, and a test asks whether chance explains it all.

use super::{
    proportion::{clopper_pearson_lower, clopper_pearson_upper, counted, float},
    resample::row_state,
    unseen::{self, Moments},
    weights::{Weights, uniform},
};

/// The sums of one bin of scores.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bin {
    /// The rows.
    pub rows: u64,
    /// The positive ones among them.
    pub positives: u64,
    /// The sum of the scores.
    pub score: f64,
    /// The sum of score · (1 − score): the variance of the number of positives, if scores are
    /// probabilities.
    pub spread: f64,
    /// The sum of (label − score)².
    pub square: f64,
}

impl Bin {
    /// Positives minus expected positives.
    pub fn gap(&self) -> f64 {
        float(self.positives) - self.score
    }
}

/// The rows of all bins.
fn rows(bins: &[Bin]) -> f64 {
    float(bins.iter().map(|b| b.rows).sum())
}

/// The expected calibration error: the mean distance, weighted by rows. `None` without rows.
pub fn expected(bins: &[Bin]) -> Option<f64> {
    let n = rows(bins);
    (n > 0.0).then(|| bins.iter().map(|b| b.gap().abs()).sum::<f64>() / n)
}

/// The greatest distance of a bin. `None` without rows.
pub fn maximum(bins: &[Bin]) -> Option<f64> {
    let full = bins.iter().filter(|b| b.rows > 0);
    full.map(|b| (b.gap() / float(b.rows)).abs()).reduce(f64::max)
}

/// The root of the mean squared distance, without the part of it that chance contributes: Kumar,
/// Liang and Ma (2019). 0 if chance explains all of it. `None` if a bin has a single row.
pub fn debiased(bins: &[Bin]) -> Option<f64> {
    let mut sum = 0.0;
    for bin in bins.iter().filter(|b| b.rows > 0) {
        if bin.rows == 1 {
            return None;
        }
        let (n, y) = (float(bin.rows), float(bin.positives) / float(bin.rows));
        let gap = bin.gap() / n;
        sum += n * (gap * gap - y * (1.0 - y) / (n - 1.0));
    }
    let n = rows(bins);
    (n > 0.0).then(|| (sum / n).max(0.0).sqrt())
}

/// Replicates of the expected calibration error that a calibrated model would have with these
/// scores: labels are drawn with the scores as their probabilities. `scores`, each with the state of
/// its draws, are in the order of the bins, which have `rows` of them each.
pub fn by_chance(bins: &[Bin], scores: &[(f64, u64)], replicate: u64) -> f64 {
    let (mut rest, mut sum) = (scores, 0.0);
    for bin in bins {
        let split = usize::try_from(bin.rows).unwrap_or(usize::MAX).min(rest.len());
        let (own, others) = rest.split_at(split);
        let mut drawn = 0_u64;
        for (score, state) in own {
            drawn += u64::from(uniform(*state, replicate) < *score);
        }
        sum += (float(drawn) - bin.score).abs();
        rest = others;
    }
    sum / rows(bins)
}

/// The same for large bins, whose number of positives is normal. `spread` is the variance of each.
pub fn by_normal_chance(
    bins: &[Bin],
    spread: fn(&Bin) -> f64,
    weights: &Weights,
    seed: u64,
    replicate: u64,
) -> f64 {
    let one = |(bin, i): (&Bin, u64)| {
        (spread(bin).max(0.0).sqrt() * weights.normal(row_state(seed, i), replicate)).abs()
    };
    bins.iter().zip(0..).map(one).sum::<f64>() / rows(bins)
}

/// The probability that a calibrated model has at least this expected calibration error: the share
/// of replicates by chance that have, with the observed one among them. A calibrated model has a
/// value of at most α with a probability of at most α, for any number of rows.
pub fn p_value(observed: f64, chance: &[f64]) -> f64 {
    let least = observed * (1.0 - 1e-12);
    let reached = counted(chance.iter().filter(|x| **x >= least).count());
    (float(reached) + 1.0) / (float(counted(chance.len())) + 1.0)
}

/// Bounds of the expected calibration error, each one-sided at `alpha`.
///
/// The lower one subtracts the 1 − `alpha` quantile of what chance adds, by labels drawn from the
/// scores or by the spread that was seen, whichever is more. For the upper one, chance can only
/// have hidden as much as a mean of numbers between −1 and 1 varies, with one unseen row.
pub fn expected_bounds(
    bins: &[Bin],
    chance: &mut [f64],
    seen: &mut [f64],
    alpha: f64,
) -> Option<(f64, f64)> {
    let value = expected(bins)?;
    let added = [chance, seen]
        .into_iter()
        .filter_map(|drawn| unseen::upper_quantile(drawn, alpha).ok())
        .reduce(f64::max)?;
    let n = rows(bins) + 1.0;
    let squares = bins.iter().map(|b| b.square.max(b.spread)).sum::<f64>() + 1.0;
    let moments = Moments {
        mean: -(value * (n - 1.0) + 1.0) / n,
        variance: squares / (n * n),
        third: -2.0 * squares / (n * n * n),
    };
    Some(((value - added).max(0.0), (-unseen::fitted(&moments, alpha)).min(1.0)))
}

/// Bounds of the maximum calibration error, each one-sided at `alpha`, from the exact bounds of each
/// bin's share of positives. The upper bound is the greatest one of a bin; the lower bound divides
/// the error among the bins. Bins without rows say nothing and are left out.
pub fn maximum_bounds(bins: &[Bin], alpha: f64) -> Option<(f64, f64)> {
    let full = || bins.iter().filter(|b| b.rows > 0);
    let share = alpha / float(counted(full().count())) / 2.0;
    let (mut lower, mut upper) = (0.0_f64, 0.0_f64);
    for bin in full() {
        let mean = bin.score / float(bin.rows);
        let at = |alpha| {
            Some((
                clopper_pearson_lower(bin.positives, bin.rows, alpha)?,
                clopper_pearson_upper(bin.positives, bin.rows, alpha)?,
            ))
        };
        let (low, high) = at(alpha / 2.0)?;
        upper = upper.max((mean - low).max(high - mean));
        let (low, high) = at(share)?;
        lower = lower.max((low - mean).max(mean - high));
    }
    (full().count() > 0).then_some((lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(score: f64, rows: u64, positives: u64) -> Bin {
        let n = rows as f64;
        let square =
            positives as f64 * (1.0 - score).powi(2) + (rows - positives) as f64 * score * score;
        Bin { rows, positives, score: n * score, spread: n * score * (1.0 - score), square }
    }

    /// Reference values: calibration.utils.unbiased_square_ce of the package uncertainty-calibration
    /// 0.1.4, by the authors of the paper.
    #[test]
    fn agrees_with_uncertainty_calibration() {
        for (bins, square) in DEBIASED {
            let bins: Vec<Bin> = bins.iter().map(|(p, n, k)| bin(*p, *n, *k)).collect();
            let got = debiased(&bins).unwrap();
            assert!((got - square.max(0.0_f64).sqrt()).abs() < 1e-12, "{got} against {square}");
        }
        assert_eq!(debiased(&[bin(0.3, 1, 0), bin(0.6, 9, 5)]), None);
        assert_eq!(debiased(&[]), None);
    }

    /// A calibrated model is rejected in at most α of all samples, for few rows too: the test counts
    /// the observed error among those of the draws.
    #[test]
    fn a_calibrated_model_passes_the_test() {
        for rows in [20_u64, 50] {
            let scores: Vec<f64> = (0..rows).map(|i| (i as f64 + 0.5) / rows as f64).collect();
            let rejected = (0..400)
                .filter(|sample| {
                    let label = |i: u64| uniform(row_state(77, i), *sample) < scores[i as usize];
                    let mut bins = [Bin::default(); 10];
                    for (i, score) in (0..).zip(&scores) {
                        let bin = &mut bins[(score * 10.0) as usize];
                        bin.rows += 1;
                        bin.positives += u64::from(label(i));
                        bin.score += score;
                    }
                    let states: Vec<(f64, u64)> =
                        scores.iter().copied().zip((0..).map(|i| row_state(5, i))).collect();
                    let chance: Vec<f64> = (0..199).map(|r| by_chance(&bins, &states, r)).collect();
                    p_value(expected(&bins).unwrap(), &chance) <= 0.05
                })
                .count();
            // 20 of 400, and four standard deviations more.
            assert!(rejected <= 38, "{rows} rows: {rejected}");
        }
    }

    #[test]
    fn the_lower_bound_of_a_perfect_model_is_nothing() {
        let bins = [bin(0.25, 20, 5), bin(0.75, 20, 15)];
        let (lower, upper) =
            expected_bounds(&bins, &mut [0.05; 100], &mut [0.04; 100], 0.05).unwrap();
        assert!(lower == 0.0 && upper > 0.05, "{lower}, {upper}");
    }

    /// By the exact bounds of 5 of 20: scipy.stats.beta.ppf(0.025, 5, 16) and (0.975, 6, 15).
    #[test]
    fn the_worst_bin_has_exact_bounds() {
        let (lower, upper) = maximum_bounds(&[bin(0.9, 20, 5)], 0.05).unwrap();
        assert!((upper - (0.9 - 0.086_571)).abs() < 1e-5, "{upper}");
        assert!((lower - (0.9 - 0.491_046)).abs() < 1e-5, "{lower}");
    }

    /// Score, rows and positives of each bin, and the squared error.
    type Debiased = (&'static [(f64, u64, u64)], f64);

    const DEBIASED: [Debiased; 3] = [
        (&[(0.1, 5, 2), (0.35, 6, 1), (0.65, 5, 5), (0.9, 6, 3)], 0.06625),
        (&[(0.05, 100, 20), (0.45, 200, 60), (0.95, 300, 290)], 0.010713886510805907),
        (&[(0.1, 50, 5), (0.5, 50, 25)], -0.0034693877551020408),
    ];
}
