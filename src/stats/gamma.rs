//! The gamma distribution, for tails with a given skewness.

use super::{
    binomial::{deviance, stirling},
    normal,
};
use libm::{exp, log};
use std::f64::consts::TAU;

/// Above this shape the distribution is normal, but for a correction (Cornish and Fisher 1938).
const LARGEST: f64 = 1e6;

/// P(X ≤ `x`) for X gamma with this `shape` and scale 1.
pub fn below(shape: f64, x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return 0.0;
    }
    // x^a e^−x / Γ(a + 1) without cancellation.
    let density = exp(-deviance(shape, x) - stirling(shape)) / (TAU * shape).sqrt();
    if x < shape + 1.0 {
        let (mut term, mut total, mut k) = (1.0, 1.0, shape);
        while term > 1e-17 * total {
            k += 1.0;
            term *= x / k;
            total += term;
        }
        return (density * total).min(1.0);
    }
    // The continued fraction of the upper tail, by Lentz's method.
    let mut b = x + 1.0 - shape;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut fraction = d;
    let mut i = 1.0;
    while i < 100_000.0 {
        let a = -i * (i - shape);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        let step = c * d;
        fraction *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
        i += 1.0;
    }
    1.0 - (density * shape * fraction).min(1.0)
}

/// The `p` quantile for a `shape` > 0, by bisection in the logarithm.
pub fn quantile(p: f64, shape: f64) -> f64 {
    let (mut low, mut high) =
        (log(shape) - 100.0 / shape.min(1.0), log(shape + 100.0 * (shape.sqrt() + 1.0)));
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if below(shape, exp(middle)) > p {
            high = middle;
        } else {
            low = middle;
        }
    }
    exp(f64::midpoint(low, high))
}

/// The `p` quantile of the distribution with mean 0, variance 1 and this `skewness` that is a
/// shifted gamma distribution (Pearson's type III).
pub fn standardised(skewness: f64, p: f64) -> f64 {
    if skewness < 0.0 {
        return -standardised(-skewness, 1.0 - p);
    }
    let shape = 4.0 / skewness / skewness;
    if !shape.is_finite() || shape > LARGEST {
        let z = normal::quantile(p);
        let slant = if skewness.is_finite() { skewness } else { 0.0 };
        return z + slant * (z * z - 1.0) / 6.0;
    }
    (quantile(p, shape) - shape) / shape.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: scipy.stats.gamma.cdf and ppf.
    #[test]
    fn agrees_with_scipy() {
        for (shape, x, want) in CDF {
            let got = below(shape, x);
            assert!((got - want).abs() <= 1e-12 * want, "{shape}, {x}: {got} against {want}");
        }
        for (shape, p, want) in PPF {
            let got = quantile(p, shape);
            assert!((got - want).abs() <= 1e-10 * want, "{shape}, {p}: {got} against {want}");
        }
    }

    /// Reference values: scipy.stats.pearson3.ppf.
    #[test]
    fn skewed_quantiles_agree_with_scipy() {
        for (skewness, p, want) in PEARSON {
            let got = standardised(skewness, p);
            assert!((got - want).abs() < 1e-8, "{skewness}, {p}: {got} against {want}");
        }
    }

    const CDF: [(f64, f64, f64); 8] = [
        (0.5, 0.2, 0.472_910_743_134_461_96),
        (1.0, 3.0, 0.950_212_931_632_136),
        (4.5, 2.0, 0.088_587_473_168_320_83),
        (4.5, 9.0, 0.964_826_460_533_015_2),
        (40.0, 55.0, 0.985_302_820_473_602_3),
        (1_000.0, 950.0, 0.055_054_686_230_738_045),
        (1_000.0, 1_100.0, 0.998_940_676_746_070_1),
        (250_000.0, 251_000.0, 0.977_141_994_263_784_8),
    ];
    const PPF: [(f64, f64, f64); 6] = [
        (0.5, 0.05, 0.001_966_070_000_009_761),
        (1.0, 0.95, 2.995_732_273_553_989_5),
        (4.5, 0.05, 1.662_556_421_533_407_4),
        (40.0, 0.999, 62.419_612_007_882_39),
        (1_000.0, 0.05, 948.559_849_383_651_1),
        (250_000.0, 0.95, 250_822.994_935_406_9),
    ];
    const PEARSON: [(f64, f64, f64); 7] = [
        (0.0, 0.05, -1.644_853_626_951_472_9),
        (0.1, 0.05, -1.615_941_296_912_552_6),
        (1.0, 0.05, -1.316_840_801_625_084_5),
        (1.0, 0.95, 1.876_828_263_966_362_7),
        (-1.0, 0.05, -1.876_828_263_966_362_7),
        (2.0, 0.95, 1.995_732_273_553_989_5),
        (0.003, 0.001, -3.085_958_032_083_795),
    ];
}
