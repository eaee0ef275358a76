//! The distribution of Kolmogorov's statistic D for n samples from a continuous distribution, with
//! the choice of methods by Simard and L'Ecuyer (2011).

use super::{
    binomial::{mass, stirling},
    proportion::float,
};
use libm::{ceil, exp, ldexp, log, pow};
use std::f64::consts::{PI, TAU};

/// P(D > `x`) for `n` samples; `None` for no samples.
pub fn tail(n: u64, x: f64) -> Option<f64> {
    if n == 0 || x.is_nan() {
        return None;
    }
    let size = float(n);
    let scaled = size * x;
    let square = scaled * x;
    let p = if x >= 1.0 {
        0.0
    } else if x <= 0.0 || scaled <= 0.5 {
        1.0
    } else if scaled <= 1.0 {
        // Ruben and Gambino: n! (2x − 1/n)ⁿ.
        let factorials = stirling(size) + 0.5 * log(TAU * size) - size;
        1.0 - exp(factorials + size * log(2.0 * scaled - 1.0))
    } else if scaled >= size - 1.0 {
        2.0 * pow(1.0 - x, size)
    } else if square >= 370.0 {
        0.0
    } else if x >= 0.5 || square >= if n <= 140 { 4.0 } else { 2.2 } {
        // Miller's approximation: both sides are almost never exceeded at once. Exact from x = 1/2
        // on.
        2.0 * one_sided(n, x)
    } else if n <= 140 || (n <= 100_000 && scaled * x.sqrt() <= 1.4) {
        1.0 - matrix(n, x)
    } else {
        1.0 - expansion(size, x)
    };
    Some(p.clamp(0.0, 1.0))
}

/// The distance that √n D exceeds with probability `alpha` for many samples, from the first term of
/// Kolmogorov's series (1933), which exceeds the series: never too small.
pub fn critical(alpha: f64) -> f64 {
    (-log(alpha / 2.0) / 2.0).sqrt()
}

/// P(D⁺ > x), by Smirnov's sum (1944; Birnbaum and Tingey 1951): Σ C(n, j) (x + j/n)^(j−1) (1 − x − j/n)^(n−j) x.
fn one_sided(n: u64, x: f64) -> f64 {
    if n > 1_000_000 {
        // Simard and L'Ecuyer (2011), equation 10, from Maag and Dicaire, because the sum would
        // take too long.
        let root = 6.0 * float(n) * x + 1.0;
        return exp(-root * root / (18.0 * float(n)));
    }
    let size = float(n);
    // For large n the terms form a smooth curve in j whose sum is its integral, so a sample of the
    // terms at regular steps is enough.
    let stride = (n / 8_192).max(1);
    let (mut total, mut j) = (0.0, 0);
    while j <= n {
        let rate = x + float(j) / size;
        if rate >= 1.0 {
            break;
        }
        total += mass(float(j), size, rate) * x / rate;
        j += stride;
    }
    total * float(stride)
}

/// P(D ≤ x) by Durbin's matrix (1968), raised to its power as Marsaglia, Tsang and Wang (2003) do.
fn matrix(n: u64, x: f64) -> f64 {
    let scaled = float(n) * x;
    let k = ceil(scaled);
    let h = k - scaled;
    let side = whole(2.0 * k - 1.0);
    let middle = whole(k - 1.0);
    // Entry (i, j) is 1 / (i − j + 1)! on and below the first upper diagonal, with edges of (1 − h^i) / i!.
    let mut factorials = vec![1.0];
    for i in 1..=side {
        factorials.push(factorials.last().copied().unwrap_or(1.0) / length(i));
    }
    let inverse = |i: usize| factorials.get(i).copied().unwrap_or(0.0);
    let edge = |i: usize| (1.0 - pow(h, length(i))) * inverse(i);
    let corner = (1.0 - 2.0 * pow(h, length(side)) + pow((2.0 * h - 1.0).max(0.0), length(side)))
        * inverse(side);
    let entry = |i: usize, j: usize| match (i, j) {
        (i, 0) if i + 1 == side => corner,
        (i, 0) => edge(i + 1),
        (i, j) if i + 1 == side => edge(side - j),
        (i, j) if i + 1 >= j => inverse(i + 1 - j),
        _ => 0.0,
    };
    let mut base: Vec<Vec<f64>> =
        (0..side).map(|i| (0..side).map(|j| entry(i, j)).collect()).collect();
    let mut power: Vec<f64> = (0..side).map(|j| f64::from(u8::from(j == middle))).collect();
    let (mut left, mut exponent, mut base_exponent) = (n, 0, 0);
    // Only the middle row of the power is needed.
    while left > 0 {
        if left % 2 == 1 {
            power = times(&power, &base);
            exponent += base_exponent;
        }
        left /= 2;
        if left > 0 {
            base = base.iter().map(|row| times(row, &base)).collect();
            base_exponent *= 2;
            if base.get(middle).and_then(|row| row.get(middle)).is_some_and(|x| *x > SCALE) {
                base.iter_mut().flatten().for_each(|x| *x /= SCALE);
                base_exponent += SHIFT;
            }
        }
    }
    // n! / nⁿ.
    let mut p = power.get(middle).copied().unwrap_or(0.0);
    for i in 1..=n {
        p *= float(i) / float(n);
        if p < 1.0 / SCALE {
            p *= SCALE;
            exponent -= SHIFT;
        }
    }
    ldexp(p, exponent)
}

