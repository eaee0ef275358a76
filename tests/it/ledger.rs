//! Exported decisions: what is proved, what is refused, and what third-party verifiers report about
//! them.

mod build;
mod cli;
mod foreign;
mod frozen;
mod others;
mod steps;
mod tamper;
