//! Intervals and tests: numbers in, numbers out.
//!
//! `confidence` and `alpha` are one-sided everywhere.

pub mod binomial;
mod memo;
pub mod proportion;
pub mod sample_size;
