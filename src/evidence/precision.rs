//! How exact the numbers of a document are.

use super::json::Number;
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
}

impl Precision {
    /// Judged by these numbers.
    pub fn of<'n>(numbers: impl IntoIterator<Item = Number<'n>>) -> Self {
        let full = |number: Number<'_>| number.significant_digits() >= 15 && number.rounding() < 1e-9;
        if numbers.into_iter().any(full) { Self::Full } else { Self::AsWritten }
    }

    /// The rounding of `number` in such a document.
    pub fn rounding(self, number: Number<'_>) -> f64 {
        match self {
            Self::Full => MIN_ROUNDING,
            Self::AsWritten => number.rounding(),
        }
    }
}
