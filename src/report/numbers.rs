//! Numbers as people read them: as few decimals as needed to tell different numbers apart.

use crate::model::Unit;

/// The maximum number of decimals; derived numbers have twelve significant digits.
const MOST: usize = 12;
/// The maximum next to a limit: a double has no more.
const MOST_AGAINST: usize = 17;

/// The number of decimals that a set of numbers is shown with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    decimals: usize,
}

impl Scale {
    /// The least number of decimals at which numbers that differ look different, and small ones keep two digits.
    /// A bound of 0.89996 must never be shown as the 0.900 that it misses.
    pub fn of(values: &[f64]) -> Self {
        let largest = values.iter().fold(0.0_f64, |max, v| max.max(v.abs()));
        let mut decimals = match largest {
            m if m < 2.0 => 3,
            m if m < 10.0 => 2,
            m if m < 1_000.0 => 1,
            _ => 0,
        };
        let distinct = |decimals: usize| {
            values.iter().enumerate().all(|(i, a)| {
                values.iter().skip(i + 1).all(|b| {
                    a.total_cmp(b).is_eq() || format!("{a:.decimals$}") != format!("{b:.decimals$}")
                })
            })
        };
        let visible =
            |decimals: usize| largest == 0.0 || format!("{largest:.decimals$}").parse() != Ok(0.0);
        while decimals < MOST && !(distinct(decimals) && visible(decimals)) {
            decimals += 1;
        }
        Self { decimals }
    }

    /// The least number of decimals at which every value is shown on its own side of the limit; the
    /// limit itself is shown as it was written, with [`Scale::stated`].
    pub fn against(limit: f64, values: &[f64]) -> Self {
        let mut scale = Self::of(values);
        let moves = |scale: Self| {
            let shown = |v: f64| scale.text(v).parse::<f64>().unwrap_or(v);
            values.iter().any(|v| shown(*v).partial_cmp(&limit) != v.partial_cmp(&limit))
        };
        while scale.decimals < MOST_AGAINST && moves(scale) {
            scale.decimals += 1;
        }
        scale
    }

    /// A limit: every digit that was written, and zeros after them if the values have more.
    pub fn stated(self, limit: f64, unit: Option<Unit>) -> String {
        let written = exact(limit, None);
        let behind = |text: &str| text.split_once('.').map_or(0, |(_, digits)| digits.len());
        let padded = self.text(limit);
        let longer = behind(&padded) > behind(&written) && padded.parse() == Ok(limit);
        let text = if longer { padded } else { written };
        match unit {
            None => text,
            Some(Unit::Percent) => format!("{text}%"),
            Some(unit) => format!("{text} {unit}"),
        }
    }

    /// A scale with exactly that many decimals.
    pub fn decimals(decimals: usize) -> Self {
        Self { decimals: decimals.min(MOST) }
    }

    /// `value` at this scale; in scientific notation if plain digits would not fit on a page.
    pub fn text(self, value: f64) -> String {
        if value.abs() >= 1e12 {
            return format!("{value:.3e}");
        }
        let text = format!("{value:.*}", self.decimals);
        // A minus in front of zeros only would be wrong.
        match text.strip_prefix('-') {
            Some(digits) if digits.bytes().all(|b| matches!(b, b'0' | b'.')) => digits.to_owned(),
            _ => text,
        }
    }

    /// As [`Scale::text`], with its unit.
    pub fn with_unit(self, value: f64, unit: Option<Unit>) -> String {
        let text = self.text(value);
        match unit {
            None => text,
            Some(Unit::Percent) => format!("{text}%"),
            Some(unit) => format!("{text} {unit}"),
        }
    }
}

/// The number in full, as it was compared.
pub fn exact(value: f64, unit: Option<Unit>) -> String {
    let text = if value != 0.0 && !(1e-9..1e15).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    };
    match unit {
        None => text,
        Some(Unit::Percent) => format!("{text}%"),
        Some(unit) => format!("{text} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[f64]) -> Vec<String> {
        values.iter().map(|v| Scale::of(values).text(*v)).collect()
    }

    #[test]
    fn what_differs_looks_different() {
        assert_eq!(texts(&[0.91, 0.896_413_771_213, 0.9]), ["0.910", "0.896", "0.900"]);
        assert_eq!(texts(&[0.899_96, 0.9]), ["0.89996", "0.90000"]);
        assert_eq!(texts(&[84.1, 150.0]), ["84.1", "150.0"]);
        assert_eq!(texts(&[0.000_04]), ["0.00004"]);
        assert_eq!(texts(&[0.0]), ["0.000"]);
    }

    #[test]
    fn no_value_is_rounded_onto_its_limit() {
        let texts = |limit: f64, value: f64| {
            let scale = Scale::against(limit, &[value]);
            (scale.text(value), scale.stated(limit, None))
        };
        assert_eq!(texts(0.0499, 123.4), ("123.4".to_owned(), "0.0499".to_owned()));
        assert_eq!(texts(0.9, 0.91), ("0.910".to_owned(), "0.900".to_owned()));
        let (value, limit) = texts(0.9, 0.9 - 1e-15);
        assert!(value.parse::<f64>().unwrap() < 0.9 && limit.parse() == Ok(0.9), "{value} {limit}");
    }

    #[test]
    fn extremes_stay_readable() {
        assert_eq!(Scale::of(&[1e300]).text(1e300), "1.000e300");
        assert_eq!(Scale::decimals(1).text(-0.01), "0.0");
        assert_eq!(exact(1e-12, None), "1e-12");
        assert_eq!(exact(5.0, Some(Unit::Percent)), "5%");
    }
}
