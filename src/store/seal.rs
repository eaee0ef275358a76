//! What the store asks of the module that has the keys: which log may be signed over, under which
//! name, and the signature.

use super::{StoreError, change::NewEntry};
use crate::{ledger::Identity, model::Namespace};

/// The current head of a log in the database.
#[derive(Debug, Clone, Copy)]
pub struct FoundHead<'a> {
    /// The namespace of the log.
    pub namespace: &'a Namespace,
    /// How many leaves it has; 0 for a log that does not exist yet.
    pub size: u64,
    /// The root that they lead to.
    pub root: [u8; 32],
    /// The checkpoint that was signed over them; empty if there are no leaves.
    pub checkpoint: &'a str,
}

/// A head that was signed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownHead {
    /// How many leaves it covers.
    pub size: u64,
    /// The root that they lead to.
    pub root: [u8; 32],
}

/// Signs heads. Implemented by the module that has the keys.
pub trait Seal: Send + Sync {
    /// Checks that the log, as it was found, may be signed over. Returns the earlier heads that
    /// must be prefixes of it.
    ///
    /// # Errors
    /// When it is not the log that was signed before; the error says what happened and what to do.
    fn admit(&self, _found: &FoundHead<'_>) -> Result<Vec<KnownHead>, StoreError> {
        Ok(Vec::new())
    }

    /// The first leaves of the log of a new namespace: its keys.
    fn opening(&self, namespace: &Namespace) -> Vec<NewEntry>;

    /// The identity of a namespace's log, as far as this service knows; for a log that does not
    /// exist yet, the identity that it would get.
    fn identity(&self, namespace: &Namespace) -> Identity;

    /// Accepts the identity of a log that the database has.
    ///
    /// # Errors
    /// When this service cannot sign under that name.
    fn adopt(&self, namespace: &Namespace, identity: &Identity) -> Result<(), String>;

    /// The time of leaves that are added now to a log whose newest leaf is of `newest_us`.
    ///
    /// # Errors
    /// The number of microseconds that the clock is behind the newest leaf, if it is more than the
    /// tolerance.
    fn tick(&self, newest_us: i64) -> Result<i64, i64>;

    /// The signed checkpoint of a log with `size` leaves and the root `root`.
    ///
    /// # Errors
    /// When the key cannot sign.
    fn seal(&self, namespace: &Namespace, size: u64, root: &[u8; 32]) -> Result<String, String>;
}
