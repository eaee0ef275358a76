//! Documents of evidence.

use super::{PackedDocument, Store, StoreError, change::NewEvidence, insert::Insert, placed::Row};
use crate::model::{Digest, Namespace, Timestamp};
use sqlx::{AnyConnection, Row as _};

const EVIDENCE: Insert = Insert {
    table: "evidence",
    columns: &["namespace", "digest", "format", "bytes", "accepted_at_us", "entry_idx", "packed"],
    tail: "",
};

pub(super) async fn insert(
    connection: &mut AnyConnection,
    ns: &str,
    rows: &[Row<'_, NewEvidence>],
) -> Result<(), StoreError> {
    EVIDENCE
        .run(connection, rows, |query, row| {
            let (bytes, packed) = row.new.document.columns();
            query
                .bind(ns.to_owned())
                .bind(row.new.digest.to_string())
                .bind(row.new.format.clone())
                .bind(bytes)
                .bind(row.at().micros())
                .bind(row.idx())
                .bind(packed)
        })
        .await?;
    Ok(())
}

/// A document as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvidence {
    /// The digest of its bytes.
    pub digest: Digest,
    /// The format that it was read as.
    pub format: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When it was first accepted.
    pub accepted_at: Timestamp,
    /// The index of its entry in the log.
    pub log_index: u64,
}

impl Store {
    /// The document of that digest, if the namespace has it.
    ///
    /// # Errors
    /// When the database fails, or the bytes no longer hash to their digest.
    pub async fn evidence(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Option<StoredEvidence>, StoreError> {
        let sql = "SELECT format, bytes, accepted_at_us, entry_idx, packed FROM evidence WHERE namespace = $1 AND digest = $2";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(digest.to_string());
        let Some(row) = query.fetch_optional(&self.reader).await? else { return Ok(None) };
        let bytes = PackedDocument::unpack(row.try_get(1)?, row.try_get(4)?)?;
        if Digest::of(&bytes) != *digest {
            return Err(StoreError::inconsistent(format!(
                "evidence {digest} no longer hashes to its digest"
            )));
        }
        let accepted_at = Timestamp::from_micros(row.try_get(2)?);
        let log_index = row.try_get::<i64, _>(3)?.cast_unsigned();
        Ok(Some(StoredEvidence {
            digest: *digest,
            format: row.try_get(0)?,
            bytes,
            accepted_at,
            log_index,
        }))
    }

    /// The log index of a document, if the namespace has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn evidence_index(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT entry_idx FROM evidence WHERE namespace = $1 AND digest = $2";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(digest.to_string());
        let row = query.fetch_optional(&self.reader).await?;
        Ok(row.map(|row| row.try_get::<i64, _>(0)).transpose()?.map(i64::cast_unsigned))
    }
}
