//! Intervals and tests: numbers in, numbers out.
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
#![allow(clippy::many_single_char_names, reason = "formulas keep the letters of their papers")]

pub mod auc;
pub mod beta;
pub mod binomial;
pub mod calibration;
pub mod chi_squared;
pub mod drift;
pub mod fairness;
pub mod impact;
pub mod kolmogorov;
mod memo;
pub mod multiplicity;
pub mod normal;
pub mod operating;
pub mod paired;
pub mod proportion;
pub mod quantile;
pub mod resample;
pub mod ruling;
pub mod sample_size;
pub mod score;
pub mod two_proportions;
mod undefined;

pub use undefined::Undefined;

/// An estimate between its bounds, each one-sided. `upper` may be +infinity where the estimated thing is a ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// What the sample says.
    pub estimate: f64,
    /// The truth is at least this, at the confidence asked for.
    pub lower: f64,
    /// The truth is at most this, at the confidence asked for.
    pub upper: f64,
}
