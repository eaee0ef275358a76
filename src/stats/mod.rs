//! Intervals and tests, as pure functions of numbers.
//!
//! `confidence` and `alpha` are one-sided everywhere.
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
#![expect(clippy::many_single_char_names, reason = "formulas keep the letters of their papers")]

pub mod auc;
pub mod beta;
pub mod binomial;
pub mod calibration;
pub mod chi_squared;
pub mod count;
pub mod drift;
pub mod gamma;
pub mod impact;
pub mod kolmogorov;
pub mod meld;
mod memo;
pub mod methods;
pub mod multiplicity;
pub mod normal;
pub mod operating;
pub mod paired;
pub mod pairs;
pub mod proportion;
pub mod quantile;
pub mod ranking;
pub mod resample;
pub mod sample_size;
pub mod score;
pub mod tail;
pub mod two_proportions;
mod undefined;
pub mod unseen;
pub mod weights;

pub use undefined::Undefined;

/// An estimate with its one-sided bounds. `upper` can be +infinity if the estimate is a ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The value in the sample.
    pub estimate: f64,
    /// The lower bound: the true value is at least this, at the requested confidence.
    pub lower: f64,
    /// The upper bound: the true value is at most this, at the requested confidence.
    pub upper: f64,
}
