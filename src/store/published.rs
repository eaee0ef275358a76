//! What a namespace publishes, policies and mappings: versions of a text under a name.

use super::{Store, StoreError, change::NewPublished, placed::Row};
use crate::model::{Digest, Namespace, Timestamp};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _, any::AnyRow};

/// What is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Publication {
    /// Policies.
    Policy,
    /// Mappings.
    Mapping,
}

impl Publication {
    const fn table(self) -> &'static str {
        match self {
            Self::Policy => "policies",
            Self::Mapping => "mappings",
        }
    }

    pub(super) fn select(self, source: &str, tail: &str) -> AssertSqlSafe<String> {
        let table = self.table();
        AssertSqlSafe(format!(
            "SELECT name, version, digest, {source} AS source, published_by, at_us, entry_idx FROM {table} \
             WHERE namespace = $1 {tail}"
        ))
    }
}

/// A version of a policy or of a mapping as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its name.
    pub name: String,
    /// Its version, counted from 1.
    pub version: u64,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its TOML; empty in lists.
    pub source: String,
    /// The stable id of the actor that published it.
    pub published_by: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// The index of its entry in the log.
    pub log_index: u64,
}

/// A page of a list that is ordered by log index, newest first.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The cursor: only items with a smaller log index.
    pub before: Option<u64>,
    /// The most items on the page.
    pub limit: u32,
}

impl Page {
    /// The upper limit of the log indexes on the page, exclusive, as an SQL number.
    pub(super) fn below(self) -> i64 {
        self.before.map_or(i64::MAX, u64::cast_signed)
    }

    /// The most rows, as an SQL number.
    pub(super) fn rows(self) -> i64 {
        i64::from(self.limit)
    }
}

impl Store {
    /// The newest version of each name, by name, and the `policies_at` of the namespace, which
    /// belongs to its policies.
    ///
    /// # Errors
    /// When the database fails or a row is impossible.
    pub async fn active_policies(
        &self,
        namespace: &Namespace,
    ) -> Result<(u64, Vec<Published>), StoreError> {
        // Read the number first: if a policy is published in between, the number is the older one,
        // and the batch refuses it.
        let at = self.policies_at(namespace).await?;
        let sql = Publication::Policy.select(
            "source",
            "AND version = (SELECT MAX(l.version) FROM policies l \
             WHERE l.namespace = policies.namespace AND l.name = policies.name) ORDER BY name",
        );
        let rows = sqlx::query(sql).bind(namespace.as_str()).fetch_all(&self.reader).await?;
        Ok((at, rows.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// One more than the log index of the latest policy of a namespace; 0 before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn policies_at(&self, namespace: &Namespace) -> Result<u64, StoreError> {
        let head = sqlx::query("SELECT policies_at FROM logs WHERE namespace = $1")
            .bind(namespace.as_str())
            .fetch_optional(&self.reader)
            .await?;
        Ok(head.map(|row| row.try_get::<i64, _>(0)).transpose()?.unwrap_or(0).cast_unsigned())
    }

    /// Every version, newest first, without its TOML.
    ///
    /// # Errors
    /// As [`Store::active_policies`].
    pub async fn versions(
        &self,
        of: Publication,
        namespace: &Namespace,
        page: Page,
    ) -> Result<Vec<Published>, StoreError> {
        let sql = of.select("''", "AND entry_idx < $2 ORDER BY entry_idx DESC LIMIT $3");
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(page.below()).bind(page.rows());
        query.fetch_all(&self.reader).await?.iter().map(read).collect()
    }

    /// The newest version of a name.
    ///
    /// # Errors
    /// As [`Store::active_policies`].
    pub async fn newest_named(
        &self,
        of: Publication,
        namespace: &Namespace,
        name: &str,
    ) -> Result<Option<Published>, StoreError> {
        self.one(of, namespace, "AND name = $2 ORDER BY version DESC LIMIT 1", name).await
    }

    /// The first version that has these bytes.
    ///
    /// # Errors
    /// As [`Store::active_policies`].
    pub async fn published(
        &self,
        of: Publication,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Option<Published>, StoreError> {
        let tail = "AND digest = $2 ORDER BY entry_idx LIMIT 1";
        self.one(of, namespace, tail, &digest.to_string()).await
    }

    /// The newest version that has these bytes.
    ///
    /// # Errors
    /// As [`Store::active_policies`].
    pub async fn newest_published(
        &self,
        of: Publication,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Option<Published>, StoreError> {
        let tail = "AND digest = $2 ORDER BY entry_idx DESC LIMIT 1";
        self.one(of, namespace, tail, &digest.to_string()).await
    }

    async fn one(
        &self,
        of: Publication,
        namespace: &Namespace,
        tail: &str,
        value: &str,
    ) -> Result<Option<Published>, StoreError> {
        let query = sqlx::query(of.select("source", tail)).bind(namespace.as_str());
        let row = query.bind(value.to_owned()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read).transpose()
    }
}

/// The newest version of a name, and its digest.
pub(super) async fn newest(
    connection: &mut AnyConnection,
    of: Publication,
    namespace: &Namespace,
    name: &str,
) -> Result<Option<(i64, String)>, StoreError> {
    let table = of.table();
    let sql = format!(
        "SELECT version, digest FROM {table} WHERE namespace = $1 AND name = $2 ORDER BY version DESC LIMIT 1"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(namespace.as_str()).bind(name.to_owned());
    let row = query.fetch_optional(connection).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// Inserts versions, each the newest of its name.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    of: Publication,
    namespace: &Namespace,
    rows: &[Row<'_, NewPublished>],
) -> Result<(), StoreError> {
    for row in rows {
        let latest = newest(connection, of, namespace, &row.new.name).await?;
        let sql = format!(
            "INSERT INTO {} (namespace, name, version, digest, source, published_by, at_us, entry_idx) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            of.table()
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(namespace.as_str())
            .bind(row.new.name.clone())
            .bind(latest.map_or(1, |(version, _)| version + 1))
            .bind(row.new.digest.to_string())
            .bind(row.new.source.clone())
            .bind(row.new.published_by.clone())
            .bind(row.at().micros())
            .bind(row.idx())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) fn read(row: &AnyRow) -> Result<Published, StoreError> {
    Ok(Published {
        name: row.try_get("name")?,
        version: row.try_get::<i64, _>("version")?.cast_unsigned(),
        digest: row.try_get::<String, _>("digest")?.parse().map_err(StoreError::inconsistent)?,
        source: row.try_get("source")?,
        published_by: row.try_get("published_by")?,
        published_at: Timestamp::from_micros(row.try_get("at_us")?),
        log_index: row.try_get::<i64, _>("entry_idx")?.cast_unsigned(),
    })
}
