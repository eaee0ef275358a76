//! The canonical text of a class: one for each value, however a file writes it.

use std::borrow::Cow;

/// The canonical text of a float: a whole number is written without a decimal point.
pub(super) fn float_text(x: f64) -> String {
    // Below 2^63 a whole float is an integer, which another file may write as one.
    if x.fract() == 0.0 && x.abs() < 9.2e18 { format!("{}", x as i64) } else { format!("{x}") }
}

/// The canonical text of a class that was written as text.
pub(super) fn class_text(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    if trimmed.eq_ignore_ascii_case("true") {
        return "true".into();
    }
    if trimmed.eq_ignore_ascii_case("false") {
        return "false".into();
    }
    number_text(trimmed, Spelling::Strict).unwrap_or_else(|| trimmed.into())
}

/// The canonical text of an id or a cluster: as it is, except that R writes the number 100000 as
/// `1e+05`.
pub(super) fn id_text(text: &str) -> Cow<'_, str> {
    if !text.contains("e+") {
        return text.into();
    }
    number_text(text, Spelling::Strict).unwrap_or_else(|| text.into())
}

/// Which texts are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Those that are hardly anything else. `1e5` may be a code; `1e+05` and `1.0E5`, as R and Java
    /// write numbers, are not codes.
    Strict,
    /// Also `1e5`, `+1`, `.5` and `5.`, as they occur where all classes are numbers.
    Loose,
}

/// Exponents beyond this one are of no double.
const MOST_EXPONENT: i64 = 330;

/// The digits of a number without exponent, superfluous zeros or a plus, as [`float_text`] writes
/// them; `None` if the text is no number. No digit is lost: what differs in the twentieth digit
/// stays different. `007` is not a number, because its zeros mean something.
pub(super) fn number_text(text: &str, spelling: Spelling) -> Option<Cow<'_, str>> {
    let loose = spelling == Spelling::Loose;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').filter(|_| loose).unwrap_or(text)),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let some = |text: &str| !text.is_empty() && is_digits(text);
    let is_number = is_digits(whole)
        && (whole.len() < 2 || !whole.starts_with('0'))
        && (!whole.is_empty() || loose && fraction.is_some_and(some))
        && fraction.is_none_or(is_digits);
    if !is_number {
        return None;
    }
    let exponent = match exponent {
        None if fraction.is_none() && !negative && digits.len() == text.len() => {
            return Some(text.into());
        }
        None => 0,
        Some(written) => {
            let value = written.strip_prefix(['+', '-']).unwrap_or(written);
            let signed = value.len() < written.len();
            if !some(value) || !(loose || signed || fraction.is_some_and(some)) {
                return None;
            }
            written.parse().ok().filter(|e: &i64| e.abs() <= MOST_EXPONENT)?
        }
    };
    Some(plain(negative, whole, fraction.unwrap_or_default(), exponent).into())
}

/// The number with these digits on both sides of its point, which the exponent moves.
fn plain(negative: bool, whole: &str, fraction: &str, exponent: i64) -> String {
    let digits: String = [whole, fraction].concat();
    let point = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_add(exponent);
    let missing = |n: i64| "0".repeat(usize::try_from(n).unwrap_or(0));
    let len = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let digits = [missing(-point), digits, missing(point - len)].concat();
    let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0).min(digits.len()));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let sign = if negative && !(whole.is_empty() && fraction.is_empty()) { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    [sign, whole, point, fraction].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_number_has_one_text_however_it_is_written() {
        // As R, Java, JavaScript, Python, DuckDB and C write the same numbers.
        for (texts, canonical) in [
            (&["1e+05", "1.0E5", "100000", "1E+5", "100000.00", "0.1e+06"][..], "100000"),
            (&["1e-04", "1.0E-4", "0.0001", "0.00010"], "0.0001"),
            (&["-1.5e+300"], &format!("-15{}", "0".repeat(299))),
            (&["123456789012345678901.50"], "123456789012345678901.5"),
            (&["0", "-0", "0.0", "-0.0e+00", "0e-5"], "0"),
        ] {
            for text in texts {
                assert_eq!(class_text(text), canonical, "{text}");
            }
        }
        for code in ["1e5", "007", "1e05", "+1", ".5", "e+5", "1e+", "1e+1e+1", "1e+999", "0x1e+5"]
        {
            assert_eq!(class_text(code), code);
        }
        for (text, canonical) in [("1e5", "100000"), ("+1", "1"), (".5", "0.5"), ("5.", "5")] {
            assert_eq!(number_text(text, Spelling::Loose).as_deref(), Some(canonical));
        }
        for code in ["007", "", "+", ".", "-.e1", "1e", "one"] {
            assert_eq!(number_text(code, Spelling::Loose), None, "{code}");
        }
    }

    #[test]
    fn an_id_is_changed_only_if_it_is_a_number_with_an_exponent() {
        for (text, id) in [
            ("1e+05", "100000"),
            (" 7", " 7"),
            ("1.0", "1.0"),
            ("a1e+05", "a1e+05"),
            ("1e5", "1e5"),
        ] {
            assert_eq!(id_text(text), id);
        }
    }

    proptest! {
        /// The text of a double, with an exponent and without, is the one that a binary file of
        /// the same number gives.
        #[test]
        fn text_and_double_agree(mantissa in -(1_i64 << 50)..(1_i64 << 50), power in -30_i32..30) {
            let x: f64 = format!("{mantissa}e{power}").parse().unwrap();
            // From there up to 2^63 a whole double has the digits of its integer, not of its text.
            prop_assume!(x.abs() < 9e15 || x.abs() > 9.3e18);
            let signed = |text: String| match text.split_once('e') {
                Some((m, e)) if !e.starts_with('-') => format!("{m}e+{e}"),
                _ => text,
            };
            let written = class_text(&signed(format!("{x:e}"))).into_owned();
            prop_assert_eq!(&written, &float_text(x));
            let shortest = format!("{x}");
            prop_assert_eq!(class_text(&shortest), float_text(x));
        }
    }
}
