//! Decisions.

use super::{
    Store, StoreError,
    change::{NewDecision, Signed},
    insert::Insert,
    placed::Row,
    record::{DecisionRow, StoredRecord, record_columns},
    releases::outcome,
};
use crate::model::{Decision, DecisionId, Namespace, Outcome, ReleaseId};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

const DECISIONS: Insert = Insert {
    table: "decisions",
    columns: &[
        "id",
        "namespace",
        "release_id",
        "seq",
        "verdict",
        "inputs_digest",
        "decided_at_us",
        "kid",
        "record",
        "record_signature",
        "record_idx",
        "details",
        "vsa",
        "vsa_signature",
        "vsa_idx",
    ],
    tail: "",
};

pub(super) async fn insert(
    connection: &mut AnyConnection,
    ns: &str,
    rows: &[Row<'_, NewDecision>],
) -> Result<(), StoreError> {
    DECISIONS
        .run(connection, rows, |query, row| {
            let (decision, vsa) = (row.new, row.new.vsa.as_ref());
            query
                .bind(decision.id.to_string())
                .bind(ns.to_owned())
                .bind(decision.release.to_string())
                .bind(decision.seq.cast_signed())
                .bind(decision.verdict.as_str())
                .bind(decision.inputs_digest.to_string())
                .bind(row.at().micros())
                .bind(decision.kid.clone())
                .bind(decision.record.payload.clone())
                .bind(decision.record.signature.clone())
                .bind(row.idx())
                .bind(decision.details.as_bytes().to_vec())
                .bind(vsa.map(|v: &Signed| v.payload.clone()))
                .bind(vsa.map(|v: &Signed| v.signature.clone()))
                .bind(vsa.map(|_| row.idx() + 1))
        })
        .await?;
    Ok(())
}

/// A decision as stored: the exact bytes that were signed.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDecision {
    /// Its id.
    pub id: DecisionId,
    /// The release that it decides.
    pub release: ReleaseId,
    /// The number of earlier decisions on the release.
    pub seq: u64,
    /// The verdict.
    pub verdict: Outcome,
    /// The id of the key that signed it.
    pub kid: String,
    /// The record statement, with the documents that it gives the digests of.
    pub record: StoredRecord,
    /// The signature of the record.
    pub record_signature: Vec<u8>,
    /// The log index of the record.
    pub record_index: u64,
    /// The verification summary and its signature, if one was issued.
    pub vsa: Option<(Vec<u8>, Vec<u8>)>,
    /// The log index of the verification summary.
    pub vsa_index: Option<u64>,
}

impl StoredDecision {
    /// What the row says besides its record.
    pub fn row(&self) -> DecisionRow {
        DecisionRow {
            id: self.id.clone(),
            release: self.release.clone(),
            seq: self.seq,
            record_index: self.record_index,
            vsa_index: self.vsa_index,
        }
    }

    /// The decision in the signed bytes.
    ///
    /// # Errors
    /// When the bytes are not its record, or the row states another verdict.
    pub fn decision(&self) -> Result<Decision, StoreError> {
        let decision = self.record.decision(&self.row())?;
        if decision.record.verdict.verdict != self.verdict {
            let what = format!("the verdict of decision {} is not that of its record", self.id);
            return Err(StoreError::inconsistent(what));
        }
        Ok(decision)
    }
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, release_id, seq, verdict, kid, record_signature, record_idx, vsa, vsa_signature, vsa_idx, ",
            record_columns!("decisions"),
            " FROM decisions WHERE namespace = $1 ",
            $tail
        )
    };
}

/// The decisions of several releases.
pub(super) const OF_EACH: &str = select!("AND release_id IN ");

impl Store {
    /// The decision of that id, if the namespace has it.
    ///
    /// # Errors
    /// When the database fails or the row is impossible.
    pub async fn decision(
        &self,
        namespace: &Namespace,
        id: &DecisionId,
    ) -> Result<Option<StoredDecision>, StoreError> {
        let query = sqlx::query(select!("AND id = $2")).bind(namespace.as_str()).bind(id.as_str());
        query.fetch_optional(&self.reader).await?.as_ref().map(read).transpose()
    }

    /// The decision whose record has that log index.
    ///
    /// # Errors
    /// As [`Store::decision`].
    pub async fn decision_at(
        &self,
        namespace: &Namespace,
        index: u64,
    ) -> Result<Option<StoredDecision>, StoreError> {
        let query = sqlx::query(select!("AND record_idx = $2")).bind(namespace.as_str());
        let row = query.bind(index.cast_signed()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read).transpose()
    }

    /// The decisions of a release, oldest first.
    ///
    /// # Errors
    /// As [`Store::decision`].
    pub async fn decisions(
        &self,
        namespace: &Namespace,
        release: &ReleaseId,
    ) -> Result<Vec<StoredDecision>, StoreError> {
        let query =
            sqlx::query(select!("AND release_id = $2 ORDER BY seq")).bind(namespace.as_str());
        query.bind(release.as_str()).fetch_all(&self.reader).await?.iter().map(read).collect()
    }

    /// The latest decision on a release, by the log: its state.
    ///
    /// # Errors
    /// As [`Store::decision`].
    pub async fn latest_decision(
        &self,
        namespace: &Namespace,
        release: &ReleaseId,
    ) -> Result<Option<StoredDecision>, StoreError> {
        let query = sqlx::query(select!("AND release_id = $2 ORDER BY record_idx DESC LIMIT 1"))
            .bind(namespace.as_str());
        query
            .bind(release.as_str())
            .fetch_optional(&self.reader)
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }
}

pub(super) fn read(row: &AnyRow) -> Result<StoredDecision, StoreError> {
    let vsa: Option<Vec<u8>> = row.try_get("vsa")?;
    let vsa_signature: Option<Vec<u8>> = row.try_get("vsa_signature")?;
    let vsa_index: Option<i64> = row.try_get("vsa_idx")?;
    Ok(StoredDecision {
        id: row.try_get::<String, _>("id")?.parse().map_err(StoreError::inconsistent)?,
        release: row
            .try_get::<String, _>("release_id")?
            .parse()
            .map_err(StoreError::inconsistent)?,
        seq: row.try_get::<i64, _>("seq")?.cast_unsigned(),
        verdict: outcome(row)?,
        kid: row.try_get("kid")?,
        record: StoredRecord::from_row(row)?,
        record_signature: row.try_get("record_signature")?,
        record_index: row.try_get::<i64, _>("record_idx")?.cast_unsigned(),
        vsa: vsa.zip(vsa_signature),
        vsa_index: vsa_index.map(i64::cast_unsigned),
    })
}
