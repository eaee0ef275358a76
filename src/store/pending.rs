//! Reads the releases that are waiting for approvals, oldest first.

use super::{Store, StoreError, decisions::record_in, releases};
use crate::model::{Approval, Decision, DecisionId, Namespace, Release};
use sqlx::Row as _;
use std::collections::BTreeMap;

/// A release that is waiting for approvals.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPending {
    /// The release.
    pub release: Release,
    /// Every vote on it, oldest first.
    pub approvals: Vec<Approval>,
    decision: DecisionId,
    record: Vec<u8>,
    record_index: u64,
}

impl StoredPending {
    /// The decision that made it pending.
    ///
    /// # Errors
    /// When the bytes are not a record statement.
    pub fn decision(&self) -> Result<Decision, StoreError> {
        Ok(Decision {
            id: self.decision.clone(),
            release: self.release.id.clone(),
            record: record_in(&self.record)?,
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
        // The inputs are not needed here, and may be large; a pending decision has no verification
        // summary.
        let sql = "SELECT r.id, r.model, r.version, r.artifact, r.environment, r.submitter_id, r.submitter_name, \
                   r.comment, r.requested_at_us, r.entry_idx, d.id AS decision_id, d.record, d.record_idx FROM releases r JOIN decisions d ON d.release_id = r.id \
                   AND d.seq = r.decisions - 1 WHERE r.namespace = $1 AND r.verdict = 'pending' AND r.entry_idx > $2 \
                   AND NOT EXISTS (SELECT 1 FROM releases n WHERE n.namespace = r.namespace AND n.model = r.model \
                   AND n.environment = r.environment AND n.artifact = r.artifact AND n.entry_idx > r.entry_idx) \
                   ORDER BY r.entry_idx LIMIT $3";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(after).bind(i64::from(limit));
        let mut found = Vec::new();
        for row in &query.fetch_all(&self.reader).await? {
            found.push(StoredPending {
                release: releases::release(row)?,
                approvals: Vec::new(),
                decision: row
                    .try_get::<String, _>("decision_id")?
                    .parse()
                    .map_err(StoreError::inconsistent)?,
                record: row.try_get("record")?,
                record_index: row.try_get::<i64, _>("record_idx")?.cast_unsigned(),
            });
        }
        if let Some(last) = found.last().map(|p| p.release.log_index) {
            let mut votes = self.votes_on_pending(namespace, after, last).await?;
            for pending in &mut found {
                pending.approvals = votes.remove(pending.release.id.as_str()).unwrap_or_default();
            }
        }
        Ok(found)
    }

    async fn votes_on_pending(
        &self,
        namespace: &Namespace,
        after: i64,
        last: u64,
    ) -> Result<BTreeMap<String, Vec<Approval>>, StoreError> {
        let sql = "SELECT a.release_id, a.document FROM approvals a JOIN releases r ON r.id = a.release_id \
                   WHERE r.namespace = $1 AND r.verdict = 'pending' AND r.entry_idx > $2 AND r.entry_idx <= $3 \
                   ORDER BY a.entry_idx";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(after).bind(last.cast_signed());
        let mut votes: BTreeMap<String, Vec<Approval>> = BTreeMap::new();
        for row in query.fetch_all(&self.reader).await? {
            let document: String = row.try_get("document")?;
            let approval = serde_json::from_str(&document).map_err(StoreError::inconsistent)?;
            votes.entry(row.try_get("release_id")?).or_default().push(approval);
        }
        Ok(votes)
    }
}
