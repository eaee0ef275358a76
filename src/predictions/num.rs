//! Conversions of numbers that the type system does not know to be lossless.

/// A count as an index: a `usize` of every supported machine can represent a `u32`.
#[expect(clippy::as_conversions, reason = "a usize has at least 32 bits wherever this compiles")]
pub(super) const fn index(n: u32) -> usize {
    n as usize
}

/// A length as a 64-bit count.
#[expect(clippy::as_conversions, reason = "a usize has at most 64 bits")]
pub(super) const fn wide(n: usize) -> u64 {
    n as u64
}

/// A length that is known to be small; the maximum if it is not.
pub(super) fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A 64-bit count as an index; the maximum if it does not fit.
pub(super) fn fits(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
