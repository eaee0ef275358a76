//! How exact the numbers of a document are.

use super::json::{Json, Number};
use crate::model::evidence::MIN_ROUNDING;

/// How exact the numbers of a document are, judged over all of them.
///
/// Python's `json.dump` writes the shortest text that reads back as the same double: most values
/// then have 15 digits or more, and a `0.9` among them is exactly the double nearest 0.9. If no
/// number has that many digits, the numbers were rounded before writing (or written by hand), and
/// each is only as exact as its own last digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Doubles, written in full.
    Full,
    /// As exact as the last digit written.
    AsWritten,
    /// Rounded to this many decimal places, with trailing zeros removed.
    Places(u8),
}

impl Precision {
    /// The precision that these numbers show together.
    pub fn of<'n>(numbers: impl IntoIterator<Item = Number<'n>>) -> Self {
        let full =
            |number: Number<'_>| number.significant_digits() >= 15 && number.rounding() < 1e-9;
        if numbers.into_iter().any(full) { Self::Full } else { Self::AsWritten }
    }

    /// The precision that all numbers in these values show together.
    pub fn below<'j, 'a: 'j>(values: impl IntoIterator<Item = &'j Json<'a>>) -> Self {
        Self::of(values.into_iter().flat_map(Json::numbers))
    }

    /// As [`Self::of`], for numbers that pandas may have written. Its `to_json` rounds every number
    /// to ten decimal places, so a `0.8` among them is exact to ten places, too.
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

    /// The rounding of `number` in a document of this precision.
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
