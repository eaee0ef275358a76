//! The binomial distribution: tails, and the rate at which a tail has a given probability.
//!
//! Accurate to about 1e-13 for every count up to 2^53, in bounded time: a document with absurd
//! counts must not block an evaluation. (In `statrs`, the inverse of the incomplete beta function
//! does not terminate for large counts, and its continued fraction stops before it converges.)

use super::count::float;
use libm::{exp, log, log1p};

/// A tail with a larger standard deviation than this is integrated, not summed.
const SUMMABLE: f64 = 200.0;

/// P(X ≥ `successes`) for X binomial with `trials` at `rate`; a `rate` outside [0, 1] is clamped to
/// it.
pub fn upper_tail(successes: u64, trials: u64, rate: f64) -> f64 {
    if successes == 0 || rate >= 1.0 {
        return if successes > trials { 0.0 } else { 1.0 };
    }
    if successes > trials || rate <= 0.0 {
        return 0.0;
    }
    if float(successes) > float(trials) * rate {
        far_tail(successes, trials, rate)
    } else {
        // Below the mean, compute the other tail, which is small: X ≥ x unless n − X ≥ n − x + 1.
        1.0 - far_tail(trials - successes + 1, trials, 1.0 - rate)
    }
}

/// The rate at which P(X ≥ `successes`) is `alpha`, for 0 < `successes` < `trials` and 0 < `alpha`
/// < 1/2: the `alpha` quantile of Beta(x, n − x + 1). Uses Newton's method on the logarithm of the
/// tail, kept within a bracket.
pub fn rate_of_tail(successes: u64, trials: u64, alpha: f64) -> f64 {
    let (x, n) = (float(successes), float(trials));
    let (mut low, mut high) = (0.0, 1.0);
    let mut rate = start(x, n, alpha);
    for _ in 0..200 {
        let tail = upper_tail(successes, trials, rate);
        if tail > alpha {
            high = rate;
        } else {
            low = rate;
        }
        let slope = x / rate * mass(x, n, rate);
        let step = (log(tail) - log(alpha)) * tail / slope;
        let next = rate - step;
        let next = if next >= low && next <= high { next } else { f64::midpoint(low, high) };
        // Each step squares the error, measured in standard deviations: after a step of 1e-8 no
        // error is left.
        let close = (next - rate).abs() <= 1e-8 * (rate * (1.0 - rate) / n).sqrt();
        rate = next;
        if close || high - low <= 1e-16 * high {
            break;
        }
    }
    rate
}

/// The first approximation: Wilson's score bound at roughly the right normal quantile.
fn start(x: f64, n: f64, alpha: f64) -> f64 {
    // Hastings (1955), 26.2.22 in Abramowitz and Stegun: accurate to 3e-3, enough for a start.
    let root = (-2.0 * log(alpha)).sqrt();
    let z = root - (2.307_53 + 0.270_61 * root) / (1.0 + root * (0.992_29 + 0.044_81 * root));
    // A continuity correction, because the exact bound is outside the score bound.
    let share = (x - 0.5).max(0.25) / n;
    let wide = z * z / n;
    let guess =
        (share + wide / 2.0 - z * ((share * (1.0 - share) + wide / 4.0) / n).sqrt()) / (1.0 + wide);
    guess.clamp(1e-300, 1.0 - 1e-16)
}

/// P(X ≥ x) for x above the mean, where the terms decrease.
fn far_tail(successes: u64, trials: u64, rate: f64) -> f64 {
    let (x, n) = (float(successes), float(trials));
    let spread = (n * rate * (1.0 - rate)).sqrt();
    if spread <= SUMMABLE { sum(x, n, rate) } else { integral(x, n, rate) }
}

/// The sum of the probabilities from x on; each term is computed from the previous one.
fn sum(x: f64, n: f64, rate: f64) -> f64 {
    let odds = rate / (1.0 - rate);
    let (mut term, mut total, mut k) = (1.0, 1.0, x);
    while k < n {
        term *= (n - k) / (k + 1.0) * odds;
        total += term;
        k += 1.0;
        if term <= 1e-17 * total {
            break;
        }
    }
    mass(x, n, rate) * total
}

/// Nodes and weights of the 16-point Gauss–Legendre rule on [−1, 1], the positive half.
pub(super) const NODES: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_88),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_894),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];

/// The tail as an integral of its derivative with respect to the rate, up to `rate`. It starts
/// where the density is negligible.
fn integral(x: f64, n: f64, rate: f64) -> f64 {
    let width = (rate * (1.0 - rate) / n).sqrt();
    let panels = 6.0;
    let half = (9.0 * width).min(rate) / panels / 2.0;
    // The logarithm of the density at `rate` − `d` divided by that at `rate`.
    let fall = |d: f64| (x - 1.0) * log1p(-d / rate) + (n - x) * log1p(d / (1.0 - rate));
    let mut total = 0.0;
    let mut panel = 0.0;
    while panel < panels {
        let middle = (2.0 * panel + 1.0) * half;
        for (node, weight) in NODES {
            total += weight * (exp(fall(middle - node * half)) + exp(fall(middle + node * half)));
        }
        panel += 1.0;
    }
    total * half * (x / rate) * mass(x, n, rate)
}

