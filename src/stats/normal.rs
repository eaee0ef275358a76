//! The standard normal distribution. It uses only `libm`, so every machine computes the same
//! digits.

use libm::{erfc, log};
use std::f64::consts::FRAC_1_SQRT_2;

/// P(Z > `z`) for a standard normal Z: erfc(z / √2) / 2.
pub fn tail(z: f64) -> f64 {
    0.5 * erfc(z * FRAC_1_SQRT_2)
}

/// P(Z ≤ `z`) for a standard normal Z.
pub fn below(z: f64) -> f64 {
    tail(-z)
}

/// The z with P(Z > z) = `alpha`; positive for `alpha` < 1/2.
pub fn upper_quantile(alpha: f64) -> f64 {
    -quantile(alpha)
}

/// The z with P(Z ≤ z) = `p`: algorithm AS 241, PPND16 (Wichura 1988), accurate to about 1e-16.
/// Infinite at 0 and 1, NaN outside.
pub fn quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * polynomial(&CENTRE.0, r) / polynomial(&CENTRE.1, r);
    }
    let r = (-log(if q <= 0.0 { p } else { 1.0 - p })).sqrt();
    if r.is_infinite() {
        return r.copysign(q);
    }
    let size = if r <= 5.0 {
        polynomial(&MIDDLE.0, r - 1.6) / polynomial(&MIDDLE.1, r - 1.6)
    } else {
        polynomial(&FAR.0, r - 5.0) / polynomial(&FAR.1, r - 5.0)
    };
    size.copysign(q)
}

/// The polynomial with these coefficients, the highest power first.
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

type Ratio = ([f64; 8], [f64; 8]);

const CENTRE: Ratio = (
    [
        2_509.080_928_730_122_7,
        33_430.575_583_588_13,
        67_265.770_927_008_7,
        45_921.953_931_549_87,
        13_731.693_765_509_46,
        1_971.590_950_306_551_3,
        133.141_667_891_784_38,
        3.387_132_872_796_366_5,
    ],
    [
        5_226.495_278_852_854,
        28_729.085_735_721_943,
        39_307.895_800_092_71,
        21_213.794_301_586_597,
        5_394.196_021_424_751,
        687.187_007_492_057_9,
        42.313_330_701_600_91,
        1.0,
    ],
);
const MIDDLE: Ratio = (
    [
        0.000_774_545_014_278_341_4,
        0.022_723_844_989_269_184,
        0.241_780_725_177_450_6,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ],
    [
        1.050_750_071_644_416_9e-09,
        0.000_547_593_808_499_534_5,
        0.015_198_666_563_616_457,
        0.148_103_976_427_480_08,
        0.689_767_334_985_1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ],
);
const FAR: Ratio = (
    [
        2.010_334_399_292_288_1e-07,
        2.711_555_568_743_487_6e-05,
        0.001_242_660_947_388_078_4,
        0.026_532_189_526_576_124,
        0.296_560_571_828_504_87,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ],
    [
        2.044_263_103_389_939_7e-15,
        1.421_511_758_316_446e-07,
        1.846_318_317_510_054_8e-05,
        0.000_786_869_131_145_613_3,
        0.014_875_361_290_850_615,
        0.136_929_880_922_735_8,
        0.599_832_206_555_888,
        1.0,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: scipy.stats.norm.ppf and norm.sf.
    #[test]
    fn agrees_with_scipy() {
        for (p, z) in SCIPY {
            assert!((quantile(p) - z).abs() <= 4e-16 * z.abs(), "{p}: {} against {z}", quantile(p));
            assert!(
                (below(z) - p).abs() <= 1e-15 * (1.0 + z * z) * p,
                "{z}: {} against {p}",
                below(z)
            );
        }
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(quantile(1.5).is_nan() && quantile(f64::NAN).is_nan());
    }

    const SCIPY: [(f64, f64); 11] = [
        (1e-300, -37.0470962993612),
        (1e-12, -7.034483825301131),
        (1e-06, -4.753424308822899),
        (0.001, -3.090232306167813),
        (0.025, -1.9599639845400545),
        (0.05, -1.6448536269514729),
        (0.2, -0.8416212335729142),
        (0.5, 0.0),
        (0.4, -0.2533471031357997),
        (0.8, 0.8416212335729143),
        (0.975, 1.959963984540054),
    ];
}
