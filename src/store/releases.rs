//! Releases.

use super::{
    Page, Store, StoreError,
    change::NewRelease,
    insert::{Bound, Insert},
    placed::Row,
    select::select_in,
};
use crate::model::{
    Digest, Environment, Inputs, ModelId, Namespace, Outcome, Person, Release, ReleaseId, Timestamp,
};
use sqlx::{AnyConnection, Row as _, any::AnyRow};
use std::collections::HashMap;

/// A release as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRelease {
    /// The release.
    pub release: Release,
    /// The frozen inputs of its latest decision.
    pub inputs: Inputs,
    /// Their digest.
    pub inputs_digest: Digest,
    /// The digest of the inputs that it was first evaluated with.
    pub requested_digest: Digest,
    /// The number of decisions on it.
    pub decisions: u64,
    /// The latest verdict.
    pub verdict: Outcome,
    /// The log index of the record of its latest allow, if it was ever allowed.
    pub allowed_at: Option<u64>,
    /// The log index of the next release of its artifact to its environment, if there is one.
    pub superseded_at: Option<u64>,
}

/// A release in a list, without its inputs: they may be large, and lists do not show them.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedRelease {
    /// The release.
    pub release: Release,
    /// The digest of the inputs that it was first evaluated with.
    pub requested_digest: Digest,
    /// The latest verdict.
    pub verdict: Outcome,
    /// The log index of the record of the latest decision; `None` if that row is missing.
    pub decided_at: Option<u64>,
}

/// Which releases to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only releases of this model.
    pub model: Option<String>,
    /// Only releases to this environment.
    pub environment: Option<String>,
    /// Only releases with this verdict.
    pub verdict: Option<Outcome>,
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

const RELEASES: Insert = Insert {
    table: "releases",
    columns: &[
        "id",
        "namespace",
        "model",
        "version",
        "artifact",
        "environment",
        "submitter_id",
        "submitter_name",
        "comment",
        "inputs_digest",
        "requested_at_us",
        "entry_idx",
        "decisions",
        "verdict",
        "allowed_idx",
        "superseded_idx",
    ],
    tail: "",
};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT r.id, r.model, r.version, r.artifact, r.environment, r.submitter_id, r.submitter_name, ",
            "r.comment, r.inputs_digest AS requested_digest, r.requested_at_us, r.entry_idx, r.decisions, r.verdict, ",
            "r.allowed_idx, r.superseded_idx, d.inputs_digest, i.document AS inputs FROM releases r ",
            "LEFT JOIN decisions d ON d.release_id = r.id AND d.seq = r.decisions - 1 ",
            "LEFT JOIN inputs i ON i.namespace = r.namespace AND i.digest = d.inputs_digest ",
            "WHERE r.namespace = $1 ",
            $tail
        )
    };
}

/// The next releases after an entry.
pub(super) const AFTER: &str = select!("AND r.entry_idx > $2 ORDER BY r.entry_idx LIMIT $3");

/// Inserts releases, each with its first decision, and marks those that they supersede.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    rows: &[Row<'_, NewRelease>],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut next: HashMap<Place, u64> = HashMap::new();
    let mut superseded = vec![None; rows.len()];
    for (row, superseded) in rows.iter().zip(&mut superseded).rev() {
        *superseded = next.insert(Place::of(&row.new.release), row.index);
    }
    let with: Vec<_> = rows.iter().zip(superseded).collect();
    RELEASES
        .run(connection, &with, |query, (row, superseded)| {
            let (release, decision) = (&row.new.release, row.change.decision());
            query
                .bind(release.id.to_string())
                .bind(namespace.as_str().to_owned())
                .bind(release.model.to_string())
                .bind(release.version.clone())
                .bind(release.artifact.to_string())
                .bind(release.environment.to_string())
                .bind(release.submitter.id.clone())
                .bind(release.submitter.name.clone())
                .bind(release.comment.clone())
                .bind(row.new.inputs_digest.to_string())
                .bind(release.requested_at.micros())
                .bind(row.idx())
                .bind(i64::from(decision.is_some()))
                .bind(decision.map_or("pending", |d| d.verdict.as_str()))
                .bind(row.allowed())
                .bind(superseded.map(u64::cast_signed))
        })
        .await?;
    supersede(connection, namespace, &next).await
}

