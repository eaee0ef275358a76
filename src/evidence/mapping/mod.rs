//! Mappings: how to read a team's own JSON or CSV, declared in a few lines of TOML.
//!
//! A mapping says where numbers are, never what they are: value, n, trials and successes are always
//! found in the document. It is identified by the digest of its bytes, belongs to a namespace, and
//! is one of the inputs of a decision.

mod bounds;
mod compile;
mod declared;
mod error;
mod node;
mod raw;
mod read;
#[cfg(test)]
mod tests;

pub use declared::{MAPPED, MAX_MAPPING_BYTES, Mapping};
pub use error::MappingError;
pub use raw::Syntax;
