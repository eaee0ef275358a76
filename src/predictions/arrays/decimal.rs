//! Decimals as the nearest 64-bit floats.

use arrow_array::{ArrowPrimitiveType, PrimitiveArray};
use arrow_buffer::ArrowNativeType;
use std::fmt::Display;

/// Integers up to this one, and powers of ten up to this exponent, are exact as floats, so that one
/// division rounds correctly.
const EXACT: i64 = 1 << 53;
const EXACT_POWER: i8 = 22;

/// The values of a column of decimals with this many digits after the point; `None` if one is not a
/// number.
pub(super) fn floats<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    scale: i8,
) -> Option<Vec<f64>>
where
    T::Native: Display,
{
    array.values().iter().map(|digits| float(*digits, scale)).collect()
}

fn float<D: Display + ArrowNativeType>(digits: D, scale: i8) -> Option<f64> {
    match digits.to_i64() {
        Some(n) if (-EXACT..=EXACT).contains(&n) && (0..=EXACT_POWER).contains(&scale) => {
            Some(whole(n) / 10_f64.powi(i32::from(scale)))
        }
        // Parsing rounds correctly.
        _ => format!("{digits}e{}", -i32::from(scale)).parse().ok(),
    }
}

#[expect(clippy::as_conversions, reason = "at most 2^53")]
fn whole(n: i64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn a_decimal_is_the_float_that_its_text_is() {
        for (digits, scale, text) in [
            (150_i128, 2, "1.50"),
            (-1, 1, "-0.1"),
            (123_456_789_012_345_678_901_234_567, 20, "1234567.89012345678901234567"),
            (9_007_199_254_740_993, 0, "9007199254740993"),
            (5, -3, "5000"),
            (1, 38, "1e-38"),
        ] {
            assert_eq!(float(digits, scale), Some(text.parse::<f64>().unwrap()), "{text}");
        }
    }
}
