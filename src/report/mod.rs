//! Decisions to report values: what pages and documents show, as plain text and numbers.
//!
//! No clock and no markup: the same rows give the same values, and therefore the same document,
//! byte for byte. The code that shows them escapes them.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::as_conversions
    )
)]

pub mod approvals;
pub mod audit;
pub mod chart;
pub mod csv;
pub mod findings;
pub mod history;
mod log_indexes;
pub mod numbers;
pub mod operating;
mod release;
pub mod standing;
pub mod values;
pub mod verdict;

pub use audit::Audit;
pub use log_indexes::LogIndexes;
pub use operating::OperatingCurve;
pub use release::{ReleaseReport, claims};
pub use values::{Hash, Moment, Pair};

#[cfg(test)]
mod tests;
