//! modelgate: a CI/CD gate for machine-learning models.
//!
//! The number before each module is its floor. A module imports only lower floors, and siblings
//! never import each other; `tests/it/architecture.rs` reads the imports and fails on any other.
#![cfg_attr(
    test,
    allow(
        missing_docs,
        clippy::float_cmp,
        clippy::pedantic,
        reason = "tests state exact expectations, tersely"
    )
)]

// Floor 3: the use cases.
pub mod app;
// Floor 5: the command line, one file for each command.
pub mod cli;
// Floor 1: settings.
pub mod config;
// Floor 1: from bytes to evidence.
pub mod evidence;
// Floor 1: who the caller is, and what they are permitted to do.
pub mod identity;
// Floor 2: signers.
pub mod keys;
// Floor 1: entries, trees, signatures, proofs.
pub mod ledger;
// Floor 0: the nouns of the domain.
pub mod model;
// Floor 1: policies, and their verdict on a release.
pub mod policy;
// Floor 1: from raw predictions and a plan to evidence.
pub mod predictions;
// Floor 2: templates; the only module that uses handlebars.
pub mod render;
// Floor 1: from decisions to the values of reports.
pub mod report;
// Floor 0: numbers in, numbers out.
pub mod stats;
// Floor 2: the database; the only module that uses sqlx.
pub mod store;
// Floor 4: HTTP; the only module that uses axum.
pub mod web;
// Floor 1: the frozen JSON of the API.
pub mod wire;
