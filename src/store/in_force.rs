//! The facts in force: the newest of each subject.

use super::{Store, StoreError};
use crate::model::Namespace;
use sqlx::Row as _;
use std::collections::BTreeMap;

/// The kinds of facts of which the newest of a subject is in force, as the index of the database
/// lists them: both engines use it only for a query that repeats its condition.
const KINDS: &str = "kind IN ('user-changed', 'token-changed', 'hook-secret-changed', 'policy-published', \
                     'mapping-published', 'dataset-registered', 'reference-approved')";

impl Store {
    /// The log index of the newest fact of this kind about a subject.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn in_force(
        &self,
        namespace: &Namespace,
        kind: &str,
        subject: &str,
    ) -> Result<Option<u64>, StoreError> {
        let sql = format!(
            "SELECT MAX(idx) FROM entries WHERE namespace = $1 AND kind = $2 AND subject = $3 AND {KINDS}"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(namespace.as_str());
        let query = query.bind(kind.to_owned()).bind(subject.to_owned());
        let newest: Option<i64> = query.fetch_one(&self.reader).await?.try_get(0)?;
        Ok(newest.map(i64::cast_unsigned))
    }

    /// The log indexes of the facts of this kind that are in force, by subject.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_in_force(
        &self,
        namespace: &Namespace,
        kind: &str,
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        let sql = format!(
            "SELECT subject, MAX(idx) FROM entries WHERE namespace = $1 AND kind = $2 AND {KINDS} GROUP BY subject"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(namespace.as_str());
        let rows = query.bind(kind.to_owned()).fetch_all(&self.reader).await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?.cast_unsigned()))
        };
        rows.iter().map(read).collect()
    }
}
