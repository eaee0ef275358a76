//! Reads which files of rows a namespace may use.

use super::{Store, StoreError};
use crate::model::{Digest, Namespace, Timestamp};
use sqlx::Row as _;

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
        let sql = "SELECT size, at_us, entry_idx FROM uploads WHERE namespace = $1 AND digest = $2";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(digest.to_string());
        let Some(row) = query.fetch_optional(&self.reader).await? else { return Ok(None) };
        Ok(Some(StoredUpload {
            digest: *digest,
            size: row.try_get::<i64, _>(0)?.cast_unsigned(),
            at: Timestamp::from_micros(row.try_get(1)?),
            log_index: row.try_get::<i64, _>(2)?.cast_unsigned(),
        }))
    }
}
