//! Counts as numbers.

/// A count as a float. It is exact below 2^53, which is far above any number of rows.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// The length of a list as a count.
#[expect(clippy::as_conversions, reason = "a length fits in 64 bits")]
pub fn counted(length: usize) -> u64 {
    length as u64
}
