//! The database, and the only module that uses sqlx.
//!
//! Everything that belongs to a namespace's history is written by [`Store::append`], one batch at a
//! time; the other functions read. Every query names its namespace, so that one tenant never sees
//! another's rows.

mod accounts;
mod address;
mod append;
mod approvals;
mod attempts;
mod audit;
mod baselines;
mod batch;
mod change;
mod connections;
mod current;
mod datasets;
mod db;
mod decisions;
mod deliveries;
mod durable;
mod error;
mod evidence;
mod existing;
mod files;
mod head;
mod hooks;
mod identity;
mod in_force;
mod inputs;
mod insert;
mod log;
mod packed;
mod people;
mod place;
mod placed;
mod published;
mod read;
mod record;
mod references;
mod releases;
mod renew;
mod rows_in;
mod screen;
mod seal;
mod select;
mod sessions;
mod snapshot;
mod sweep;
mod uploads;
mod write;

pub use attempts::Series;
pub use audit::{Held, Listed, Population, RawDecision, RawVote};
pub use baselines::Standing;
pub use change::{
    Before, Change, Committed, Conflict, Delivery, Expectation, ExpectedBaseline, NewApproval,
    NewAttempts, NewDataset, NewDecision, NewEntry, NewEvidence, NewInputs, NewPin, NewProposal,
    NewPublished, NewRelease, NewState, NewUpload, Newest, ProposedReference, Receipt, Signed,
    Write,
};
pub use current::StoredCurrent;
pub use datasets::StoredDataset;
pub use db::{Engine, Store, sqlite_path};
pub use decisions::StoredDecision;
pub use error::StoreError;
pub use evidence::StoredEvidence;
pub use existing::Existing;
pub use hooks::HookSecret;
pub use log::{LogHead, StoredEntry};
pub use packed::PackedDocument;
pub use people::{Token, User};
pub use published::{Page, Publication, Published};
pub use record::{DecisionRow, PackedDetails, StoredRecord};
pub use references::{Pin, Proposal};
pub use releases::{Asking, Filter, ListedRelease, StoredRelease};
pub use seal::{FoundHead, KnownHead, Seal};
pub use sessions::Session;
pub use snapshot::Snapshot;
pub use sweep::Counted;
pub use uploads::StoredUpload;
