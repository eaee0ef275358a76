//! Conversions of numbers that the type system does not see to be whole.

/// A count as an index: on the machines there are, no `u32` is lost.
#[allow(clippy::as_conversions, reason = "a usize has at least 32 bits wherever this compiles")]
pub(super) const fn index(n: u32) -> usize {
    n as usize
}

/// A length as a 64-bit count.
#[allow(clippy::as_conversions, reason = "a usize has at most 64 bits")]
pub(super) const fn wide(n: usize) -> u64 {
    n as u64
}

/// A length that is known to be small; the largest when it is not.
pub(super) fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A 64-bit count as an index, if it is one.
pub(super) fn fits(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
