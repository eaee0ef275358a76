//! Exported decisions: what is proved, what is refused, and what the verifiers of others say of it.

mod build;
mod cli;
mod foreign;
mod frozen;
mod others;
mod steps;
mod tamper;
