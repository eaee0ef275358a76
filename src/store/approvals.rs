//! Votes on releases.

use super::{Store, StoreError, change::NewApproval, insert::Insert, rows_in::Row};
use crate::model::{Approval, Namespace, ReleaseId, jcs};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

const APPROVALS: Insert = Insert {
    table: "approvals",
    columns: &["id", "namespace", "release_id", "by_id", "document", "vote", "at_us", "entry_idx"],
    tail: "",
};

pub(super) async fn insert(
    connection: &mut AnyConnection,
    ns: &str,
    rows: &[Row<'_, NewApproval>],
) -> Result<(), StoreError> {
    let mut with = Vec::with_capacity(rows.len());
    for row in rows {
        let document = jcs::to_vec(&row.new.approval).map_err(StoreError::inconsistent)?;
        with.push((row, String::from_utf8(document).map_err(StoreError::inconsistent)?));
    }
    APPROVALS
        .run(connection, &with, |query, (row, document)| {
            let approval = &row.new.approval;
            query
                .bind(approval.id.as_ref().map_or("", |id| id.as_str()).to_owned())
                .bind(ns.to_owned())
                .bind(approval.release.as_ref().map_or("", |id| id.as_str()).to_owned())
                .bind(approval.by.id.clone())
                .bind(document.clone())
                .bind(approval.vote.as_str())
                .bind(approval.at.micros())
                .bind(row.idx())
        })
        .await?;
    Ok(())
}

impl Store {
    /// The votes on a release with their log indexes, in the order in which they were given.
    ///
    /// # Errors
    /// As [`Store::decision`].
    pub async fn approvals(
        &self,
        namespace: &Namespace,
        release: &ReleaseId,
    ) -> Result<Vec<(Approval, u64)>, StoreError> {
        let sql = "SELECT document, entry_idx FROM approvals WHERE namespace = $1 AND release_id = $2 \
                   ORDER BY entry_idx";
        let rows = sqlx::query(sql)
            .bind(namespace.as_str())
            .bind(release.as_str())
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(read_approval).collect()
    }
}

fn read_approval(row: &AnyRow) -> Result<(Approval, u64), StoreError> {
    let document: String = row.try_get(0)?;
    let index: i64 = row.try_get(1)?;
    Ok((serde_json::from_str(&document).map_err(StoreError::inconsistent)?, index.cast_unsigned()))
}