/// P(X = x), by Loader's saddle-point form (2000), which loses no digits to large factorials.
pub(super) fn mass(x: f64, n: f64, rate: f64) -> f64 {
    let rest = n - x;
    if x <= 0.0 {
        return exp(n * log1p(-rate));
    }
    if rest <= 0.0 {
        return exp(n * log(rate));
    }
    let exponent = stirling(n)
        - stirling(x)
        - stirling(rest)
        - deviance(x, n * rate)
        - deviance(rest, n * (1.0 - rate));
    (n / (std::f64::consts::TAU * x * rest)).sqrt() * exp(exponent)
}

/// The error of Stirling's formula for ln Γ(k + 1), for k > 0.
pub(super) fn stirling(k: f64) -> f64 {
    // The series is accurate from 15 on; below 15, δ(k) = δ(k + 1) + (k + ½) ln(1 + 1/k) − 1.
    let (mut k, mut below) = (k, 0.0);
    while k < 15.0 {
        below += (k + 0.5) * log1p(1.0 / k) - 1.0;
        k += 1.0;
    }
    let square = k * k;
    let tail = 1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square;
    below + (1.0 / 12.0 - (1.0 / 360.0 - tail / square) / square) / k
}

/// x ln(x / m) + m − x without cancellation for x near m.
pub(super) fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * log(x / m) + m - x;
    }
    let v = (x - m) / (x + m);
    let (mut total, mut term) = ((x - m) * v, 2.0 * x * v);
    for odd in [3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 19.0, 21.0] {
        term *= v * v;
        total += term / odd;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() <= 2e-13 * want.abs(), "{got:e} against {want:e}");
    }

    /// Sums of exact terms, computed by hand: P(Bin(4, 1/2) ≥ k).
    #[test]
    fn small_tails() {
        for (k, want) in [
            (0, 1.0),
            (1, 15.0 / 16.0),
            (2, 11.0 / 16.0),
            (3, 5.0 / 16.0),
            (4, 1.0 / 16.0),
            (5, 0.0),
        ] {
            near(upper_tail(k, 4, 0.5), want);
        }
        near(upper_tail(3, 3, 0.1), 1e-3);
        assert_eq!(upper_tail(1, 3, 0.0), 0.0);
        assert_eq!(upper_tail(3, 3, 1.0), 1.0);
    }

    /// Reference values: scipy.stats.beta.ppf(alpha, x, n - x + 1).
    #[test]
    fn agrees_with_scipy_for_large_counts() {
        for (x, n, alpha, want) in [
            (2, 2_000, 0.05, 0.000_177_709_400_674_375_8),
            (150_000, 200_000, 0.05, 0.748_402_206_762_034_4),
            (3, 200_000, 0.05, 4.088_469_320_435_721e-6),
            (500_000, 1_000_000, 0.05, 0.499_177_073_949_477_1),
            (999_000, 1_000_000, 0.01, 0.998_923_971_329_767_2),
            (9_000_000, 10_000_000, 0.001, 0.899_706_516_780_221),
            (12, 100_000_000, 0.05, 6.924_212_654_693_206e-8),
        ] {
            near(rate_of_tail(x, n, alpha), want);
        }
    }

    /// Beyond scipy's range, the normal expansion is the better reference: p − z√(pq/n) + ((2z² +
    /// 1)(1 − 2p)/6 − 1/2)/n.
    #[test]
    fn agrees_with_the_expansion_for_huge_counts() {
        let (n, p, z) = (1e12_f64, 0.1_f64, 1.644_853_626_951_472_2_f64);
        let first = p - z * (p * (1.0 - p) / n).sqrt();
        let second = ((2.0 * z * z + 1.0) * (1.0 - 2.0 * p) / 6.0 - 0.5) / n;
        near(rate_of_tail(100_000_000_000, 1_000_000_000_000, 0.05), first + second);
    }

    /// The two methods for a tail agree in the range where both are accurate.
    #[test]
    fn the_sum_and_the_integral_agree() {
        for (x, n, p) in
            [(9_200.0, 10_000.0, 0.915), (52_000.0, 100_000.0, 0.518), (3_150.0, 1e6, 0.003)]
        {
            near(integral(x, n, p), sum(x, n, p));
        }
    }

    #[test]
    fn the_rate_gives_the_tail_back_for_every_size() {
        for n in [2, 59, 1_000, 100_000, 10_000_000, 1_u64 << 40, 1 << 53] {
            for x in [1, 2, n / 10, n / 2, n - n / 10, n - 1] {
                if (1..n).contains(&x) {
                    for alpha in [0.05, 0.001, 0.49] {
                        let rate = rate_of_tail(x, n, alpha);
                        // Near 1 a rate has few digits left, so its neighbours must enclose the
                        // answer.
                        let around = [rate * (1.0 - 4e-15), rate * (1.0 + 4e-15)]
                            .map(|r| upper_tail(x, n, r));
                        let told = format!("{x} of {n} at {alpha}: {rate} gives {around:?}");
                        assert!(
                            around[0] <= alpha * (1.0 + 1e-9) && alpha * (1.0 - 1e-9) <= around[1],
                            "{told}"
                        );
                    }
                }
            }
        }
    }
}
