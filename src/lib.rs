//! modelgate: a CI/CD gate for machine-learning models.
//!
//! The number is the floor. A module imports only lower floors, and siblings never import each other;
//! `tests/it/architecture.rs` reads the imports and fails on any other.
#![cfg_attr(
    test,
    allow(missing_docs, clippy::float_cmp, clippy::pedantic, reason = "tests state exact expectations, tersely")
)]

/// Floor 3: the use cases.
pub mod app;
/// Floor 5: one file a command.
pub mod cli;
/// Floor 1: settings.
pub mod config;
/// Floor 1: bytes to evidence.
pub mod evidence;
/// Floor 1: who somebody is and what they may do.
pub mod identity;
/// Floor 2: signers.
pub mod keys;
/// Floor 1: entries, trees, signatures, proofs.
pub mod ledger;
/// Floor 0: the nouns.
pub mod model;
/// Floor 1: policies, and the verdict on them.
pub mod policy;
/// Floor 1: raw predictions and a plan to evidence.
pub mod predictions;
/// Floor 2: alone names handlebars.
pub mod render;
/// Floor 1: decisions to report values.
pub mod report;
/// Floor 0: numbers in, numbers out.
pub mod stats;
/// Floor 2: alone names sqlx.
pub mod store;
/// Floor 4: alone names axum.
pub mod web;
/// Floor 1: the frozen JSON of the API.
pub mod wire;
