//! The database, and the only module that uses sqlx.
//!
//! Everything that belongs to a namespace's history is written by [`Store::append`], one batch at a
//! time; the other functions read. Every query names its namespace, so that one tenant never sees
//! another's rows.

mod append;
mod attempts;
mod audit;
mod baselines;
mod datasets;
mod db;
mod decisions;
mod durable;
mod error;
mod evidence;
mod existing;
mod facts;
mod files;
mod head;
mod hooks;
mod identity;
mod insert;
mod log;
mod mappings;
mod pending;
mod people;
mod place;
mod policies;
mod proofs;
mod published;
mod read;
mod references;
mod releases;
mod renew;
mod rows;
mod rows_in;
mod screen;
mod sessions;
mod snapshot;
mod uploads;
mod write;

pub use append::{FoundHead, KnownHead, Seal};
pub use attempts::Series;
pub use audit::{Asked, Held, Listed, Population, RawDecision};
pub use baselines::Standing;
pub use datasets::StoredDataset;
pub use db::{Engine, Store, sqlite_path};
pub use decisions::StoredDecision;
pub use error::StoreError;
pub use evidence::StoredEvidence;
pub use existing::Existing;
pub use facts::{NewDataset, NewFact, NewMapping, NewPin, NewProposal, NewRow, NewUpload};
pub use hooks::HookSecret;
pub use log::{LogHead, StoredEntry};
pub use pending::StoredPending;
pub use people::{Token, User};
pub use proofs::{Leaf, LoggedRow, TABLES, Table};
pub use published::{Page, Published};
pub use references::{Pin, Proposal};
pub use releases::{Asking, Filter, ListedRelease, StoredRelease};
pub use rows::{
    Delivery, Done, ExpectedBaseline, NewApproval, NewAttempts, NewDecision, NewEntry, NewEvidence,
    NewPolicy, NewRelease, Newest, Receipt, Signed, Work,
};
pub use sessions::Session;
pub use snapshot::Snapshot;
pub use uploads::StoredUpload;
