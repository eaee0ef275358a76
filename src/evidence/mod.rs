//! From bytes to evidence: one file per format, and one table that lists them.
//!
//! A document goes one way: bytes → [`Unpacked`] → [`Document`] → [`Adapter`] ([`detect`]) → evidence
//! ([`read()`]); [`open()`] takes the same way for a submitted file, and an archive file by file. No
//! two files of this module import each other.
//!
//! A format is recognised from its content alone, never from a file's name. The formats in
//! [`ADAPTERS`] are tried in order, the most specific first. What a format does not say stays
//! unknown: nothing here guesses a sample size, a unit or a scale.
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

pub mod adapter;
pub mod archive;
pub mod collector;
pub mod computed;
pub mod confusion;
pub mod counts;
pub mod document;
mod error;
pub mod formats;
#[cfg(test)]
mod hostile;
pub mod json;
mod limits;
pub mod mapping;
mod message;
pub mod names;
pub mod open;
pub mod precision;
pub mod read;
pub mod recognise;
mod settle;
pub mod table;
#[cfg(test)]
mod tests;
pub mod undefined;
mod unpack;
mod xml;
mod yaml;

pub use adapter::{Adapter, Carries, Family};
pub use collector::Collector;
pub use document::{Declined, Document};
pub use error::{EvidenceError, Mistake, Tried};
pub use formats::{ADAPTERS, native};
pub use limits::MAX_DOCUMENT_BYTES;
pub use mapping::{MAPPED, Mapping, MappingError};
pub use message::{clip, quoted};
pub use open::{How, Opened, Part, open};
pub use read::{read, reread};
pub use recognise::{detect, find, recognised};
pub use unpack::Unpacked;
