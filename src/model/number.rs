//! Rounding of derived numbers, so that a verdict is the same on every machine.

/// Rounds `x` to 12 significant decimal digits. Every derived number is rounded this way before it
/// is compared.
///
/// Returns a number that is not finite unchanged.
pub fn round12(x: f64) -> f64 {
    if !x.is_finite() || x == 0.0 {
        return x;
    }
    scaled(x).unwrap_or_else(|| format!("{x:.11e}").parse().unwrap_or(x))
}

/// The same by arithmetic, if that is certain to give the same result; several times faster than
/// text.
///
/// The power of ten and the rounded whole number are exact, so their quotient is the nearest double
/// to the decimal, the same as parsing it. Only the product can be off, by far less than a
/// thousandth: near a tie this returns `None`.
fn scaled(x: f64) -> Option<f64> {
    let size = x.abs();
    let (mut scale, mut top) = (1e11, 10.0);
    if !(1e-10..1e11).contains(&size) {
        return None;
    }
    while size >= top {
        scale /= 10.0;
        top *= 10.0;
    }
    while size * scale < 1e11 {
        scale *= 10.0;
    }
    let product = size * scale;
    let whole = product.floor();
    let rest = product - whole;
    let near = |edge: f64| (rest - edge).abs() < 1e-3;
    if near(0.5) || product >= 1e12 {
        return None;
    }
    let rounded = if rest > 0.5 { whole + 1.0 } else { whole };
    Some((rounded / scale).copysign(x))
}

/// A count with thousands separators, for sentences: `12,000`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A value for display: at most six decimals, without trailing zeros; very large and very small
/// values with an exponent.
pub fn short(value: f64) -> String {
    let size = value.abs();
    if value != 0.0 && !(1e-4..1e9).contains(&size) {
        return format!("{value:.6e}");
    }
    // 0.9999997 is not 1, and a reader would take a bound of 1 for certainty.
    let decimals = if value < 1.0 && value > 0.999_999 { 12 } else { 6 };
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_twelve_significant_digits() {
        assert_eq!(round12(0.896_413_771_213_456_7), 0.896_413_771_213);
        assert_eq!(round12(123_456_789_012_345.0), 123_456_789_012_000.0);
        assert_eq!(round12(0.1 + 0.2), 0.3);
        assert_eq!(round12(0.0), 0.0);
        assert!(round12(f64::NAN).is_nan());
    }

    #[test]
    fn the_fast_way_is_the_way_of_text() {
        let mut state = 88_172_645_463_325_252_u64;
        for _ in 0..200_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
            for x in [
                unit,
                -unit,
                unit * 1e-9,
                unit * 1e7,
                (unit * 1e6).round() / 1e6,
                1.0 - unit * 1e-12,
            ] {
                let text: f64 = format!("{x:.11e}").parse().unwrap();
                assert_eq!(
                    round12(x).to_bits(),
                    if x == 0.0 { x.to_bits() } else { text.to_bits() },
                    "{x:e}"
                );
            }
        }
        for x in [
            1.0_f64,
            10.0,
            0.1,
            99_999_999_999.999,
            1e-10,
            0.999_999_999_999_5,
            999_999_999_999.5,
            1e300,
        ] {
            let text: f64 = format!("{x:.11e}").parse().unwrap();
            assert_eq!(round12(x), text, "{x:e}");
        }
    }

    #[test]
    fn groups_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
