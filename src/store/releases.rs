//! Reads releases.

use super::{Page, Store, StoreError};
use crate::model::{
    Digest, Environment, Inputs, ModelId, Namespace, Person, Release, ReleaseId, Timestamp,
};
use sqlx::{Row as _, any::AnyRow};

/// A release as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRelease {
    /// The release.
    pub release: Release,
    /// Its frozen inputs.
    pub inputs: Inputs,
    /// Their digest.
    pub inputs_digest: Digest,
    /// The number of decisions on it.
    pub decisions: u64,
    /// The name of the latest verdict.
    pub verdict: String,
    /// The log index of the record of its latest allow, if it was ever allowed.
    pub allowed_at: Option<u64>,
}

/// A release in a list, without its inputs: they may be large, and lists do not show them.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedRelease {
    /// The release.
    pub release: Release,
    /// The name of the latest verdict.
    pub verdict: String,
}

/// Which releases to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only releases of this model.
    pub model: Option<String>,
    /// Only releases to this environment.
    pub environment: Option<String>,
    /// Only releases with this verdict.
    pub verdict: Option<String>,
    /// The cursor: only releases with a smaller log index.
    pub before: Option<u64>,
    /// The most releases to return.
    pub limit: u32,
}

/// A model for which releases were requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// The model.
    pub model: ModelId,
    /// The number of its releases.
    pub releases: u64,
    /// The log index of the latest one.
    pub last: u64,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, model, version, artifact, environment, submitter_id, submitter_name, comment, inputs, ",
            "inputs_digest, requested_at_us, entry_idx, decisions, verdict, allowed_idx FROM releases WHERE namespace = $1 ",
            $tail
        )
    };
}

impl Store {
    /// The release of that id, if the namespace has it.
    ///
    /// # Errors
    /// When the database fails or the row is impossible.
    pub async fn release(
        &self,
        namespace: &Namespace,
        id: &ReleaseId,
    ) -> Result<Option<StoredRelease>, StoreError> {
        let row = sqlx::query(select!("AND id = $2"))
            .bind(namespace.as_str())
            .bind(id.as_str())
            .fetch_optional(&self.reader)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Releases, newest first.
    ///
    /// # Errors
    /// As [`Store::release`].
    pub async fn releases(
        &self,
        namespace: &Namespace,
        filter: &Filter,
    ) -> Result<Vec<ListedRelease>, StoreError> {
        let sql = "SELECT id, model, version, artifact, environment, submitter_id, submitter_name, comment, \
                   requested_at_us, entry_idx, verdict FROM releases WHERE namespace = $1 \
                   AND ($2 = '' OR model = $2) AND ($3 = '' OR environment = $3) AND ($4 = '' OR verdict = $4) \
                   AND entry_idx < $5 ORDER BY entry_idx DESC LIMIT $6";
        let rows = sqlx::query(sql)
            .bind(namespace.as_str())
            .bind(filter.model.clone().unwrap_or_default())
            .bind(filter.environment.clone().unwrap_or_default())
            .bind(filter.verdict.clone().unwrap_or_default())
            .bind(filter.before.map_or(i64::MAX, u64::cast_signed))
            .bind(i64::from(filter.limit))
            .fetch_all(&self.reader)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(ListedRelease { release: release(row)?, verdict: row.try_get("verdict")? })
            })
            .collect()
    }

    /// The newest release of this artifact to this environment, if it was ever requested.
    ///
    /// # Errors
    /// As [`Store::release`].
    pub async fn newest(
        &self,
        namespace: &Namespace,
        model: &ModelId,
        artifact: &Digest,
        environment: &Environment,
    ) -> Result<Option<StoredRelease>, StoreError> {
        let sql = select!(
            "AND model = $2 AND environment = $3 AND artifact = $4 ORDER BY entry_idx DESC LIMIT 1"
        );
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(model.to_string());
        let query = query.bind(environment.to_string()).bind(artifact.to_string());
        query.fetch_optional(&self.reader).await?.as_ref().map(read).transpose()
    }

    /// The first `most` environments, by name, for which a release was ever requested.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn environments(
        &self,
        namespace: &Namespace,
        most: u32,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT environment FROM releases WHERE namespace = $1 ORDER BY environment LIMIT $2";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(i64::from(most));
        let rows = query.fetch_all(&self.reader).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// The models for which releases were requested, those with the latest request first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn models(
        &self,
        namespace: &Namespace,
        page: Page,
    ) -> Result<Vec<Asking>, StoreError> {
        let sql = "SELECT model, COUNT(*), MAX(entry_idx) FROM releases WHERE namespace = $1 GROUP BY model \
                   HAVING MAX(entry_idx) < $2 ORDER BY MAX(entry_idx) DESC LIMIT $3";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(page.below()).bind(page.rows());
        let rows = query.fetch_all(&self.reader).await?;
        let read = |row: &AnyRow| {
            let model: String = row.try_get(0)?;
            let number = |column: usize| row.try_get::<i64, _>(column).map(i64::cast_unsigned);
            Ok(Asking {
                model: model.parse().map_err(StoreError::inconsistent)?,
                releases: number(1)?,
                last: number(2)?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// The release in a row, without its inputs.
pub(super) fn release(row: &AnyRow) -> Result<Release, StoreError> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let number = |column: &str| row.try_get::<i64, _>(column);
    Ok(Release {
        id: text("id")?.parse().map_err(StoreError::inconsistent)?,
        model: text("model")?.parse().map_err(StoreError::inconsistent)?,
        version: row.try_get("version")?,
        artifact: text("artifact")?.parse().map_err(StoreError::inconsistent)?,
        environment: text("environment")?.parse().map_err(StoreError::inconsistent)?,
        submitter: Person { id: text("submitter_id")?, name: text("submitter_name")? },
        comment: text("comment")?,
        requested_at: Timestamp::from_micros(number("requested_at_us")?),
        log_index: number("entry_idx")?.cast_unsigned(),
    })
}

fn read(row: &AnyRow) -> Result<StoredRelease, StoreError> {
    let text = |column: &str| row.try_get::<String, _>(column);
    Ok(StoredRelease {
        release: release(row)?,
        inputs: serde_json::from_str(&text("inputs")?).map_err(StoreError::inconsistent)?,
        inputs_digest: text("inputs_digest")?.parse().map_err(StoreError::inconsistent)?,
        decisions: row.try_get::<i64, _>("decisions")?.cast_unsigned(),
        verdict: text("verdict")?,
        allowed_at: row.try_get::<Option<i64>, _>("allowed_idx")?.map(i64::cast_unsigned),
    })
}
