//! Who somebody is and what they may do. No I/O: tokens and people are looked up elsewhere and judged here.

pub mod hook;
pub mod scope;
pub mod secret;

pub use scope::{Actor, Denied, Scope};
pub use secret::Secret;
