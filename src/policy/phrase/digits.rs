//! The number format of a sentence: the same for all its numbers, with enough digits that each
//! number appears on the correct side of the limit and as far from it as it is.

use crate::model::{Finding, Metric, Unit};

/// More digits than this distinguish no two numbers; then the numbers are written in full.
const MOST: usize = 17;
/// A smaller number can be written as 0.
const NOTHING: f64 = 1e-6;

/// The number format of a sentence.
pub(super) struct Digits {
    decimals: usize,
    trim: bool,
    unit: Option<Unit>,
    /// Whether numbers are written in full, because two of them would look the same at any number
    /// of decimals.
    in_full: bool,
    /// Whether limits are rounded like all other numbers, as the first semantics did.
    rounds_limits: bool,
}

impl Digits {
    /// Enough digits to show the value and `bound` on the side of the limit where they are.
    pub(super) fn telling_apart(finding: &Finding, bound: Option<f64>, first: bool) -> Self {
        let limit = finding.required.map(|r| r.value);
        let numbers: Vec<f64> = [bound, finding.observed].into_iter().flatten().collect();
        Self::new(finding, limit, &numbers, first)
    }

    /// Enough digits to show a difference between all `numbers` that differ.
    pub(super) fn of_values(finding: &Finding, numbers: &[f64]) -> Self {
        let mut digits = Self::new(finding, None, numbers, false);
        let differ = |a: f64, b: f64| a.total_cmp(&b).is_ne();
        let alike = |d: &Self| {
            numbers.iter().enumerate().any(|(i, a)| {
                numbers.iter().skip(i + 1).any(|b| differ(*a, *b) && d.of(*a) == d.of(*b))
            })
        };
        digits.widen(alike);
        digits
    }

    fn new(finding: &Finding, limit: Option<f64>, numbers: &[f64], first: bool) -> Self {
        let all: Vec<f64> = limit.into_iter().chain(numbers.iter().copied()).collect();
        let fraction = finding.unit.is_none() && all.iter().all(|x| x.abs() <= 1.0);
        let known = finding.metric.as_deref().and_then(Metric::find).is_some();
        let sized = if first || numbers.is_empty() { all.as_slice() } else { numbers };
        let largest = sized.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let decimals = match largest {
            x if fraction && (known || x > 0.01) => 3,
            x if x >= 1_000.0 => 0,
            x if x >= 10.0 => 1,
            _ => 3,
        };
        let mut digits = Self {
            decimals,
            trim: !fraction,
            unit: finding.unit,
            in_full: false,
            rounds_limits: first,
        };
        let Some(limit) = limit else { return digits };
        if first {
            digits.widen_as_first(limit, numbers);
        } else {
            digits.widen(|d| numbers.iter().any(|x| d.moves(*x, limit)));
        }
        digits
    }

    /// Adds digits while the text is `wrong`; writes numbers in full if no number of digits is
    /// enough.
    fn widen(&mut self, wrong: impl Fn(&Self) -> bool) {
        while wrong(self) {
            if self.decimals >= MOST {
                self.in_full = true;
                return;
            }
            self.decimals += 1;
        }
    }

    /// Whether the text of `x` is on another side of the limit than `x`, or shows 0 although `x` is
    /// not.
    fn moves(&self, x: f64, limit: f64) -> bool {
        let shown: f64 = self.rounded(x).parse().unwrap_or(x);
        shown.partial_cmp(&limit) != x.partial_cmp(&limit) || (shown == 0.0 && x.abs() >= NOTHING)
    }

    fn widen_as_first(&mut self, limit: f64, numbers: &[f64]) {
        let distinct = |d: &Self| {
            // Numbers that differ by more than one last digit always look different; the others are
            // compared as written.
            let digit = 10_f64.powi(-i32::try_from(d.decimals).unwrap_or(0));
            let far = |x: f64| (x - limit).abs() > digit;
            numbers
                .iter()
                .all(|x| far(*x) || x.total_cmp(&limit).is_eq() || d.of(*x) != d.of(limit))
        };
        while self.decimals < 12 && !distinct(self) {
            self.decimals += 1;
        }
    }

    /// The text of a value or a bound.
    pub(super) fn of(&self, x: f64) -> String {
        self.with_unit(self.rounded(x))
    }

    /// The text of the limit or another number from the policy: with every digit that was written,
    /// and padded with zeros if the other numbers have more.
    pub(super) fn stated(&self, x: f64) -> String {
        if self.rounds_limits {
            return self.of(x);
        }
        let written = plain(x);
        let behind = |text: &str| text.split_once('.').map_or(0, |(_, digits)| digits.len());
        let padded = self.rounded(x);
        let longer = behind(&padded) > behind(&written) && padded.parse() == Ok(x);
        self.with_unit(if longer { padded } else { written })
    }

    fn rounded(&self, x: f64) -> String {
        if self.in_full || (!self.rounds_limits && x.abs() >= 1e15) {
            return plain(x);
        }
        let mut text = format!("{x:.*}", self.decimals);
        if self.trim && text.contains('.') {
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        }
        text
    }

    fn with_unit(&self, text: String) -> String {
        match self.unit {
            None => text,
            Some(Unit::Percent) => format!("{text}%"),
            Some(unit) => format!("{text} {unit}"),
        }
    }
}

/// The shortest text that parses to exactly this number.
fn plain(x: f64) -> String {
    if x != 0.0 && !(1e-9..1e15).contains(&x.abs()) { format!("{x:e}") } else { x.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Op, Required, Status};

    fn texts(limit: f64, observed: f64, bound: f64) -> (String, String, String) {
        let mut finding = Finding::new("p", "r", Status::Fail);
        finding.metric = Some("accuracy".to_owned());
        (finding.required, finding.observed) =
            (Some(Required { op: Op::AtLeast, value: limit }), Some(observed));
        let digits = Digits::telling_apart(&finding, Some(bound), false);
        (digits.of(observed), digits.of(bound), digits.stated(limit))
    }

    #[test]
    fn the_limit_has_every_digit_that_was_written() {
        let owned = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(texts(0.9, 0.91, 0.896_413_771_213), owned("0.910", "0.896", "0.900"));
        assert_eq!(texts(0.0499, 123.4, 123.4), owned("123.4", "123.4", "0.0499"));
        assert_eq!(texts(0.95, 90.7, 90.7), owned("90.7", "90.7", "0.95"));
        assert_eq!(texts(150.25, 2_000.0, 1_999.9), owned("2000", "2000", "150.25"));
        assert_eq!(texts(1e-12, 0.5, 0.4), owned("0.500", "0.400", "1e-12"));
    }

    #[test]
    fn no_number_is_rounded_onto_the_limit_or_past_it() {
        let below = 0.9 - f64::EPSILON;
        let (observed, bound, limit) = texts(0.9, below, 0.899_999_999_999);
        assert!(observed != limit && bound != limit, "{observed} {bound} {limit}");
        assert!(observed.parse::<f64>().unwrap() < 0.9 && bound.parse::<f64>().unwrap() < 0.9);
        // With three digits, 0.04985 would look as if it were above 0.0499.
        let (observed, ..) = texts(0.0499, 0.049_85, 0.049);
        assert!(observed.parse::<f64>().unwrap() < 0.0499, "{observed}");
        let (observed, _, limit) = texts(1e9, 1e9 - 0.001, 1.0);
        assert_ne!(observed, limit);
    }
}
