//! Registered data sets.

use super::{Page, Store, StoreError, change::NewDataset, placed::Row};
use crate::model::{Digest, Namespace, Timestamp};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

pub(super) async fn insert(
    connection: &mut AnyConnection,
    ns: &str,
    rows: &[Row<'_, NewDataset>],
) -> Result<(), StoreError> {
    for row in rows {
        let new = row.new;
        let groups = serde_json::to_string(&new.groups).map_err(StoreError::inconsistent)?;
        let sql = "INSERT INTO datasets (namespace, name, digest, id_column, label_column, group_columns, \
                   registered_by, at_us, entry_idx) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        sqlx::query(sql)
            .bind(ns.to_owned())
            .bind(new.name.clone())
            .bind(new.digest.to_string())
            .bind(new.id.clone())
            .bind(new.label.clone())
            .bind(groups)
            .bind(new.by.clone())
            .bind(row.at().micros())
            .bind(row.idx())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// A registered data set as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDataset {
    /// Its name.
    pub name: String,
    /// The upload with its rows.
    pub digest: Digest,
    /// The column that rows are joined on.
    pub id: String,
    /// The column of labels.
    pub label: Option<String>,
    /// The columns of groups.
    pub groups: Vec<String>,
    /// The stable id of the actor that registered it.
    pub registered_by: String,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// The index of its entry in the log.
    pub log_index: u64,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT name, digest, id_column, label_column, group_columns, registered_by, at_us, entry_idx FROM datasets ",
            "WHERE namespace = $1 ",
            $tail
        )
    };
}

impl Store {
    /// The data set of that name, if the namespace has it.
    ///
    /// # Errors
    /// When the database fails or the row is impossible.
    pub async fn dataset(
        &self,
        namespace: &Namespace,
        name: &str,
    ) -> Result<Option<StoredDataset>, StoreError> {
        let query =
            sqlx::query(select!("AND name = $2")).bind(namespace.as_str()).bind(name.to_owned());
        query.fetch_optional(&self.reader).await?.as_ref().map(read).transpose()
    }

    /// Whether an upload is a registered data set.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_dataset(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT COUNT(*) FROM datasets WHERE namespace = $1 AND digest = $2";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(digest.to_string());
        Ok(query.fetch_one(&self.reader).await?.try_get::<i64, _>(0)? > 0)
    }

    /// Data sets, newest first.
    ///
    /// # Errors
    /// As [`Store::dataset`].
    pub async fn datasets(
        &self,
        namespace: &Namespace,
        page: Page,
    ) -> Result<Vec<StoredDataset>, StoreError> {
        let sql = select!("AND entry_idx < $2 ORDER BY entry_idx DESC LIMIT $3");
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(page.below()).bind(page.rows());
        query.fetch_all(&self.reader).await?.iter().map(read).collect()
    }
}

fn read(row: &AnyRow) -> Result<StoredDataset, StoreError> {
    Ok(StoredDataset {
        name: row.try_get("name")?,
        digest: row.try_get::<String, _>("digest")?.parse().map_err(StoreError::inconsistent)?,
        id: row.try_get("id_column")?,
        label: row.try_get("label_column")?,
        groups: serde_json::from_str(&row.try_get::<String, _>("group_columns")?)
            .map_err(StoreError::inconsistent)?,
        registered_by: row.try_get("registered_by")?,
        registered_at: Timestamp::from_micros(row.try_get("at_us")?),
        log_index: row.try_get::<i64, _>("entry_idx")?.cast_unsigned(),
    })
}
