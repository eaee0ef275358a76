//! Moments and ages. Nothing here reads a clock: `now` is always passed in.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// A moment, in microseconds since 1970-01-01T00:00:00Z; written as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The error for text that is not a moment or an age.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct TimeError {
    text: String,
    wanted: &'static str,
}

impl Timestamp {
    /// A moment from microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The time from `earlier` to this moment, in microseconds; negative if this is before
    /// `earlier`.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment that is `age` later than this.
    #[must_use]
    pub const fn plus(self, age: Age) -> Self {
        Self(self.0.saturating_add(age.micros()))
    }

    /// The calendar day in UTC, `2026-11-20`.
    pub fn date(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => write!(f, "{moment}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        text.parse::<jiff::Timestamp>().map(|t| Self(t.as_microsecond())).map_err(|_| TimeError {
            text: text.chars().take(100).collect(),
            wanted: "a moment: expected RFC 3339 with a zone, such as `2026-11-20T12:00:00Z`",
        })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A length of time as policies and commands write it: `90s`, `30m`, `12h`, `14d`, `2w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age(u64);

impl Age {
    /// An age of whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The age in whole seconds.
    pub const fn secs(self) -> u64 {
        self.0
    }

    /// The age in microseconds, at most `i64::MAX`.
    pub const fn micros(self) -> i64 {
        let micros = self.0.saturating_mul(1_000_000);
        if micros > i64::MAX.unsigned_abs() { i64::MAX } else { micros.cast_signed() }
    }
}

const AGE_UNITS: [(&str, u64); 5] =
    [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

impl FromStr for Age {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError {
            text: text.chars().take(100).collect(),
            wanted: "a length of time: expected a whole number and one of s, m, h, d or w, such as `14d`",
        };
        let (suffix, seconds) =
            AGE_UNITS.iter().find(|(s, _)| text.ends_with(s)).ok_or_else(error)?;
        let digits = text.strip_suffix(suffix).unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error());
        }
        let count: u64 = digits.parse().map_err(|_| error())?;
        count.checked_mul(*seconds).map(Self).ok_or_else(error)
    }
}

impl fmt::Display for Age {
    /// In days, hours, minutes or seconds, the largest that divides it: `14d`, never `2w`, because
    /// people write days.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = AGE_UNITS.iter().skip(1);
        let (suffix, seconds) =
            units.into_iter().find(|(_, s)| self.0.is_multiple_of(*s)).unwrap_or(&("s", 1));
        write!(f, "{}{suffix}", self.0 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_round_trip_and_need_a_zone() {
        let moment: Timestamp = "2026-11-20T13:00:00+01:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-11-20T12:00:00Z");
        assert_eq!(moment.date(), "2026-11-20");
        assert!("2026-11-20".parse::<Timestamp>().is_err());
        assert!("2026-11-20T12:00:00".parse::<Timestamp>().is_err());
    }

    #[test]
    fn ages_are_whole_numbers_with_a_unit() {
        assert_eq!("14d".parse::<Age>().unwrap().secs(), 1_209_600);
        assert_eq!("2w".parse::<Age>().unwrap().to_string(), "14d");
        assert_eq!("90m".parse::<Age>().unwrap().to_string(), "90m");
        for bad in ["", "d", "14", "1.5d", "-1d", "14 days", "99999999999999999999d", "+1d"] {
            assert!(bad.parse::<Age>().is_err(), "{bad}");
        }
    }
}
