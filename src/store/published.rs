//! The common form of policies and mappings as rows: versions of a text under a name.

use super::StoreError;
use crate::model::{Digest, Timestamp};
use sqlx::{Row as _, any::AnyRow};

/// A version of a policy or of a mapping as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its name.
    pub name: String,
    /// Its version, counted from 1.
    pub version: u64,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its TOML; empty in lists.
    pub source: String,
    /// The stable id of the actor that published it.
    pub published_by: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// The index of its entry in the log.
    pub log_index: u64,
}

/// A page of a list that is ordered by log index, newest first.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The cursor: only items with a smaller log index.
    pub before: Option<u64>,
    /// The most items on the page.
    pub limit: u32,
}

impl Page {
    /// The upper limit of the log indexes on the page, exclusive, as an SQL number.
    pub(super) fn below(self) -> i64 {
        self.before.map_or(i64::MAX, u64::cast_signed)
    }

    /// The most rows, as an SQL number.
    pub(super) fn rows(self) -> i64 {
        i64::from(self.limit)
    }
}

/// Reads a row of `name, version, digest, source, published_by, at_us, entry_idx`.
pub(super) fn read(row: &AnyRow) -> Result<Published, StoreError> {
    Ok(Published {
        name: row.try_get("name")?,
        version: row.try_get::<i64, _>("version")?.cast_unsigned(),
        digest: row.try_get::<String, _>("digest")?.parse().map_err(StoreError::inconsistent)?,
        source: row.try_get("source")?,
        published_by: row.try_get("published_by")?,
        published_at: Timestamp::from_micros(row.try_get("at_us")?),
        log_index: row.try_get::<i64, _>("entry_idx")?.cast_unsigned(),
    })
}
