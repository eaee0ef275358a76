//! Who an actor is and what they can do. No I/O: tokens and people are looked up elsewhere and
//! checked here.
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

pub mod hook;
mod scope;
mod secret;

pub use scope::{Actor, Denied, Scope};
pub use secret::Secret;
