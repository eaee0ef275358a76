//! Reads every row of a namespace in pages, for the check of the whole database.

use super::{
    Page, Proposal, Publication, Published, Session, Store, StoreError, StoredDecision,
    StoredEntry, StoredRelease, StoredUpload, approvals, decisions, log, published, references,
    releases, select::select_in, uploads,
};
use crate::model::{Approval, Digest, Namespace, ReleaseId};
use sqlx::{AssertSqlSafe, Row as _, any::AnyRow};
use std::collections::HashMap;

/// The most rows of one page: the inputs and records of a release can have megabytes.
const PAGE: i64 = 16;

/// A table whose rows belong to entries of one kind, and what of an entry they repeat.
const COUNTED: [(&str, &str, &str); 13] = [
    ("evidence", "evidence-accepted", "COUNT(*)"),
    ("releases", "release-requested", "COUNT(*)"),
    ("decisions", "decision-record", "COUNT(*)"),
    ("approvals", "approval-given", "COUNT(*)"),
    ("policies", "policy-published", "COUNT(*)"),
    ("mappings", "mapping-published", "COUNT(*)"),
    ("uploads", "predictions-accepted", "COUNT(*)"),
    ("datasets", "dataset-registered", "COUNT(*)"),
    ("reference_proposals", "reference-proposed", "COUNT(*)"),
    ("reference_pins", "reference-approved", "COUNT(*)"),
    ("users", "user-changed", "COUNT(DISTINCT subject)"),
    ("tokens", "token-changed", "COUNT(DISTINCT subject)"),
    ("hook_secrets", "hook-secret-changed", "COUNT(DISTINCT subject)"),
];

/// The number of rows of a table, and of the entries that state them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// The entries, or their distinct subjects where an entry states a change.
    pub entries: u64,
}

