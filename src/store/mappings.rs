//! Reading mappings.

use super::{Store, StoreError};
use crate::model::{Digest, Namespace, Timestamp};
use sqlx::{Row as _, any::AnyRow};

/// A version of a mapping as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMapping {
    /// Its name.
    pub name: String,
    /// Its version, counted from 1.
    pub version: u64,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its TOML.
    pub source: String,
    /// The stable id of whoever published it.
    pub published_by: String,
    /// When.
    pub published_at: Timestamp,
    /// Its leaf.
    pub log_index: u64,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT name, version, digest, source, published_by, at_us, entry_idx FROM mappings WHERE namespace = $1 ",
            $tail
        )
    };
}

impl Store {
    /// The newest version of the mapping of that name.
    ///
    /// # Errors
    /// When the database fails or a row is impossible.
    pub async fn mapping_named(&self, namespace: &Namespace, name: &str) -> Result<Option<StoredMapping>, StoreError> {
        let query = sqlx::query(select!("AND name = $2 ORDER BY version DESC LIMIT 1")).bind(namespace.as_str());
        query.bind(name.to_owned()).fetch_optional(&self.reader).await?.as_ref().map(read).transpose()
    }

    /// A mapping by the digest of its bytes.
    ///
    /// # Errors
    /// As [`Store::mapping_named`].
    pub async fn mapping(&self, namespace: &Namespace, digest: &Digest) -> Result<Option<StoredMapping>, StoreError> {
        let query = sqlx::query(select!("AND digest = $2 ORDER BY entry_idx LIMIT 1")).bind(namespace.as_str());
        query.bind(digest.to_string()).fetch_optional(&self.reader).await?.as_ref().map(read).transpose()
    }

    /// Every version of every mapping, newest first.
    ///
    /// # Errors
    /// As [`Store::mapping_named`].
    pub async fn mappings(&self, namespace: &Namespace) -> Result<Vec<StoredMapping>, StoreError> {
        let query = sqlx::query(select!("ORDER BY entry_idx DESC")).bind(namespace.as_str());
        query.fetch_all(&self.reader).await?.iter().map(read).collect()
    }
}

fn read(row: &AnyRow) -> Result<StoredMapping, StoreError> {
    Ok(StoredMapping {
        name: row.try_get("name")?,
        version: row.try_get::<i64, _>("version")?.cast_unsigned(),
        digest: row.try_get::<String, _>("digest")?.parse().map_err(StoreError::inconsistent)?,
        source: row.try_get("source")?,
        published_by: row.try_get("published_by")?,
        published_at: Timestamp::from_micros(row.try_get("at_us")?),
        log_index: row.try_get::<i64, _>("entry_idx")?.cast_unsigned(),
    })
}
