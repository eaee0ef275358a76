//! The frozen JSON of the API and of `--format json`, shared by server and command line.
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

pub mod approval;
pub mod common;
pub mod finding;
pub mod inputs;
pub mod inspect;
pub mod policy;
pub mod predictions;
pub mod reference;
pub mod release;
pub mod verdict;
