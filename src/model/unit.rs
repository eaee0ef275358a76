//! Units of measurement and the quantities that policies write, such as `150 ms`.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A unit that can be converted to other units of the same dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// Nanoseconds.
    #[serde(rename = "ns")]
    Nanoseconds,
    /// Microseconds.
    #[serde(rename = "us")]
    Microseconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Hundredths; the plain number is the fraction.
    #[serde(rename = "%")]
    Percent,
    /// Joules.
    #[serde(rename = "J")]
    Joules,
    /// Watt hours.
    #[serde(rename = "Wh")]
    WattHours,
    /// Kilowatt hours.
    #[serde(rename = "kWh")]
    KilowattHours,
    /// Bytes.
    #[serde(rename = "B")]
    Bytes,
    /// Kibibytes.
    #[serde(rename = "KiB")]
    Kibibytes,
    /// Mebibytes.
    #[serde(rename = "MiB")]
    Mebibytes,
    /// Gibibytes.
    #[serde(rename = "GiB")]
    Gibibytes,
}

/// The dimension that a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Seconds and their parts.
    Time,
    /// Fractions and percentages.
    Fraction,
    /// Joules and watt hours.
    Energy,
    /// Bytes.
    Size,
}

/// The error for text that is not a unit, or for a quantity without a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// The unit is not one we know.
    #[error("unknown unit `{0}`: expected one of ns, us, ms, s, %, J, Wh, kWh, B, KiB, MiB, GiB")]
    Unknown(String),
    /// There is no finite number in front of the unit.
    #[error("`{0}` is not a quantity: expected a number and a unit, such as `150 ms`")]
    NotAQuantity(String),
}

const TABLE: [(Unit, &str, Dimension, f64); 12] = [
    (Unit::Nanoseconds, "ns", Dimension::Time, 1e-9),
    (Unit::Microseconds, "us", Dimension::Time, 1e-6),
    (Unit::Milliseconds, "ms", Dimension::Time, 1e-3),
    (Unit::Seconds, "s", Dimension::Time, 1.0),
    (Unit::Percent, "%", Dimension::Fraction, 1e-2),
    (Unit::Joules, "J", Dimension::Energy, 1.0),
    (Unit::WattHours, "Wh", Dimension::Energy, 3_600.0),
    (Unit::KilowattHours, "kWh", Dimension::Energy, 3_600_000.0),
    (Unit::Bytes, "B", Dimension::Size, 1.0),
    (Unit::Kibibytes, "KiB", Dimension::Size, 1_024.0),
    (Unit::Mebibytes, "MiB", Dimension::Size, 1_048_576.0),
    (Unit::Gibibytes, "GiB", Dimension::Size, 1_073_741_824.0),
];

/// Other spellings of units that tools and people use.
const ALIASES: [(&str, Unit); 9] = [
    ("µs", Unit::Microseconds),
    ("μs", Unit::Microseconds),
    ("usec", Unit::Microseconds),
    ("msec", Unit::Milliseconds),
    ("milliseconds", Unit::Milliseconds),
    ("sec", Unit::Seconds),
    ("seconds", Unit::Seconds),
    ("percent", Unit::Percent),
    ("bytes", Unit::Bytes),
];

impl Unit {
    fn row(self) -> (&'static str, Dimension, f64) {
        let row = TABLE.iter().find(|row| row.0 == self);
        row.map_or(("", Dimension::Fraction, 1.0), |row| (row.1, row.2, row.3))
    }

    /// The dimension of the unit.
    pub fn dimension(self) -> Dimension {
        self.row().1
    }

    /// `value` of this unit, converted to `other`; `None` if the units have different dimensions.
    pub fn convert(self, value: f64, other: Self) -> Option<f64> {
        if self == other {
            return Some(value);
        }
        let ((_, from, scale), (_, to, other_scale)) = (self.row(), other.row());
        // Dividing by the exact power keeps 150 ms at 0.15 s; multiplying by a reciprocal would
        // not.
        (from == to).then(|| super::number::round12(value * scale / other_scale))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().0)
    }
}

impl FromStr for Unit {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let named = TABLE.iter().find(|row| row.1 == text).map(|row| row.0);
        let alias = || ALIASES.iter().find(|(name, _)| *name == text).map(|(_, unit)| *unit);
        named.or_else(alias).ok_or_else(|| UnitError::Unknown(text.chars().take(40).collect()))
    }
}

/// A number with its unit, or a bare number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    /// The number as written; finite.
    pub value: f64,
    /// The unit; `None` for a bare number.
    pub unit: Option<Unit>,
}

impl FromStr for Quantity {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError::NotAQuantity(text.chars().take(40).collect());
        let text = text.trim();
        let end =
            text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E')));
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let value: f64 = number.trim().parse().map_err(|_| error())?;
        if !value.is_finite() {
            return Err(error());
        }
        let unit = unit.trim();
        Ok(Self { value, unit: if unit.is_empty() { None } else { Some(unit.parse()?) } })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            None => write!(f, "{}", self.value),
            Some(Unit::Percent) => write!(f, "{}%", self.value),
            Some(unit) => write!(f, "{} {unit}", self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_carry_their_unit() {
        assert_eq!("150 ms".parse(), Ok(Quantity { value: 150.0, unit: Some(Unit::Milliseconds) }));
        assert_eq!("1.5s".parse(), Ok(Quantity { value: 1.5, unit: Some(Unit::Seconds) }));
        assert_eq!("5%".parse(), Ok(Quantity { value: 5.0, unit: Some(Unit::Percent) }));
        assert_eq!("0.9".parse(), Ok(Quantity { value: 0.9, unit: None }));
        for bad in ["", "ms", "NaN ms", "inf", "150 parsec", "1e999 ms"] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
    }

    #[test]
    fn converts_within_a_dimension_only() {
        assert_eq!(Unit::Milliseconds.convert(150.0, Unit::Seconds), Some(0.15));
        assert_eq!(Unit::Seconds.convert(0.084_1, Unit::Milliseconds), Some(84.1));
        assert_eq!(Unit::Seconds.convert(1.0, Unit::Bytes), None);
    }
}
