//! modelgate: a CI/CD gate for machine-learning models.
//!
//! The number is the floor. A module imports only lower floors, and siblings never import each other;
//! `tests/it/architecture.rs` reads the imports and fails on any other.
#![cfg_attr(
    test,
    allow(missing_docs, clippy::float_cmp, clippy::pedantic, reason = "tests state exact expectations, tersely")
)]

macro_rules! pure {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[cfg_attr(
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
        pub mod $name;
    };
}

pure!(/** Floor 0: the nouns. */ model);
pure!(/** Floor 0: numbers in, numbers out. */ stats);
pure!(/** Floor 1: bytes to evidence. */ evidence);
pure!(/** Floor 1: policies, and the verdict on them. */ policy);
/// Floor 1: raw predictions and a plan to evidence.
pub mod predictions;
pure!(/** Floor 1: entries, trees, signatures, proofs. */ ledger);
pure!(/** Floor 1: who somebody is and what they may do. */ identity);
pure!(/** Floor 1: decisions to report values. */ report);
pure!(/** Floor 1: the frozen JSON of the API. */ wire);
/// Floor 3: the use cases.
pub mod app;
/// Floor 5: one file a command.
pub mod cli;
/// Floor 1: settings.
pub mod config;
/// Floor 2: signers.
pub mod keys;
/// Floor 2: alone names handlebars.
pub mod render;
/// Floor 2: alone names sqlx.
pub mod store;
/// Floor 4: alone names axum.
pub mod web;
