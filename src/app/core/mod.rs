//! The core that every wing rests on: clock and randomness, errors, the writer, the notary, the heads,
//! and the proof of rows.

pub(in crate::app) mod account_facts;
pub mod blocking;
pub(in crate::app) mod clock;
pub(in crate::app) mod commit;
pub(in crate::app) mod entries;
pub mod env;
pub mod error;
pub(in crate::app) mod hashing;
pub(in crate::app) mod heads;
pub(in crate::app) mod health;
pub(in crate::app) mod identity;
pub mod judges;
pub mod notary;
pub mod once;
pub(in crate::app) mod places;
pub mod private;
pub(in crate::app) mod prover;
pub mod tally;
pub mod text;
pub(in crate::app) mod writer;
