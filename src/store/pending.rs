//! Reads the releases that are waiting for approvals, oldest first.

use super::{
    Store, StoreError,
    record::{DecisionRow, StoredRecord, record_columns},
    releases,
};
use crate::model::{Decision, DecisionId, Digest, Namespace, Release};
use sqlx::Row as _;

/// A release that is waiting for approvals.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPending {
    /// The release.
    pub release: Release,
    /// The digest of the inputs that it was first evaluated with.
    pub requested_digest: Digest,
    /// The id of the decision that made it pending.
    pub decision: DecisionId,
    seq: u64,
    record: StoredRecord,
    /// The log index of the record.
    pub record_index: u64,
}

impl StoredPending {
    /// The digest of the signed record.
    pub fn record_digest(&self) -> Digest {
        self.record.digest()
    }

    /// The decision that made it pending.
    ///
    /// # Errors
    /// When the bytes are not its record.
    pub fn decision(&self) -> Result<Decision, StoreError> {
        self.record.decision(&DecisionRow {
            id: self.decision.clone(),
            release: self.release.id.clone(),
            seq: self.seq,
            record_index: self.record_index,
            vsa_index: None,
        })
    }
}

impl Store {
    /// At most `limit` pending releases that were requested after the entry `after`, oldest first.
    /// A superseded release is not waiting for votes.
    ///
    /// # Errors
    /// When the database fails or a row is impossible.
    pub async fn pending(
        &self,
        namespace: &Namespace,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredPending>, StoreError> {
        let after = after.map_or(-1, u64::cast_signed);
        // A pending decision has no verification summary.
        let sql = concat!(
            "SELECT r.id, r.model, r.version, r.artifact, r.environment, r.submitter_id, r.submitter_name, \
                   r.comment, r.inputs_digest, r.requested_at_us, r.entry_idx, d.id AS decision_id, d.seq, d.record_idx, ",
            record_columns!("d"),
            " FROM releases r JOIN decisions d ON d.release_id = r.id \
                   AND d.seq = r.decisions - 1 \
                   AND d.record_idx = (SELECT MAX(l.record_idx) FROM decisions l WHERE l.release_id = r.id) WHERE r.namespace = $1 AND r.verdict = 'pending' AND r.entry_idx > $2 \
                   AND r.superseded_idx IS NULL ORDER BY r.entry_idx LIMIT $3"
        );
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(after).bind(i64::from(limit));
        let mut found = Vec::new();
        for row in &query.fetch_all(&self.reader).await? {
            found.push(StoredPending {
                release: releases::release(row)?,
                requested_digest: row
                    .try_get::<String, _>("inputs_digest")?
                    .parse()
                    .map_err(StoreError::inconsistent)?,
                decision: row
                    .try_get::<String, _>("decision_id")?
                    .parse()
                    .map_err(StoreError::inconsistent)?,
                seq: row.try_get::<i64, _>("seq")?.cast_unsigned(),
                record: StoredRecord::from_row(row)?,
                record_index: row.try_get::<i64, _>("record_idx")?.cast_unsigned(),
            });
        }
        Ok(found)
    }
}
