//! How exact the numbers of a document are.

use super::json::{Json, Number};
use crate::model::evidence::MIN_ROUNDING;

/// How exact the numbers of a document are, judged over all of them.
///
/// Python's `json.dump` writes the shortest text that reads back as the same double: most values then show 15 digits or
/// more, and a `0.9` beside them is exactly the double nearest 0.9. Where no number has so many digits, somebody rounded
/// before writing (or wrote by hand), and every value is only as exact as its own last digit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Doubles in full.
    Full,
    /// As exact as the last digit written.
    AsWritten,
    /// Rounded to so many decimal places, zeros at the end left away.
    Places(u8),
}

impl Precision {
    /// Judged by these numbers.
    pub fn of<'n>(numbers: impl IntoIterator<Item = Number<'n>>) -> Self {
        let full = |number: Number<'_>| number.significant_digits() >= 15 && number.rounding() < 1e-9;
        if numbers.into_iter().any(full) { Self::Full } else { Self::AsWritten }
    }

    /// Judged by all numbers below these values.
    pub fn below<'j, 'a: 'j>(values: impl IntoIterator<Item = &'j Json<'a>>) -> Self {
        Self::of(values.into_iter().flat_map(Json::numbers))
    }

    /// As [`Self::of`], for what pandas may have written: its `to_json` rounds every number to ten decimal places, so
    /// that a `0.8` among such numbers is exact to ten places as well.
    pub fn of_pandas<'n>(numbers: impl IntoIterator<Item = Number<'n>>) -> Self {
        let (mut most, mut full) = (0, false);
        for number in numbers {
            most = most.max(number.places());
            full |= number.places() > 10 && number.significant_digits() >= 15;
        }
        match u8::try_from(most) {
            _ if full => Self::Full,
            Ok(places @ 8..=10) => Self::Places(places),
            _ => Self::AsWritten,
        }
    }

    /// The rounding of `number` in such a document.
    pub fn rounding(self, number: Number<'_>) -> f64 {
        match self {
            Self::Full => MIN_ROUNDING,
            Self::AsWritten => number.rounding(),
            Self::Places(places) => (0.5 * 10f64.powi(-i32::from(places))).max(MIN_ROUNDING),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_pandas(numbers: &[&'static str]) -> Precision {
        Precision::of_pandas(numbers.iter().filter_map(|text| Number::parse(text)))
    }

    #[test]
    fn ten_places_of_pandas_hold_for_its_short_numbers_too() {
        let precision = of_pandas(&["0.7549111319", "0.8", "1069.0"]);
        assert_eq!(precision, Precision::Places(10));
        assert_eq!(Number::parse("0.8").map(|n| precision.rounding(n)), Some(5e-11));
        assert_eq!(of_pandas(&["0.754911131898971", "0.8"]), Precision::Full);
        assert_eq!(of_pandas(&["0.75", "0.8"]), Precision::AsWritten);
    }
}