impl Store {
    /// The number of rows of every table that entries state.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counts(&self, namespace: &Namespace) -> Result<Vec<Counted>, StoreError> {
        let mut counts = Vec::with_capacity(COUNTED.len());
        for (table, kind, what) in COUNTED {
            let sql = format!(
                "SELECT (SELECT COUNT(*) FROM {table} WHERE namespace = $1), \
                 (SELECT {what} FROM entries WHERE namespace = $1 AND kind = '{kind}')"
            );
            let query = sqlx::query(AssertSqlSafe(sql)).bind(namespace.as_str());
            let row = query.fetch_one(&self.reader).await?;
            let number = |at: usize| row.try_get::<i64, _>(at).map(i64::cast_unsigned);
            counts.push(Counted { table, rows: number(0)?, entries: number(1)? });
        }
        Ok(counts)
    }

    /// The entries at these indexes, in any order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries_at(
        &self,
        namespace: &Namespace,
        indexes: &[u64],
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let mut reading = self.reader.acquire().await?;
        let found = self.in_time(log::entries_at(&mut reading, namespace, indexes)).await?;
        reading.end();
        Ok(found)
    }

    /// The next releases after the entry `after`, in the order of the log.
    ///
    /// # Errors
    /// When the database fails or a row is impossible.
    pub async fn releases_after(
        &self,
        namespace: &Namespace,
        after: i64,
    ) -> Result<Vec<StoredRelease>, StoreError> {
        let rows = self.after(releases::AFTER, namespace, after).await?;
        rows.iter().map(releases::read).collect()
    }

    /// The next uploads after the entry `after`.
    ///
    /// # Errors
    /// As [`Store::releases_after`].
    pub async fn uploads_after(
        &self,
        namespace: &Namespace,
        after: i64,
    ) -> Result<Vec<StoredUpload>, StoreError> {
        let rows = self.after(uploads::AFTER, namespace, after).await?;
        rows.iter().map(uploads::read).collect()
    }

    /// The next documents after the entry `after`, by digest and index: their bytes may be large.
    ///
    /// # Errors
    /// As [`Store::releases_after`].
    pub async fn evidence_after(
        &self,
        namespace: &Namespace,
        after: i64,
    ) -> Result<Vec<(Digest, u64)>, StoreError> {
        let sql = "SELECT digest, entry_idx FROM evidence WHERE namespace = $1 AND entry_idx > $2 \
                   ORDER BY entry_idx LIMIT $3";
        let read = |row: &AnyRow| {
            let digest: String = row.try_get(0)?;
            let index = row.try_get::<i64, _>(1)?.cast_unsigned();
            Ok((digest.parse().map_err(StoreError::inconsistent)?, index))
        };
        self.after(sql, namespace, after).await?.iter().map(read).collect()
    }

    /// The next versions of policies or mappings after the entry `after`, with their TOML.
    ///
    /// # Errors
    /// As [`Store::releases_after`].
    pub async fn published_after(
        &self,
        of: Publication,
        namespace: &Namespace,
        after: i64,
    ) -> Result<Vec<Published>, StoreError> {
        let sql = of.select("source", "AND entry_idx > $2 ORDER BY entry_idx LIMIT $3");
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(after).bind(PAGE);
        query.fetch_all(&self.reader).await?.iter().map(published::read).collect()
    }

    /// Proposals of references for every model, newest first.
    ///
    /// # Errors
    /// As [`Store::releases_after`].
    pub async fn all_proposals(
        &self,
        namespace: &Namespace,
        page: Page,
    ) -> Result<Vec<Proposal>, StoreError> {
        let query = sqlx::query(references::ALL).bind(namespace.as_str()).bind(page.below());
        query
            .bind(page.rows())
            .fetch_all(&self.reader)
            .await?
            .iter()
            .map(references::read)
            .collect()
    }

    /// The decisions of several releases, each in order.
    ///
    /// # Errors
    /// As [`Store::releases_after`].
    pub async fn decisions_of_each(
        &self,
        namespace: &Namespace,
        releases: &[ReleaseId],
    ) -> Result<HashMap<ReleaseId, Vec<StoredDecision>>, StoreError> {
        let mut found: HashMap<ReleaseId, Vec<StoredDecision>> = HashMap::new();
        for row in self.each(decisions::OF_EACH, namespace, releases).await? {
            let decision = decisions::read(&row)?;
            found.entry(decision.release.clone()).or_default().push(decision);
        }
        for decisions in found.values_mut() {
            decisions.sort_by_key(|decision| decision.seq);
        }
        Ok(found)
    }

    /// The votes on several releases, each in order.
    ///
    /// # Errors
    /// As [`Store::releases_after`].
    pub async fn approvals_of_each(
        &self,
        namespace: &Namespace,
        releases: &[ReleaseId],
    ) -> Result<HashMap<ReleaseId, Vec<(Approval, u64)>>, StoreError> {
        let mut found: HashMap<ReleaseId, Vec<(Approval, u64)>> = HashMap::new();
        for row in self.each(approvals::OF_EACH, namespace, releases).await? {
            let release: String = row.try_get(2)?;
            let release = release.parse().map_err(StoreError::inconsistent)?;
            found.entry(release).or_default().push(approvals::read(&row)?);
        }
        for votes in found.values_mut() {
            votes.sort_by_key(|(_, index)| *index);
        }
        Ok(found)
    }

    /// The releases that do not name the one that superseded them, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wrongly_superseded(&self, ns: &Namespace) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT r.id FROM releases r WHERE r.namespace = $1 AND COALESCE(r.superseded_idx, -1) <> COALESCE(( \
                   SELECT MIN(n.entry_idx) FROM releases n WHERE n.namespace = r.namespace AND n.model = r.model \
                   AND n.environment = r.environment AND n.artifact = r.artifact AND n.entry_idx > r.entry_idx), -1) \
                   ORDER BY r.entry_idx LIMIT 10";
        self.ids(sql, ns).await
    }

    /// The models and environments whose row of the champion is not what the releases say.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wrong_champions(&self, ns: &Namespace) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT COALESCE(c.model, r.model) || ' in ' || COALESCE(c.environment, r.environment) FROM ( \
                   SELECT model, environment, MAX(allowed_idx) AS allowed_idx FROM releases WHERE namespace = $1 \
                   AND verdict IN ('allow', 'pending') AND allowed_idx IS NOT NULL GROUP BY model, environment) r \
                   FULL OUTER JOIN (SELECT * FROM champions WHERE namespace = $1) c \
                   ON c.model = r.model AND c.environment = r.environment \
                   LEFT JOIN releases o ON o.namespace = $1 AND o.id = c.release_id \
                   WHERE COALESCE(c.allowed_idx, -1) <> COALESCE(r.allowed_idx, -1) \
                   OR COALESCE(o.allowed_idx, -1) <> COALESCE(c.allowed_idx, -1) LIMIT 10";
        self.ids(sql, ns).await
    }

    /// Every session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let sql =
            "SELECT user_id, csrf, expires_at_us, signature, digest FROM sessions ORDER BY digest";
        let rows = sqlx::query(sql).fetch_all(&self.reader).await?;
        let read = |row: &AnyRow| {
            let digest: String = row.try_get(4)?;
            super::sessions::read(row, digest.parse().map_err(StoreError::inconsistent)?)
        };
        rows.iter().map(read).collect()
    }

    async fn ids(&self, sql: &'static str, ns: &Namespace) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(sql).bind(ns.as_str()).fetch_all(&self.reader).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn after(
        &self,
        sql: &'static str,
        namespace: &Namespace,
        after: i64,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(after).bind(PAGE);
        Ok(query.fetch_all(&self.reader).await?)
    }

    async fn each(
        &self,
        select: &str,
        namespace: &Namespace,
        releases: &[ReleaseId],
    ) -> Result<Vec<AnyRow>, StoreError> {
        let ids: Vec<String> = releases.iter().map(ToString::to_string).collect();
        let mut reading = self.reader.acquire().await?;
        let rows = self.in_time(select_in(&mut reading, select, namespace, &ids)).await?;
        reading.end();
        Ok(rows)
    }
}