/// A model, an environment and an artifact, as they are stored.
#[derive(PartialEq, Eq, Hash)]
struct Place {
    model: String,
    environment: String,
    artifact: String,
}

impl Place {
    fn of(release: &Release) -> Self {
        Self {
            model: release.model.to_string(),
            environment: release.environment.to_string(),
            artifact: release.artifact.to_string(),
        }
    }
}

/// Marks the releases that were the newest of these places before. `next` has the first new one of
/// each.
async fn supersede(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    next: &HashMap<Place, u64>,
) -> Result<(), StoreError> {
    let artifacts: Vec<String> = next.keys().map(|place| place.artifact.clone()).collect();
    let select = "SELECT id, model, environment, artifact, entry_idx FROM releases \
                  WHERE namespace = $1 AND superseded_idx IS NULL AND artifact IN ";
    for row in select_in(connection, select, namespace, &artifacts).await? {
        let place = Place {
            model: row.try_get(1)?,
            environment: row.try_get(2)?,
            artifact: row.try_get(3)?,
        };
        let index = row.try_get::<i64, _>(4)?.cast_unsigned();
        if let Some(by) = next.get(&place).filter(|by| index < **by) {
            let sql = "UPDATE releases SET superseded_idx = $1 WHERE namespace = $2 AND id = $3";
            let query = sqlx::query(sql).bind(by.cast_signed()).bind(namespace.as_str());
            query.bind(row.try_get::<String, _>(0)?).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

impl Filter {
    /// Binds the filter as the parameters 2 to 6.
    pub(super) fn bind(&self, query: Bound) -> Bound {
        query
            .bind(self.model.clone().unwrap_or_default())
            .bind(self.environment.clone().unwrap_or_default())
            .bind(self.verdict.map_or("", Outcome::as_str))
            .bind(self.before.map_or(i64::MAX, u64::cast_signed))
            .bind(i64::from(self.limit))
    }
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
        let row = sqlx::query(select!("AND r.id = $2"))
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
                   inputs_digest, requested_at_us, entry_idx, verdict, (SELECT MAX(d.record_idx) FROM decisions d \
                   WHERE d.release_id = releases.id) AS decided_idx \
                   FROM releases WHERE namespace = $1 \
                   AND ($2 = '' OR model = $2) AND ($3 = '' OR environment = $3) AND ($4 = '' OR verdict = $4) \
                   AND entry_idx < $5 ORDER BY entry_idx DESC LIMIT $6";
        let query = filter.bind(sqlx::query(sql).bind(namespace.as_str()));
        let rows = query.fetch_all(&self.reader).await?;
        rows.iter()
            .map(|row| {
                let requested: String = row.try_get("inputs_digest")?;
                let decided_at: Option<i64> = row.try_get("decided_idx")?;
                Ok(ListedRelease {
                    release: release(row)?,
                    requested_digest: requested.parse().map_err(StoreError::inconsistent)?,
                    verdict: outcome(row)?,
                    decided_at: decided_at.map(i64::cast_unsigned),
                })
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
            "AND r.model = $2 AND r.environment = $3 AND r.artifact = $4 ORDER BY r.entry_idx DESC LIMIT 1"
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

pub(super) fn read(row: &AnyRow) -> Result<StoredRelease, StoreError> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let index = |column: &str| -> Result<Option<u64>, StoreError> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(i64::cast_unsigned))
    };
    let inputs: Option<String> = row.try_get("inputs")?;
    let inputs = inputs.ok_or_else(|| {
        let id = text("id").unwrap_or_default();
        StoreError::inconsistent(format!("release {id} has no latest decision with its inputs"))
    })?;
    Ok(StoredRelease {
        release: release(row)?,
        inputs: serde_json::from_str(&inputs).map_err(StoreError::inconsistent)?,
        inputs_digest: text("inputs_digest")?.parse().map_err(StoreError::inconsistent)?,
        requested_digest: text("requested_digest")?.parse().map_err(StoreError::inconsistent)?,
        decisions: row.try_get::<i64, _>("decisions")?.cast_unsigned(),
        verdict: outcome(row)?,
        allowed_at: index("allowed_idx")?,
        superseded_at: index("superseded_idx")?,
    })
}

/// The verdict in the column `verdict`.
pub(super) fn outcome(row: &AnyRow) -> Result<Outcome, StoreError> {
    row.try_get::<String, _>("verdict")?.parse().map_err(StoreError::inconsistent)
}
