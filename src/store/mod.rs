//! The database, and the only module that names sqlx.
//!
//! Everything that belongs to a namespace's history goes in through [`Store::append`], one batch at a time; the rest
//! reads. Every query names its namespace, so that one tenant never sees another's rows.

mod append;
mod db;
mod decisions;
mod error;
mod evidence;
mod head;
mod insert;
mod log;
mod people;
mod policies;
mod releases;
mod rows;
mod rows_in;
mod screen;

pub use append::Seal;
pub use db::{Engine, Store};
pub use decisions::StoredDecision;
pub use error::StoreError;
pub use evidence::StoredEvidence;
pub use log::{LogHead, StoredEntry};
pub use people::{HookSecret, Session, Token, User};
pub use policies::StoredPolicy;
pub use releases::{Filter, StoredRelease};
pub use rows::{
    Delivery, Done, NewApproval, NewDecision, NewEntry, NewEvidence, NewPolicy, NewRelease, Receipt, Signed, Work,
};