/// 2^128: the factor that keeps intermediate numbers within the range of floats.
const SCALE: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;
const SHIFT: i32 = 128;

/// A row times a square matrix.
fn times(row: &[f64], matrix: &[Vec<f64>]) -> Vec<f64> {
    let mut product = vec![0.0; row.len()];
    for (x, line) in row.iter().zip(matrix) {
        if *x != 0.0 {
            for (sum, y) in product.iter_mut().zip(line) {
                *sum += x * y;
            }
        }
    }
    product
}

/// P(D ≤ x) by the expansion of Pelz and Good (1976) in powers of 1/√n; accurate to 1e-10 or better
/// for large n.
fn expansion(n: f64, x: f64) -> f64 {
    let z = n.sqrt() * x;
    let z2 = z * z;
    let (z3, z4, z6) = (z2 * z, z2 * z2, z2 * z2 * z2);
    let p2 = PI * PI;
    if p2 / 8.0 / z2 > 708.0 {
        return 0.0;
    }
    let half = exp(-p2 / 8.0 / z2);
    let most = ceil(16.0 * z / PI);
    let mut sums = [0.0; 4];
    let mut k = most;
    while k >= 1.0 {
        let m = 2.0 * k - 1.0;
        let (m2, m4, m6) = (m * m, m * m * m * m, m * m * m * m * m * m);
        let terms = [
            1.0,
            -z2 + p2 / 4.0 * m2,
            6.0 * z6
                + 2.0 * z4
                + (2.0 * z4 - 5.0 * z2) * p2 / 4.0 * m2
                + p2 * p2 * (1.0 - 2.0 * z2) / 16.0 * m4,
            -30.0 * z6 - 90.0 * z4 * z4
                + p2 * (135.0 * z4 - 96.0 * z6) / 4.0 * m2
                + p2 * p2 * (-60.0 * z2 + 212.0 * z4) / 16.0 * m4
                + p2 * p2 * p2 * (5.0 - 30.0 * z2) / 64.0 * m6,
        ];
        // Horner's scheme: (2k + 1)² − (2k − 1)² = 8k.
        let step = pow(half, 8.0 * k);
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum = *sum * step + term;
        }
        k -= 1.0;
    }
    let [a, b, c, d] = sums.map(|sum| sum * half * TAU.sqrt());
    let whole = exp(-p2 / 2.0 / z2);
    let (mut second, mut third) = (0.0, 0.0);
    let mut k = most;
    while k >= 1.0 {
        let power = k * k * pow(whole, k * k);
        second += power;
        third += (3.0 * z2 - p2 * k * k) * power;
        k -= 1.0;
    }
    let c = c / (72.0 * z6 * z) - second * p2 * TAU.sqrt() / (36.0 * z3);
    let d = d / (6480.0 * z6 * z4) + third * p2 * TAU.sqrt() / (216.0 * z6);
    a / z + b / (6.0 * z4) / n.sqrt() + c / n + d / (n * n.sqrt())
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "at most some hundreds")]
fn length(i: usize) -> f64 {
    i as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and some hundreds"
)]
fn whole(x: f64) -> usize {
    x as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: scipy.stats.kstwo.sf, at least one for each method.
    #[test]
    fn agrees_with_scipy() {
        for (n, x, p) in [
            (1, 0.7, 0.600_000_000_000_000_1),
            (3, 0.3, 0.886_222_222_222_222_2),
            (10, 0.32, 0.207_263_120_011_236_04),
            (34, 0.25, 0.023_317_629_622_259_36),
            (100, 0.06, 0.842_884_795_627_412_3),
            (140, 0.12, 0.032_526_382_585_616_32),
            (141, 0.12, 0.031_600_605_277_584_68),
            (1_000, 0.02, 0.810_897_165_689_557_7),
            (1_000, 0.045, 0.033_783_040_145_460_85),
            (20_000, 0.006, 0.465_768_950_861_247_7),
            (100_000, 0.005, 0.013_430_824_977_799_608),
            (5_000_000, 0.000_8, 0.003_321_342_654_222_733_4),
            (5, 0.95, 6.250_000_000_000_028e-7),
        ] {
            let got = tail(n, x).unwrap();
            assert!((got - p).abs() <= 1e-11 * p, "{n}, {x}: {got} against {p}");
        }
    }

    #[test]
    fn the_ends() {
        assert_eq!(tail(0, 0.5), None);
        assert_eq!(tail(9, f64::NAN), None);
        assert_eq!([tail(9, 0.0), tail(9, 1.0), tail(9, 0.05)], [Some(1.0), Some(0.0), Some(1.0)]);
    }

    /// Reference values: scipy.stats.kstwobign.isf.
    #[test]
    fn critical_distances_agree_with_scipy() {
        for (alpha, want) in [(0.05, 1.358_098_637_843_046), (0.01, 1.627_623_611_518_957_2)] {
            assert!((critical(alpha) - want).abs() < 3e-5, "{alpha}: {}", critical(alpha));
        }
    }
}
