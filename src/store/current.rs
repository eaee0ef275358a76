//! Reads releases, each with its latest decision, in one query: lists and the queue show both.

use super::{
    Filter, Store, StoreError,
    record::{DecisionRow, StoredRecord, record_columns},
    releases::{outcome, release},
};
use crate::model::{Decision, DecisionId, Digest, Namespace, Outcome, Release};
use sqlx::{Row as _, any::AnyRow};

/// A release with its latest decision.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCurrent {
    /// The release.
    pub release: Release,
    /// The digest of the inputs that it was first evaluated with.
    pub requested_digest: Digest,
    /// The verdict in the row of the release.
    pub verdict: Outcome,
    /// The decision and its record; `None` if that row is missing.
    latest: Option<(DecisionRow, StoredRecord)>,
}

impl StoredCurrent {
    /// The decision's id, the digest of its signed record, and the log index of the record; `None`
    /// if its row is missing.
    pub fn record(&self) -> Option<(&DecisionId, Digest, u64)> {
        let (row, record) = self.latest.as_ref()?;
        Some((&row.id, record.digest(), row.record_index))
    }

    /// The latest decision.
    ///
    /// # Errors
    /// When its row is missing, the bytes are not its record, or the release states another verdict.
    pub fn decision(&self) -> Result<Decision, StoreError> {
        let wrong =
            |what: &str| StoreError::inconsistent(format!("release {} {what}", self.release.id));
        let (row, record) = self.latest.as_ref().ok_or_else(|| wrong("has no latest decision"))?;
        let decision = record.decision(row)?;
        if decision.record.verdict.verdict != self.verdict {
            return Err(wrong("states another verdict than its latest decision"));
        }
        Ok(decision)
    }
}

/// The releases of a namespace with their latest decisions. A row of a decision that was taken away
/// leaves its release without one, so that it is noticed.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT r.id, r.model, r.version, r.artifact, r.environment, r.submitter_id, r.submitter_name, \
                   r.comment, r.inputs_digest, r.requested_at_us, r.entry_idx, r.verdict, \
                   d.id AS decision_id, d.seq, d.record_idx, d.vsa_idx, ",
            record_columns!("d"),
            " FROM releases r LEFT JOIN decisions d ON d.release_id = r.id AND d.seq = r.decisions - 1 \
                   AND d.record_idx = (SELECT MAX(l.record_idx) FROM decisions l WHERE l.release_id = r.id) \
                   WHERE r.namespace = $1 ",
            $tail
        )
    };
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
    ) -> Result<Vec<StoredCurrent>, StoreError> {
        let sql = select!(
            "AND r.verdict = 'pending' AND r.entry_idx > $2 AND r.superseded_idx IS NULL \
             ORDER BY r.entry_idx LIMIT $3"
        );
        let query = sqlx::query(sql)
            .bind(namespace.as_str())
            .bind(after.map_or(-1, u64::cast_signed))
            .bind(i64::from(limit));
        query.fetch_all(&self.reader).await?.iter().map(read).collect()
    }

    /// Releases, newest first.
    ///
    /// # Errors
    /// When the database fails or a row is impossible.
    pub async fn current(
        &self,
        namespace: &Namespace,
        filter: &Filter,
    ) -> Result<Vec<StoredCurrent>, StoreError> {
        let sql = select!(
            "AND ($2 = '' OR r.model = $2) AND ($3 = '' OR r.environment = $3) \
             AND ($4 = '' OR r.verdict = $4) AND r.entry_idx < $5 ORDER BY r.entry_idx DESC LIMIT $6"
        );
        let query = filter.bind(sqlx::query(sql).bind(namespace.as_str()));
        query.fetch_all(&self.reader).await?.iter().map(read).collect()
    }
}

fn read(row: &AnyRow) -> Result<StoredCurrent, StoreError> {
    let requested: String = row.try_get("inputs_digest")?;
    let release = release(row)?;
    let decision: Option<String> = row.try_get("decision_id")?;
    let latest = decision.map(|id| latest(row, &id, &release)).transpose()?;
    Ok(StoredCurrent {
        release,
        requested_digest: requested.parse().map_err(StoreError::inconsistent)?,
        verdict: outcome(row)?,
        latest,
    })
}

fn latest(
    row: &AnyRow,
    id: &str,
    release: &Release,
) -> Result<(DecisionRow, StoredRecord), StoreError> {
    let vsa_index: Option<i64> = row.try_get("vsa_idx")?;
    let decision = DecisionRow {
        id: id.parse().map_err(StoreError::inconsistent)?,
        release: release.id.clone(),
        seq: row.try_get::<i64, _>("seq")?.cast_unsigned(),
        record_index: row.try_get::<i64, _>("record_idx")?.cast_unsigned(),
        vsa_index: vsa_index.map(i64::cast_unsigned),
    };
    Ok((decision, StoredRecord::from_row(row)?))
}
