//! Facts that have an entry in the log and a row of their own, other than releases: uploads, data
//! sets, references, mappings. Each is stored once.

use super::{StoreError, rows::NewEntry};
use crate::model::{Digest, Environment, ModelId, Namespace, Person, ReleaseId, Timestamp};
use sqlx::{AnyConnection, Row as _};

/// A fact to store.
#[derive(Debug, Clone)]
pub struct NewFact {
    /// Its row.
    pub row: NewRow,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// The row of a fact.
#[derive(Debug, Clone)]
pub enum NewRow {
    /// A file of rows was uploaded.
    Upload(NewUpload),
    /// A data set was registered.
    Dataset(NewDataset),
    /// A reference was proposed.
    Proposal(NewProposal),
    /// A proposal was approved.
    Pin(NewPin),
    /// A mapping was published.
    Mapping(NewMapping),
}

/// A file of rows, whose bytes are in the folder of blobs.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The digest of its bytes.
    pub digest: Digest,
    /// The number of bytes.
    pub size: u64,
    /// The stable id of the actor that sent it.
    pub by: String,
}

/// A data set to store.
#[derive(Debug, Clone)]
pub struct NewDataset {
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
    pub by: String,
}

/// A version of a mapping to store.
#[derive(Debug, Clone)]
pub struct NewMapping {
    /// Its name.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its TOML.
    pub source: String,
    /// The stable id of the actor that publishes it.
    pub by: String,
}

/// A proposal to store.
#[derive(Debug, Clone)]
pub struct NewProposal {
    /// Its id.
    pub id: String,
    /// The model.
    pub model: ModelId,
    /// The environment in which it is the reference.
    pub environment: Environment,
    /// The artifact.
    pub artifact: Digest,
    /// The release that allowed it in that environment, whose evidence is the baseline.
    pub release: ReleaseId,
    /// The proposer's comment.
    pub comment: String,
    /// The proposer.
    pub by: Person,
}

/// An approval of a proposal, to store.
#[derive(Debug, Clone)]
pub struct NewPin {
    /// The proposal.
    pub proposal: NewProposal,
    /// The approver's comment.
    pub comment: String,
    /// The approver.
    pub by: Person,
}

impl NewRow {
    /// The key that no two facts share.
    pub(super) fn key(&self) -> (&'static str, String) {
        match self {
            Self::Upload(upload) => ("upload", upload.digest.to_string()),
            Self::Dataset(dataset) => ("dataset", dataset.name.clone()),
            Self::Proposal(proposal) => ("proposal", proposal.id.clone()),
            Self::Pin(pin) => ("pin", pin.proposal.id.clone()),
            Self::Mapping(mapping) => ("mapping", mapping.name.clone()),
        }
    }

    /// Whether the fact is stored already.
    pub(super) async fn known(
        &self,
        connection: &mut AnyConnection,
        namespace: &Namespace,
    ) -> Result<bool, StoreError> {
        let sql = match self {
            Self::Upload(_) => "SELECT COUNT(*) FROM uploads WHERE namespace = $1 AND digest = $2",
            Self::Dataset(_) => "SELECT COUNT(*) FROM datasets WHERE namespace = $1 AND name = $2",
            Self::Proposal(_) => {
                "SELECT COUNT(*) FROM reference_proposals WHERE namespace = $1 AND id = $2"
            }
            Self::Pin(_) => {
                "SELECT COUNT(*) FROM reference_pins WHERE namespace = $1 AND proposal_id = $2"
            }
            Self::Mapping(mapping) => return mapping.is_newest(connection, namespace).await,
        };
        let row = sqlx::query(sql)
            .bind(namespace.as_str())
            .bind(self.key().1)
            .fetch_one(connection)
            .await?;
        Ok(row.try_get::<i64, _>(0)? > 0)
    }

