//! The files of rows that a namespace may use.

use super::{Store, StoreError, change::NewUpload, placed::Row};
use crate::model::{Digest, Namespace, Timestamp};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

/// The next uploads after an entry.
pub(super) const AFTER: &str = "SELECT digest, size, at_us, entry_idx FROM uploads \
                                WHERE namespace = $1 AND entry_idx > $2 ORDER BY entry_idx LIMIT $3";

pub(super) async fn insert(
    connection: &mut AnyConnection,
    ns: &str,
    rows: &[Row<'_, NewUpload>],
) -> Result<(), StoreError> {
    for row in rows {
        let sql = "INSERT INTO uploads (namespace, digest, size, uploaded_by, at_us, entry_idx) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        sqlx::query(sql)
            .bind(ns.to_owned())
            .bind(row.new.digest.to_string())
            .bind(row.new.size.cast_signed())
            .bind(row.new.by.clone())
            .bind(row.at().micros())
            .bind(row.idx())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// An upload as stored; its bytes are in the folder of blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredUpload {
    /// The digest of its bytes.
    pub digest: Digest,
    /// The number of bytes.
    pub size: u64,
    /// When it was first uploaded.
    pub at: Timestamp,
    /// The index of its entry in the log.
    pub log_index: u64,
}

impl Store {
    /// The upload of that digest, if the namespace has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn upload(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Option<StoredUpload>, StoreError> {
        let sql = "SELECT digest, size, at_us, entry_idx FROM uploads WHERE namespace = $1 AND digest = $2";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(digest.to_string());
        query.fetch_optional(&self.reader).await?.as_ref().map(read).transpose()
    }
}

pub(super) fn read(row: &AnyRow) -> Result<StoredUpload, StoreError> {
    Ok(StoredUpload {
        digest: row.try_get::<String, _>(0)?.parse().map_err(StoreError::inconsistent)?,
        size: row.try_get::<i64, _>(1)?.cast_unsigned(),
        at: Timestamp::from_micros(row.try_get(2)?),
        log_index: row.try_get::<i64, _>(3)?.cast_unsigned(),
    })
}
