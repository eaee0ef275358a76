//! Votes on releases.

use super::{Store, StoreError, change::NewApproval, insert::Insert, placed::Row};
use crate::{
    ledger::record::documents,
    model::{Approval, Namespace, ReleaseId},
};
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
        let document =
            documents::approval_bytes(&row.new.approval).map_err(StoreError::inconsistent)?;
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

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT document, entry_idx, release_id, id, by_id, vote, at_us FROM approvals WHERE namespace = $1 ",
            $tail
        )
    };
}

/// The votes on several releases.
pub(super) const OF_EACH: &str = select!("AND release_id IN ");

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
        let rows = sqlx::query(select!("AND release_id = $2 ORDER BY entry_idx"))
            .bind(namespace.as_str())
            .bind(release.as_str())
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(read).collect()
    }
}

pub(super) fn read(row: &AnyRow) -> Result<(Approval, u64), StoreError> {
    let document: String = row.try_get(0)?;
    let index: i64 = row.try_get(1)?;
    let approval = documents::approval(document.as_bytes()).map_err(StoreError::inconsistent)?;
    let text = |at: usize| row.try_get::<String, _>(at);
    // The columns repeat what the document says.
    let (release, id) = (text(2)?, text(3)?);
    let same = approval.release.as_ref().is_some_and(|of| of.as_str() == release)
        && approval.id.as_ref().is_some_and(|own| own.as_str() == id)
        && approval.by.id == text(4)?
        && approval.vote.as_str() == text(5)?
        && approval.at.micros() == row.try_get::<i64, _>(6)?;
    if same {
        return Ok((approval, index.cast_unsigned()));
    }
    Err(StoreError::inconsistent(format!("the row of approval {id} is not what its document says")))
}
