//! The number format of a sentence: the same for all its numbers, with enough digits that each
//! number appears on the correct side of the limit and as far from it as it is.

use crate::model::{Finding, Metric, Unit, number::Decimal};
use std::fmt::Write as _;

/// More digits than this distinguish no two numbers; then the numbers are written in full.
const MOST: usize = 17;
/// A smaller number can be written as 0.
const NOTHING: f64 = 1e-6;

/// The number format of a sentence.
pub(in crate::policy) struct Digits {
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
    pub(in crate::policy) fn telling_apart(
        finding: &Finding,
        bound: Option<f64>,
        first: bool,
    ) -> Self {
        let limit = finding.required.map(|r| r.value);
        match (bound, finding.observed) {
            (Some(bound), Some(value)) => Self::new(finding, limit, &[bound, value], first),
            (Some(one), None) | (None, Some(one)) => Self::new(finding, limit, &[one], first),
            (None, None) => Self::new(finding, limit, &[], first),
        }
    }

    /// Enough digits to show a difference between all `numbers` that differ.
    pub(in crate::policy) fn of_values(finding: &Finding, numbers: &[f64]) -> Self {
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
        let mut all = limit.iter().chain(numbers);
        let fraction = finding.unit.is_none() && all.all(|x| x.abs() <= 1.0);
        let limits = limit.iter().filter(|_| first || numbers.is_empty());
        let largest = limits.chain(numbers).fold(0.0_f64, |a, b| a.max(b.abs()));
        let known = || finding.metric.as_deref().and_then(Metric::find).is_some();
        let decimals = match largest {
            x if fraction && (x > 0.01 || known()) => 3,
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
        let shown = match self.decimal(x) {
            Some(decimal) => decimal.value(),
            None => self.rounded(x).parse().unwrap_or(x),
        };
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
    pub(in crate::policy) fn of(&self, x: f64) -> String {
        let mut out = String::new();
        self.push(&mut out, x);
        out
    }

    /// Appends the text of a value or a bound.
    pub(in crate::policy) fn push(&self, out: &mut String, x: f64) {
        match self.decimal(x) {
            Some(decimal) => decimal.push(out),
            None => out.push_str(&self.rounded(x)),
        }
        self.push_unit(out);
    }

    /// The text of the limit or another number from the policy: with every digit that was written,
    /// and padded with zeros if the other numbers have more.
    pub(in crate::policy) fn stated(&self, x: f64) -> String {
        let mut out = String::new();
        self.push_stated(&mut out, x);
        out
    }

    /// Appends the text of the limit or another number from the policy.
    pub(in crate::policy) fn push_stated(&self, out: &mut String, x: f64) {
        if self.rounds_limits {
            return self.push(out, x);
        }
        let written = Decimal::shortest(x).filter(|_| !is_far(x));
        if let (Some(padded), Some(written)) = (self.decimal(x), written) {
            let longer = padded.decimals() > written.decimals();
            (if longer { padded } else { written }).push(out);
        } else {
            let written = plain(x);
            let behind = |text: &str| text.split_once('.').map_or(0, |(_, digits)| digits.len());
            let padded = self.rounded(x);
            let longer = behind(&padded) > behind(&written) && padded.parse() == Ok(x);
            out.push_str(if longer { &padded } else { &written });
        }
        self.push_unit(out);
    }

    /// The number that `rounded` writes, if arithmetic is certain of it.
    fn decimal(&self, x: f64) -> Option<Decimal> {
        if self.in_full {
            return None;
        }
        let decimal = Decimal::rounded(x, self.decimals)?;
        Some(if self.trim { decimal.trimmed() } else { decimal })
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

    fn push_unit(&self, out: &mut String) {
        match self.unit {
            None => {}
            Some(Unit::Percent) => out.push('%'),
            Some(unit) => {
                let _ = write!(out, " {unit}");
            }
        }
    }
}

/// Whether a number is so large or so small that it is written with an exponent.
fn is_far(x: f64) -> bool {
    x != 0.0 && !(1e-9..1e15).contains(&x.abs())
}

/// The shortest text that parses to exactly this number.
fn plain(x: f64) -> String {
    if is_far(x) { format!("{x:e}") } else { x.to_string() }
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
