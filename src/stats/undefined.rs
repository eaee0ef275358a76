//! Why a number does not exist.

/// Why a statistic has no value, or no bounds. Never NaN, never a silent 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undefined {
    /// There are no observations.
    EmptySample,
    /// A count or a value is outside what it may be, or lists differ in length.
    InvalidInput,
    /// A value is NaN or infinite.
    NonFinite,
    /// All labels are the same.
    SingleClass,
    /// There is nothing to compare the only group with.
    SingleGroup,
    /// One of the classes has a single member.
    TooFewForVariance,
    /// Every replicate, or every placement, is the same.
    ZeroVariance,
    /// The highest rate is 0, so that nothing is a share of it.
    ZeroRates,
    /// Neither sample has a success.
    NoEvents,
    /// There are too few samples for one of the bounds.
    Unbounded,
    /// Every observation is in one category.
    SingleCategory,
}

impl Undefined {
    /// The stable name of the reason.
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
