//! The reasons why a number does not exist.

/// The reason why a statistic has no value or no bounds. The result is never NaN and never a silent
/// 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undefined {
    /// There are no observations.
    EmptySample,
    /// A count or a value is out of range, or lists differ in length.
    InvalidInput,
    /// A value is NaN or infinite.
    NonFinite,
    /// All labels are the same.
    SingleClass,
    /// Only one group exists, so it cannot be compared.
    SingleGroup,
    /// One of the classes has a single row.
    TooFewForVariance,
    /// Every replicate, or every placement, is the same.
    ZeroVariance,
    /// The highest rate is 0, so no ratio to it exists.
    ZeroRates,
    /// Neither sample has a success.
    NoEvents,
    /// The sample is too small for one of the bounds.
    Unbounded,
    /// Every observation is in one category.
    SingleCategory,
}

impl Undefined {
    /// The stable code of the reason.
    pub fn code(self) -> &'static str {
        match self {
            Self::EmptySample => "empty_sample",
            Self::InvalidInput => "invalid_input",
            Self::NonFinite => "non_finite_input",
            Self::SingleClass => "single_class",
            Self::SingleGroup => "single_group",
            Self::TooFewForVariance => "too_few_for_variance",
            Self::ZeroVariance => "zero_variance",
            Self::ZeroRates => "zero_rates",
            Self::NoEvents => "no_events",
            Self::Unbounded => "unbounded",
            Self::SingleCategory => "single_category",
        }
    }
}
