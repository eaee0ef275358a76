//! How much is read before it is refused.

/// How much is read before it is refused. Exceeding a limit is always a refusal with the code
/// `predictions-too-large`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of all files together.
    pub rows: u64,
    /// Columns that a file may have, wanted or not.
    pub columns: usize,
    /// Bytes of one file once it is decompressed.
    pub bytes: u64,
    /// How many times larger than its compressed bytes a file, or a page of one, may be; checked
    /// from 16 MiB on.
    pub ratio: u64,
    /// Bytes of one cell, and of one name.
    pub cell: usize,
    /// Distinct texts of one column in one block.
    pub distinct: usize,
    /// How deep JSON may nest.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 2_000_000_000,
            columns: 10_000,
            bytes: 64 << 30,
            ratio: 300,
            cell: 64 << 10,
            distinct: 1 << 20,
            depth: 64,
        }
    }
}

impl Limits {
    /// Whether `from` compressed bytes may decompress to `to` bytes.
    pub(super) fn inflates(&self, from: u64, to: u64) -> bool {
        to <= 16 << 20 || to / self.ratio.max(1) <= from
    }
}