    /// Inserts the row of a fact whose log index is `idx`.
    pub(super) async fn insert(
        &self,
        connection: &mut AnyConnection,
        ns: &str,
        at: Timestamp,
        idx: u64,
    ) -> Result<(), StoreError> {
        let (ns, at, idx) = (ns.to_owned(), at.micros(), idx.cast_signed());
        match self {
            Self::Upload(new) => {
                let sql = "INSERT INTO uploads (namespace, digest, size, uploaded_by, at_us, entry_idx) \
                           VALUES ($1, $2, $3, $4, $5, $6)";
                let query = sqlx::query(sql)
                    .bind(ns)
                    .bind(new.digest.to_string())
                    .bind(new.size.cast_signed());
                query.bind(new.by.clone()).bind(at).bind(idx).execute(connection).await?;
            }
            Self::Dataset(new) => {
                let groups =
                    serde_json::to_string(&new.groups).map_err(StoreError::inconsistent)?;
                let sql = "INSERT INTO datasets (namespace, name, digest, id_column, label_column, group_columns, \
                           registered_by, at_us, entry_idx) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
                let query =
                    sqlx::query(sql).bind(ns).bind(new.name.clone()).bind(new.digest.to_string());
                let query = query
                    .bind(new.id.clone())
                    .bind(new.label.clone())
                    .bind(groups)
                    .bind(new.by.clone());
                query.bind(at).bind(idx).execute(connection).await?;
            }
            Self::Proposal(new) => {
                let sql = "INSERT INTO reference_proposals (id, namespace, model, environment, artifact, release_id, \
                           comment, proposed_by_id, proposed_by_name, at_us, entry_idx) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
                reference(connection, sql, ns, new, &new.comment, &new.by, at, idx).await?;
            }
            Self::Pin(new) => {
                let sql = "INSERT INTO reference_pins (proposal_id, namespace, model, environment, artifact, release_id, \
                           comment, approved_by_id, approved_by_name, at_us, entry_idx) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
                reference(connection, sql, ns, &new.proposal, &new.comment, &new.by, at, idx)
                    .await?;
            }
            Self::Mapping(new) => new.insert(connection, ns, at, idx).await?,
        }
        Ok(())
    }
}

impl NewMapping {
    /// The newest version of its name, and its digest.
    async fn newest(
        &self,
        connection: &mut AnyConnection,
        ns: &str,
    ) -> Result<Option<(i64, String)>, StoreError> {
        let sql = "SELECT version, digest FROM mappings WHERE namespace = $1 AND name = $2 ORDER BY version DESC LIMIT 1";
        let row = sqlx::query(sql)
            .bind(ns.to_owned())
            .bind(self.name.clone())
            .fetch_optional(connection)
            .await?;
        row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
    }

    async fn is_newest(
        &self,
        connection: &mut AnyConnection,
        namespace: &Namespace,
    ) -> Result<bool, StoreError> {
        let newest = self.newest(connection, namespace.as_str()).await?;
        Ok(newest.is_some_and(|(_, digest)| digest == self.digest.to_string()))
    }

    async fn insert(
        &self,
        connection: &mut AnyConnection,
        ns: String,
        at: i64,
        idx: i64,
    ) -> Result<(), StoreError> {
        let version = self.newest(connection, &ns).await?.map_or(1, |(version, _)| version + 1);
        let sql = "INSERT INTO mappings (namespace, name, version, digest, source, published_by, at_us, entry_idx) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let query = sqlx::query(sql)
            .bind(ns)
            .bind(self.name.clone())
            .bind(version)
            .bind(self.digest.to_string());
        let query = query.bind(self.source.clone()).bind(self.by.clone()).bind(at).bind(idx);
        query.execute(connection).await?;
        Ok(())
    }
}

#[expect(clippy::too_many_arguments, reason = "one for each column")]
async fn reference(
    connection: &mut AnyConnection,
    sql: &'static str,
    ns: String,
    proposal: &NewProposal,
    comment: &str,
    by: &Person,
    at: i64,
    idx: i64,
) -> Result<(), StoreError> {
    sqlx::query(sql)
        .bind(proposal.id.clone())
        .bind(ns)
        .bind(proposal.model.to_string())
        .bind(proposal.environment.to_string())
        .bind(proposal.artifact.to_string())
        .bind(proposal.release.to_string())
        .bind(comment.to_owned())
        .bind(by.id.clone())
        .bind(by.name.clone())
        .bind(at)
        .bind(idx)
        .execute(connection)
        .await?;
    Ok(())
}
