//! Numbers as written: the last digit shows how exact a value is.

use crate::model::evidence::MIN_ROUNDING;

/// A number in the grammar of JSON that a double can hold, as its source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    /// A number from text that the caller has checked against the grammar of JSON.
    pub(super) const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// A number from a table cell or a line of text: a sign, digits, a decimal point, an exponent.
    /// `None` for anything else, and for a number beyond the range of a double.
    pub fn parse(text: &'a str) -> Option<Self> {
        let decimal = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b'e' | b'E');
        let number = Self(text);
        (text.bytes().any(|b| b.is_ascii_digit())
            && text.bytes().all(decimal)
            && number.value().is_finite())
        .then_some(number)
    }

    /// The text as written.
    pub const fn text(self) -> &'a str {
        self.0
    }

    /// The nearest double; finite, and never a negative zero.
    pub fn value(self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN) + 0.0
    }

    /// The number as a count, if it is whole and not negative: `12000`, `171.0`, `1.2e4`.
    pub fn count(self) -> Option<u64> {
        match self.0.parse() {
            Ok(count) => Some(count),
            Err(_) => crate::evidence::counts::whole(self.value()),
        }
    }

    /// Half a unit of the last digit written, at least [`MIN_ROUNDING`]: 0.005 for `0.91`, 5e-5 for `9.1e-3`, 0.05 for
    /// `1.0`, 0.5 for `1`.
    pub fn rounding(self) -> f64 {
        const HALF_UNITS: [f64; 12] =
            [0.5, 5e-2, 5e-3, 5e-4, 5e-5, 5e-6, 5e-7, 5e-8, 5e-9, 5e-10, 5e-11, 5e-12];
        let last = self.places();
        match usize::try_from(last) {
            Ok(last) => HALF_UNITS.get(last).copied().unwrap_or(MIN_ROUNDING),
            Err(_) => 0.5 * 10f64.powi(last.saturating_neg().min(400)),
        }
    }

    /// The significant digits written: 16 for `0.9590643274853801`, 3 for `171` and for `1.71e2`.
    pub fn significant_digits(self) -> usize {
        let (mantissa, _) = self.parts();
        mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|b| *b == b'0').count()
    }

    /// The decimal place of the last digit: 2 for `0.91`, 0 for `1`, -2 for `1e2`.
    pub fn places(self) -> i32 {
        let (mantissa, exponent) = self.parts();
        let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        // An exponent too long to parse leaves a value of zero, which is exact.
        let exponent: i32 =
            exponent.map_or(0, |e| e.trim_start_matches('+').parse().unwrap_or(-10_000));
        i32::try_from(decimals).unwrap_or(i32::MAX).saturating_sub(exponent)
    }

    fn parts(self) -> (&'a str, Option<&'a str>) {
        match self.0.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (self.0, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_written_tells_the_rounding() {
        let cases = [
            ("0.91", 5e-3),
            ("9.1e-3", 5e-5),
            ("1.0", 5e-2),
            ("1", 0.5),
            ("0", 0.5),
            ("-0.250", 5e-4),
            ("1e2", 50.0),
            ("1.5E+1", 0.5),
            ("0.9590643274853801", 1e-12),
            ("0.00000000001", 5e-12),
            ("0.000000000001", 1e-12),
            ("0e-99999999999", 1e-12),
            ("5e-324", 1e-12),
        ];
        for (text, want) in cases {
            assert_eq!(Number(text).rounding(), want, "{text}");
        }
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        let cases = [
            ("171", Some(171)),
            ("171.0", Some(171)),
            ("1.2e4", Some(12_000)),
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("-1", None),
            ("0.5", None),
            ("1e300", None),
            ("18446744073709551616", None),
        ];
        for (text, want) in cases {
            assert_eq!(Number(text).count(), want, "{text}");
        }
    }

    #[test]
    fn significant_digits_leave_out_leading_zeros() {
        for (text, want) in [
            ("0.9590643274853801", 16),
            ("171", 3),
            ("1.71e2", 3),
            ("0.05", 1),
            ("0.0", 0),
            ("1.0", 2),
        ] {
            assert_eq!(Number(text).significant_digits(), want, "{text}");
        }
    }
}
