//! What a batch writes, with its places in the log.

use super::change::{Change, Write};
use crate::model::{Outcome, Timestamp};

/// A write with its place in the log.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) change: &'a Change,
    pub(super) write: &'a Write,
    /// The index of its first entry, if it has entries. That of a verification summary follows.
    pub(super) index: Option<u64>,
    /// The index of the record of the change's decision.
    pub(super) record: Option<u64>,
}

/// A row to insert.
pub(super) struct Row<'a, T> {
    pub(super) new: &'a T,
    pub(super) change: &'a Change,
    /// The index of its entry in the log.
    pub(super) index: u64,
    /// The index of the record of the change's decision.
    pub(super) record: Option<u64>,
}

impl<T> Row<'_, T> {
    /// The time of the request.
    pub(super) fn at(&self) -> Timestamp {
        self.change.at
    }

    /// The index of the record of an allow, as an SQL number.
    pub(super) fn allowed(&self) -> Option<i64> {
        let allow = self.change.decision().is_some_and(|d| d.verdict == Outcome::Allow);
        self.record.filter(|_| allow).map(u64::cast_signed)
    }

    /// The index of its entry, as an SQL number.
    pub(super) fn idx(&self) -> i64 {
        self.index.cast_signed()
    }
}
