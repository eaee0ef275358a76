//! Proposals of references, and their approvals.

use super::{
    NewPin, NewProposal, Page, ProposedReference, Store, StoreError, insert::Bound, placed::Row,
};
use crate::model::{Digest, Environment, ModelId, Namespace, Person, ReleaseId, Timestamp};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

pub(super) async fn propose(
    connection: &mut AnyConnection,
    ns: &str,
    rows: &[Row<'_, NewProposal>],
) -> Result<(), StoreError> {
    for row in rows {
        let sql = "INSERT INTO reference_proposals (id, namespace, model, environment, artifact, release_id, \
                   comment, proposed_by_id, proposed_by_name, at_us, entry_idx) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let proposal = &row.new.proposal;
        let query = bind(sqlx::query(sql), ns, proposal, (&proposal.comment, &proposal.by));
        query.bind(row.at().micros()).bind(row.idx()).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn pin(
    connection: &mut AnyConnection,
    ns: &str,
    rows: &[Row<'_, NewPin>],
) -> Result<(), StoreError> {
    for row in rows {
        let sql = "INSERT INTO reference_pins (proposal_id, namespace, model, environment, artifact, release_id, \
                   comment, approved_by_id, approved_by_name, at_us, entry_idx) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let new = row.new;
        let query = bind(sqlx::query(sql), ns, &new.proposal, (&new.comment, &new.by));
        query.bind(row.at().micros()).bind(row.idx()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Binds the columns that a proposal and its approval have in common, up to the person.
fn bind(
    query: Bound,
    ns: &str,
    proposal: &ProposedReference,
    (comment, by): (&str, &Person),
) -> Bound {
    query
        .bind(proposal.id.clone())
        .bind(ns.to_owned())
        .bind(proposal.model.to_string())
        .bind(proposal.environment.to_string())
        .bind(proposal.artifact.to_string())
        .bind(proposal.release.to_string())
        .bind(comment.to_owned())
        .bind(by.id.clone())
        .bind(by.name.clone())
}

/// A proposal as stored.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The proposal.
    pub proposal: ProposedReference,
    /// When it was made.
    pub at: Timestamp,
    /// The index of its entry in the log.
    pub log_index: u64,
    /// Its approval, if it was approved.
    pub pin: Option<Pin>,
}

/// An approval as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The approver.
    pub by: Person,
    /// Their comment.
    pub comment: String,
    /// When it was given.
    pub at: Timestamp,
    /// The index of its entry in the log.
    pub log_index: u64,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT p.id, p.model, p.environment, p.artifact, p.release_id, p.comment, p.proposed_by_id, ",
            "p.proposed_by_name, p.at_us, p.entry_idx, a.comment AS pin_comment, a.approved_by_id, ",
            "CASE WHEN a.model = p.model AND a.environment = p.environment AND a.artifact = p.artifact ",
            "AND a.release_id = p.release_id THEN 1 ELSE 0 END AS pin_fits, ",
            "a.approved_by_name, a.at_us AS pin_at_us, a.entry_idx AS pin_idx FROM reference_proposals p ",
            "LEFT JOIN reference_pins a ON a.proposal_id = p.id WHERE p.namespace = $1 ",
            $tail
        )
    };
}

/// Proposals for every model, newest first.
pub(super) const ALL: &str = select!("AND p.entry_idx < $2 ORDER BY p.entry_idx DESC LIMIT $3");

impl Store {
    /// The proposal of that id, if the namespace has it.
    ///
    /// # Errors
    /// When the database fails or the row is impossible.
    pub async fn proposal(
        &self,
        namespace: &Namespace,
        id: &str,
    ) -> Result<Option<Proposal>, StoreError> {
        let query =
            sqlx::query(select!("AND p.id = $2")).bind(namespace.as_str()).bind(id.to_owned());
        query.fetch_optional(&self.reader).await?.as_ref().map(read).transpose()
    }

    /// The proposals for a model in an environment, newest first.
    ///
    /// # Errors
    /// As [`Store::proposal`].
    pub async fn proposals(
        &self,
        namespace: &Namespace,
        model: &ModelId,
        environment: &Environment,
        page: Page,
    ) -> Result<Vec<Proposal>, StoreError> {
        let sql = select!(
            "AND p.model = $2 AND p.environment = $3 AND p.entry_idx < $4 ORDER BY p.entry_idx DESC LIMIT $5"
        );
        let query = sqlx::query(sql)
            .bind(namespace.as_str())
            .bind(model.to_string())
            .bind(environment.to_string());
        query
            .bind(page.below())
            .bind(page.rows())
            .fetch_all(&self.reader)
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// The proposal that was approved last for a model in an environment: the one in force.
    ///
    /// # Errors
    /// As [`Store::proposal`].
    pub async fn pinned(
        &self,
        namespace: &Namespace,
        model: &ModelId,
        environment: &Environment,
    ) -> Result<Option<Proposal>, StoreError> {
        let sql = select!(
            "AND p.model = $2 AND p.environment = $3 AND a.entry_idx IS NOT NULL ORDER BY a.entry_idx DESC LIMIT 1"
        );
        let query = sqlx::query(sql)
            .bind(namespace.as_str())
            .bind(model.to_string())
            .bind(environment.to_string());
        query.fetch_optional(&self.reader).await?.as_ref().map(read).transpose()
    }

    /// The latest release that allowed this artifact in this environment and was not revoked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn allowed_release(
        &self,
        namespace: &Namespace,
        model: &ModelId,
        environment: &Environment,
        artifact: &Digest,
    ) -> Result<Option<ReleaseId>, StoreError> {
        let sql = "SELECT id FROM releases WHERE namespace = $1 AND model = $2 AND environment = $3 AND artifact = $4 \
                   AND verdict IN ('allow', 'pending') AND allowed_idx IS NOT NULL ORDER BY allowed_idx DESC LIMIT 1";
        let query = sqlx::query(sql)
            .bind(namespace.as_str())
            .bind(model.to_string())
            .bind(environment.to_string());
        let row = query.bind(artifact.to_string()).fetch_optional(&self.reader).await?;
        row.map(|row| row.try_get::<String, _>(0)?.parse().map_err(StoreError::inconsistent))
            .transpose()
    }
}

pub(super) fn read(row: &AnyRow) -> Result<Proposal, StoreError> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let proposal = ProposedReference {
        id: text("id")?,
        model: text("model")?.parse().map_err(StoreError::inconsistent)?,
        environment: text("environment")?.parse().map_err(StoreError::inconsistent)?,
        artifact: text("artifact")?.parse().map_err(StoreError::inconsistent)?,
        release: text("release_id")?.parse().map_err(StoreError::inconsistent)?,
        comment: text("comment")?,
        by: Person { id: text("proposed_by_id")?, name: text("proposed_by_name")? },
    };
    let index: Option<i64> = row.try_get("pin_idx")?;
    let pin = index.map(|index| -> Result<Pin, StoreError> {
        if row.try_get::<i32, _>("pin_fits")? != 1 {
            return Err(StoreError::inconsistent(
                "the approval of a reference is of another proposal",
            ));
        }
        Ok(Pin {
            by: Person { id: text("approved_by_id")?, name: text("approved_by_name")? },
            comment: text("pin_comment")?,
            at: Timestamp::from_micros(row.try_get("pin_at_us")?),
            log_index: index.cast_unsigned(),
        })
    });
    Ok(Proposal {
        proposal,
        at: Timestamp::from_micros(row.try_get("at_us")?),
        log_index: row.try_get::<i64, _>("entry_idx")?.cast_unsigned(),
        pin: pin.transpose()?,
    })
}
