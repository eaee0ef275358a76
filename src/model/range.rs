//! The values that a metric can have. This is the one place that decides it, both for names we know
//! and for the longer names that tools and scripts build from them (`test_accuracy`,
//! `metrics.eval.f1-macro`, `val/acc@1`).

mod lists;
mod words;

pub use words::words;

use super::{Metric, metric::Kind, number::round12};

/// The values that a metric can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// From 0 to 1: a proportion, or a score that is computed from proportions.
    Fraction,
    /// From 0 to 100: a proportion whose name says that it is a percentage.
    Percent,
    /// At least 0, from 0 to 1 in some tools and from 0 to 100 in others (`exact_match`, BLEU, mean average precision).
    Either,
    /// Any number, a fraction in some tools and a percentage in others: an unknown metric that is
    /// called a rate or a percentage.
    Unscaled,
    /// From -1 to 1: correlations and similar measures.
    Signed,
    /// At most 1, without a lower end (R²).
    AtMostOne,
    /// At least 0.
    NonNegative,
    /// At most 0: the negative of a loss, as scikit-learn's scorers return it.
    NonPositive,
    /// Any number.
    Real,
}

/// Sums of many doubles end slightly off their true value: an AUC of 1.0000000000000002 is 1.
const SLACK: f64 = 1e-9;

impl Metric {
    /// The values that the metric can have.
    pub fn range(&self) -> Range {
        match (self.kind, self.name) {
            (Kind::Proportion | Kind::ProportionOfRows | Kind::Score, _) => Range::Fraction,
            // scikit-learn writes it as a fraction, many other tools as a percentage.
            (Kind::NonNegative, "mean_absolute_percentage_error") => Range::Either,
            (Kind::NonNegative | Kind::Latency, _) => Range::NonNegative,
            (Kind::Real, "cohen_kappa" | "matthews_corrcoef") => Range::Signed,
            (Kind::Real, "explained_variance" | "r2") => Range::AtMostOne,
            (Kind::Real, _) => Range::Real,
        }
    }

    /// Whether the metric can have `value`.
    pub fn allows(&self, value: f64) -> bool {
        self.range().allows(value)
    }
}

impl Range {
    /// The range of the metric with this name: of the known metric, or else of the quantity that
    /// the name ends in. `None` if the name does not determine it.
    ///
    /// ```
    /// use modelgate::model::Range;
    /// assert_eq!(Range::of("eval/test_accuracy_score"), Some(Range::Fraction));
    /// assert_eq!(Range::of("accuracy_loss"), None);
    /// ```
    pub fn of(name: &str) -> Option<Self> {
        match Metric::find(name) {
            Some(metric) => Some(metric.range()),
            None => words::range(name),
        }
    }

    /// The least and the greatest possible value.
    pub const fn ends(self) -> (f64, f64) {
        match self {
            Self::Fraction => (0.0, 1.0),
            Self::Percent => (0.0, 100.0),
            Self::Signed => (-1.0, 1.0),
            Self::AtMostOne => (f64::NEG_INFINITY, 1.0),
            Self::Either | Self::NonNegative => (0.0, f64::INFINITY),
            Self::NonPositive => (f64::NEG_INFINITY, 0.0),
            Self::Unscaled | Self::Real => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// The range of the same metric under a name that says it is a percentage.
    const fn in_percent(self) -> Self {
        match self {
            Self::Fraction | Self::Either => Self::Percent,
            Self::Signed | Self::AtMostOne => Self::Unscaled,
            other => other,
        }
    }

    /// Whether the metric can have `value`. NaN and infinities are never allowed.
    pub fn allows(self, value: f64) -> bool {
        let (least, most) = self.ends();
        value.is_finite() && least - SLACK <= value && value <= most + SLACK
    }

    /// Whether `value` is outside this range, but a hundredth of it is inside: then it looks like a
    /// percentage that was read as a plain number.
    pub fn as_percentage(self, value: f64) -> bool {
        matches!(self, Self::Fraction | Self::Signed | Self::AtMostOne)
            && !self.allows(value)
            && self.allows(value / 100.0)
    }

    /// The range in words, to follow "it is" or "it must be".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Fraction => "a number from 0 to 1",
            Self::Percent => "a percentage, from 0 to 100",
            Self::Signed => "a number from -1 to 1",
            Self::AtMostOne => "a number of at most 1",
            Self::Either | Self::NonNegative => "a number of at least 0",
            Self::NonPositive => "a number of at most 0",
            Self::Unscaled | Self::Real => "a number",
        }
    }
}

/// A value that its metric cannot have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impossible {
    /// The value as a plain number.
    pub value: f64,
    /// The values that the metric can have.
    pub range: Range,
}

impl Impossible {
    /// What to change in the document, as the second half of a sentence.
    pub fn advice(&self) -> String {
        if self.range.as_percentage(self.value) {
            let (value, fraction) = (self.value, round12(self.value / 100.0));
            format!(
                "it looks like a percentage: write {fraction}, or the text `{value}%`, or state the unit `%`"
            )
        } else {
            format!("it must be {}", self.range.words())
        }
    }
}

#[cfg(test)]
mod tests;
