//! Decimals as the nearest 64-bit floats.

use crate::predictions::class::{Spelling, number_text};
use arrow_array::{ArrowPrimitiveType, PrimitiveArray};
use arrow_buffer::ArrowNativeType;
use std::{borrow::Cow, fmt::Display};

/// Integers up to this one, and powers of ten up to this exponent, are exact as floats, so that one
/// division rounds correctly.
const EXACT: i64 = 1 << 53;
const EXACT_POWER: i8 = 22;

/// Two decimals with at most fifteen digits are never one float.
const DISTINCT: i64 = 1_000_000_000_000_000;

/// Whether the floats of these decimals are as distinct as the decimals.
pub(super) fn is_exact<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, scale: i8) -> bool {
    let few = |n: i64| (-DISTINCT..=DISTINCT).contains(&n);
    (0..=EXACT_POWER).contains(&scale)
        && array.values().iter().all(|digits| digits.to_i64().is_some_and(few))
}

/// The canonical text of each decimal.
pub(super) fn texts<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    scale: i8,
) -> impl Iterator<Item = String>
where
    T::Native: Display,
{
    array.values().iter().map(move |digits| text(digits, scale))
}

fn text(digits: &impl Display, scale: i8) -> String {
    let written = format!("{digits}e{:+}", -i32::from(scale));
    number_text(&written, Spelling::Strict).map_or(written.clone(), Cow::into_owned)
}

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
    use super::{float, text};

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

    #[test]
    fn the_text_of_a_decimal_has_all_its_digits() {
        for (digits, scale, written) in [
            (9_007_199_254_740_993_i128, 0, "9007199254740993"),
            (-12_345_678_901_234_567_890_123, 4, "-1234567890123456789.0123"),
            (150, 2, "1.5"),
            (5, -3, "5000"),
            (0, 10, "0"),
        ] {
            assert_eq!(text(&digits, scale), written);
        }
    }
}
