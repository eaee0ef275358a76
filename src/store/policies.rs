//! Reading policies.

use super::{Store, StoreError};
use crate::model::{Digest, Namespace, Timestamp};
use sqlx::{Row as _, any::AnyRow};

/// A version of a policy as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
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
            "SELECT name, version, digest, source, published_by, published_at_us, entry_idx FROM policies ",
            "WHERE namespace = $1 ",
            $tail
        )
    };
}

impl Store {
    /// The policies that apply now, by name, and the `policies_at` that they are the policies of.
    ///
    /// # Errors
    /// When the database fails or a row is impossible.
    pub async fn active_policies(&self, namespace: &Namespace) -> Result<(u64, Vec<StoredPolicy>), StoreError> {
        // Read first: should a policy be published in between, the number is the older and the batch refuses it.
        let head = sqlx::query("SELECT policies_at FROM logs WHERE namespace = $1")
            .bind(namespace.as_str())
            .fetch_optional(&self.reader)
            .await?;
        let at = head.map(|row| row.try_get::<i64, _>(0)).transpose()?.unwrap_or(0);
        let sql = select!(
            "AND version = (SELECT MAX(l.version) FROM policies l \
             WHERE l.namespace = policies.namespace AND l.name = policies.name) ORDER BY name"
        );
        let rows = sqlx::query(sql).bind(namespace.as_str()).fetch_all(&self.reader).await?;
        Ok((at.cast_unsigned(), rows.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// Every version of every policy, newest first.
    ///
    /// # Errors
    /// As [`Store::active_policies`].
    pub async fn policy_versions(&self, namespace: &Namespace) -> Result<Vec<StoredPolicy>, StoreError> {
        let query = sqlx::query(select!("ORDER BY entry_idx DESC")).bind(namespace.as_str());
        query.fetch_all(&self.reader).await?.iter().map(read).collect()
    }

    /// A policy by the digest of its bytes.
    ///
    /// # Errors
    /// As [`Store::active_policies`].
    pub async fn policy(&self, namespace: &Namespace, digest: &Digest) -> Result<Option<StoredPolicy>, StoreError> {
        let query = sqlx::query(select!("AND digest = $2 ORDER BY entry_idx LIMIT 1")).bind(namespace.as_str());
        query.bind(digest.to_string()).fetch_optional(&self.reader).await?.as_ref().map(read).transpose()
    }
}

fn read(row: &AnyRow) -> Result<StoredPolicy, StoreError> {
    Ok(StoredPolicy {
        name: row.try_get("name")?,
        version: row.try_get::<i64, _>("version")?.cast_unsigned(),
        digest: row.try_get::<String, _>("digest")?.parse().map_err(StoreError::inconsistent)?,
        source: row.try_get("source")?,
        published_by: row.try_get("published_by")?,
        published_at: Timestamp::from_micros(row.try_get("published_at_us")?),
        log_index: row.try_get::<i64, _>("entry_idx")?.cast_unsigned(),
    })
}
