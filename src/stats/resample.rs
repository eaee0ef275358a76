//! Resampling whose result does not depend on the order of rows, the number of threads or files, or
//! the machine: the weight of a row in a replicate is a hash of the seed, the row's key and the
//! replicate.

use super::{normal, proportion::float, quantile::type7};
use libm::pow;

/// The golden ratio in 64 bits: the step of SplitMix64.
pub const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014; Stafford's variant 13).
#[inline]
pub const fn mix64(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// P(W ≤ k) for W Poisson with mean 1, times 2^53 and rounded down, for k = 0, 1, … up to the last
/// value below 1.
pub const POISSON: [u64; 18] = [
    3_313_563_428_353_947,
    6_627_126_856_707_895,
    8_283_908_570_884_869,
    8_836_169_142_277_194,
    8_974_234_285_125_275,
    9_001_847_313_694_891,
    9_006_449_485_123_161,
    9_007_106_938_184_342,
    9_007_189_119_816_990,
    9_007_198_251_109_506,
    9_007_199_164_238_758,
    9_007_199_247_250_508,
    9_007_199_254_168_154,
    9_007_199_254_700_280,
    9_007_199_254_738_289,
    9_007_199_254_740_823,
    9_007_199_254_740_982,
    9_007_199_254_740_991,
];

/// The state of a row for all replicates. `row` is its number, or the key of its cluster (a
/// repeated user).
#[inline]
pub const fn row_state(seed: u64, row: u64) -> u64 {
    mix64(seed.wrapping_add(GOLDEN.wrapping_mul(row.wrapping_add(1))))
}

/// How often the row with this state occurs in a replicate: Poisson with mean 1 (Oza and Russell
/// 2001; Chamandy et al. 2012), the number of entries in [`POISSON`] that 53 bits of the hash
/// reach.
#[inline]
pub fn weight(state: u64, replicate: u64) -> u32 {
    let hash = mix64(state.wrapping_add(GOLDEN.wrapping_mul(replicate.wrapping_add(1))));
    // The entries are shifted up at compile time instead of each hash down. Only two rows in a
    // hundred take the branch.
    let [a, b, c, d, rest @ ..] = POISSON;
    let [a, b, c, d] = [a << 11, b << 11, c << 11, d << 11];
    let weight =
        u32::from(hash >= a) + u32::from(hash >= b) + u32::from(hash >= c) + u32::from(hash >= d);
    if hash < d {
        weight
    } else {
        rest.iter().fold(weight, |sum, entry| sum + u32::from(hash >> 11 >= *entry))
    }
}

/// The `alpha` and 1 − `alpha` quantiles of the replicates (type 7 of Hyndman and Fan 1996). Sorts
/// the replicates in place. `None` without replicates, or if one is NaN.
pub fn percentile(replicates: &mut [f64], alpha: f64) -> Option<(f64, f64)> {
    if replicates.iter().any(|r| r.is_nan()) {
        return None;
    }
    replicates.sort_unstable_by(f64::total_cmp);
    Some((type7(replicates, alpha)?, type7(replicates, 1.0 - alpha)?))
}

/// Bias-corrected and accelerated bounds (Efron 1987), each one-sided at `alpha`: the quantiles of
/// the replicates at `Φ(z₀ + (z₀ ± z) / (1 − a (z₀ ± z)))`. z₀ is the normal quantile of the share
/// of replicates below `estimate`, plus half the share equal to it; a is `Σu³ / (6 (Σu²)^1.5)` of
/// the distances u of the `jackknife` values (the statistic without one row each) from their mean.
/// Sorts the replicates in place.
///
/// `None` if there are no replicates or one is NaN, if all are on one side of the estimate, or if
/// all jackknife values are the same: then the correction does not exist.
pub fn bca(
    estimate: f64,
    jackknife: &[f64],
    replicates: &mut [f64],
    alpha: f64,
) -> Option<(f64, f64)> {
    if replicates.iter().any(|r| r.is_nan()) {
        return None;
    }
    replicates.sort_unstable_by(f64::total_cmp);
    let size = replicates.iter().zip(1_u64..).last()?.1;
    let halves: u64 =
        replicates.iter().map(|r| u64::from(*r < estimate) + u64::from(*r <= estimate)).sum();
    let bias = normal::quantile(float(halves) / float(2 * size));
    let n = jackknife.iter().zip(1_u64..).last()?.1;
    let mean = pairwise(jackknife) / float(n);
    let (mut cubes, mut squares) = (0.0, 0.0);
    for value in jackknife {
        let u = mean - value;
        squares += u * u;
        cubes += u * u * u;
    }
    let acceleration = cubes / (6.0 * pow(squares, 1.5));
    let z = normal::quantile(alpha);
    let place = |z: f64| normal::below(bias + (bias + z) / (1.0 - acceleration * (bias + z)));
    let bounds = (type7(replicates, place(z))?, type7(replicates, place(-z))?);
    (bias.is_finite() && acceleration.is_finite()).then_some(bounds)
}

/// Pairwise summation, with eight partial sums in blocks of up to 128: NumPy's order of addition,
/// digit for digit. Its error grows with the logarithm of the length (Higham 1993).
pub fn pairwise(terms: &[f64]) -> f64 {
    if terms.len() < 8 {
        return terms.iter().fold(-0.0, |sum, x| sum + x);
    }
    if terms.len() > 128 {
        let half = terms.len() / 2;
        let (left, right) = terms.split_at(half - half % 8);
        return pairwise(left) + pairwise(right);
    }
    let (blocks, rest) = terms.as_chunks::<8>();
    let mut partial = [-0.0; 8];
    for block in blocks {
        for (sum, x) in partial.iter_mut().zip(block) {
            *sum += x;
        }
    }
    let [a, b, c, d, e, f, g, h] = partial;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, x| sum + x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Poisson distribution with mean 1 has mean 1 and variance 1.
    #[test]
    fn weights_are_poisson() {
        let mut counts = [0_u32; 20];
        for row in 0..1_000 {
            let state = row_state(3, row);
            for replicate in 0..300 {
                counts[weight(state, replicate) as usize] += 1;
            }
        }
        let n = 300_000.0;
        let mean: f64 =
            counts.iter().zip(0..).map(|(c, k)| f64::from(*c) * f64::from(k)).sum::<f64>() / n;
        let square: f64 =
            counts.iter().zip(0..).map(|(c, k)| f64::from(*c) * f64::from(k * k)).sum::<f64>() / n;
        assert!(
            (mean - 1.0).abs() < 0.01 && (square - mean * mean - 1.0).abs() < 0.02,
            "{mean}, {square}"
        );
        assert!((f64::from(counts[0]) / n - (-1.0_f64).exp()).abs() < 0.005);
    }

    #[test]
    fn halves_add_up_to_the_whole() {
        for n in [0, 1, 7, 8, 9, 127, 128, 129, 1_000, 4_097] {
            let terms: Vec<f64> = (1..=n).map(f64::from).collect();
            assert_eq!(pairwise(&terms), f64::from(n) * f64::from(n + 1) / 2.0, "{n}");
        }
    }

    #[test]
    fn one_sided_replicates_have_no_correction() {
        assert_eq!(bca(9.0, &[1.0, 2.0, 3.0], &mut [1.0, 2.0, 3.0], 0.05), None);
        assert_eq!(bca(2.0, &[2.0, 2.0], &mut [1.0, 2.0, 3.0], 0.05), None);
        assert_eq!(bca(2.0, &[], &mut [1.0], 0.05), None);
        assert_eq!(percentile(&mut [1.0, f64::NAN], 0.05), None);
        assert_eq!(percentile(&mut [], 0.05), None);
    }
}
