//! Decimal text to the nearest double.

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The number at the beginning of some bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scanned {
    /// How many bytes the number has.
    pub(super) len: usize,
    pub(super) value: f64,
    /// Its value as an integer, if it is written as one that fits.
    pub(super) integer: Option<i64>,
    /// Whether it is valid JSON: no sign except `-`, no leading zeros, digits on both sides of a
    /// decimal point.
    pub(super) json: bool,
}

/// Reads the number that `bytes` begin with, correctly rounded. If digits and exponent are small
/// enough, one exact operation gives the nearest double (Clinger 1990); the standard library
/// handles all other cases.
#[inline]
pub(super) fn scan(bytes: &[u8]) -> Option<Scanned> {
    let negative = bytes.first() == Some(&b'-');
    let signed = negative || bytes.first() == Some(&b'+');
    let mut at = usize::from(signed);
    let mut json = !signed || negative;
    let mut mantissa = 0_u64;
    let whole = digits(bytes, &mut at, &mut mantissa);
    json &= whole == 1 || whole > 1 && bytes.get(at - whole) != Some(&b'0');
    let (mut fraction, mut exponent, mut integer) = (0, 0_i64, true);
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        integer = false;
        fraction = digits(bytes, &mut at, &mut mantissa);
        json &= fraction > 0;
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        integer = false;
        at += 1;
        let down = bytes.get(at) == Some(&b'-');
        at += usize::from(down || bytes.get(at) == Some(&b'+'));
        let (mut value, from) = (0_u64, at);
        if digits(bytes, &mut at, &mut value) == 0 {
            return None;
        }
        let value = if at - from > 6 { 999_999 } else { i64::try_from(value).unwrap_or(999_999) };
        exponent = if down { -value } else { value };
    }
    // Nineteen digits cannot overflow.
    let few = whole + fraction <= 19;
    let exponent = exponent.checked_sub(i64::try_from(fraction).ok()?)?;
    let power = usize::try_from(exponent.unsigned_abs()).ok().and_then(|at| POWERS.get(at));
    let value = match power {
        Some(power) if few && mantissa <= 1 << 53 => {
            let exact = exact(mantissa);
            let value = if exponent < 0 { exact / power } else { exact * power };
            if negative { -value } else { value }
        }
        _ => std::str::from_utf8(bytes.get(..at)?).ok()?.parse().ok()?,
    };
    let integer = match (integer, few, negative) {
        (false, _, _) => None,
        (_, false, _) => std::str::from_utf8(bytes.get(..at)?).ok()?.parse().ok(),
        (_, _, true) => 0_i64.checked_sub_unsigned(mantissa),
        _ => i64::try_from(mantissa).ok(),
    };
    Some(Scanned { len: at, value, integer, json })
}

/// Reads digits into `value`, wrapping on overflow; returns how many there were.
#[inline]
fn digits(bytes: &[u8], at: &mut usize, value: &mut u64) -> usize {
    let from = *at;
    while let Some(chunk) = bytes.get(*at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        if !eight_digits(word) {
            break;
        }
        *value = value.wrapping_mul(100_000_000).wrapping_add(eight(word));
        *at += 8;
    }
    while let Some(digit) = bytes.get(*at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        *value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        *at += 1;
    }
    *at - from
}

/// Whether all eight bytes are digits.
#[inline]
fn eight_digits(word: u64) -> bool {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const SIX: u64 = 0x0606_0606_0606_0606;
    word & HIGH == ZEROS && word.wrapping_add(SIX) & HIGH == ZEROS
}

/// The value of eight digits, with the first of them in the lowest byte (Lemire 2022).
#[inline]
fn eight(word: u64) -> u64 {
    let pairs = (word & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(2561) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(6_553_601) >> 16;
    (fours & 0x0000_ffff_0000_ffff).wrapping_mul(42_949_672_960_001) >> 32
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "at most 2^53, which a double holds exactly"
)]
fn exact(mantissa: u64) -> f64 {
    mantissa as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_stands_in_front() {
        let scan = |s: &str| scan(s.as_bytes()).map(|s| (s.len, s.value, s.integer, s.json));
        assert_eq!(scan("12,"), Some((2, 12.0, Some(12), true)));
        assert_eq!(scan("-0.5e1}"), Some((6, -5.0, None, true)));
        assert_eq!(scan("007"), Some((3, 7.0, Some(7), false)));
        assert_eq!(scan(".5"), Some((2, 0.5, None, false)));
        assert_eq!(scan("5."), Some((2, 5.0, None, false)));
        assert_eq!(scan("+5"), Some((2, 5.0, Some(5), false)));
        assert_eq!(
            scan("-9223372036854775808"),
            Some((20, -9_223_372_036_854_775_808.0, Some(i64::MIN), true))
        );
        assert_eq!(scan("9223372036854775808").unwrap().2, None);
        assert_eq!(scan("1e400").unwrap().1, f64::INFINITY);
        assert_eq!(scan("1e-99999999999999999999").unwrap().1, 0.0);
        for none in ["", "-", ".", "e5", "1e", "1e+", "NaN", "inf"] {
            assert_eq!(scan(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(text in "-?[0-9]{1,25}(\\.[0-9]{1,25})?([eE][-+]?[0-9]{1,3})?") {
            let scanned = scan(text.as_bytes()).unwrap();
            let expected: f64 = text.parse().unwrap();
            prop_assert_eq!(scanned.value.to_bits(), expected.to_bits());
            prop_assert_eq!(scanned.integer, text.parse::<i64>().ok());
            prop_assert_eq!(scanned.len, text.len());
        }

        #[test]
        fn reads_back_every_double(bits: u64) {
            let x = f64::from_bits(bits);
            prop_assume!(x.is_finite());
            prop_assert_eq!(scan(format!("{x:e}").as_bytes()).unwrap().value.to_bits(), bits);
            prop_assert_eq!(scan(format!("{x}").as_bytes()).unwrap().value.to_bits(), bits);
        }
    }
}
