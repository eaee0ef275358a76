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
    /// One of the classes has a single row.
    TooFewForVariance,
    /// Every replicate, or every placement, is the same.
    ZeroVariance,
    /// The highest rate is 0, so no ratio to it exists.
    ZeroRates,
    /// Every observation is in one category.
    SingleCategory,
}
