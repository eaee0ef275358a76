//! Entries, trees, signatures and proofs, as pure functions of keys and bytes. No I/O, no clock, no
//! randomness.
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

pub mod bundle;
pub mod checkpoint;
pub mod entry;
pub mod envelope;
mod error;
pub mod export;
pub mod facts;
#[cfg(test)]
pub(crate) mod fixture;
mod hash;
mod identity;
mod key;
pub mod merkle;
mod note;
mod proof;
pub mod record;
mod seal;
mod signer;
pub mod statement;
pub mod tile;
pub mod verify;

pub use checkpoint::Checkpoint;
pub use entry::{Entry, Fact};
pub use envelope::Envelope;
pub use error::LedgerError;
pub use identity::Identity;
pub use key::PublicKey;
pub use note::{NoteSigner, VerifierKey};
pub use proof::Proof;
pub use seal::{Sealed, Sealer};
pub use signer::{SignError, Signer};
pub use tile::{TileId, TilePath, Tiles};
