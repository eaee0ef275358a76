//! The secrets that senders of webhooks sign with.

use super::{Store, StoreError};
use crate::model::{Namespace, Timestamp};
use sqlx::{Row as _, any::AnyRow};

/// A secret that a sender of webhooks signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookSecret {
    /// Its stable id.
    pub id: String,
    /// The namespace that it permits submissions to.
    pub namespace: Namespace,
    /// The sender, such as `ci`.
    pub source: String,
    /// The key of the HMAC.
    pub secret: Vec<u8>,
    /// When it expires; `None` if never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl Store {
    /// Adds a webhook secret.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_hook_secret(
        &self,
        hook: &HookSecret,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO hook_secrets (id, namespace, source, secret, created_at_us, expires_at_us) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let query = sqlx::query(sql)
            .bind(hook.id.clone())
            .bind(hook.namespace.as_str())
            .bind(hook.source.clone())
            .bind(hook.secret.clone())
            .bind(now.micros())
            .bind(hook.expires_at.map(Timestamp::micros));
        self.execute(query).await?;
        Ok(())
    }

    /// Whether a sender has a valid secret in any namespace.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn any_hook_secret(&self, source: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM hook_secrets WHERE revoked_at_us IS NULL \
                   AND (expires_at_us IS NULL OR expires_at_us > $1) AND source = $2 LIMIT 1";
        let query = sqlx::query(sql).bind(now.micros()).bind(source.to_owned());
        Ok(query.fetch_optional(&self.reader).await?.is_some())
    }

    /// The valid secrets of a sender, newest first: during a rotation there are two.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hook_secrets(
        &self,
        namespace: &Namespace,
        source: &str,
        now: Timestamp,
    ) -> Result<Vec<HookSecret>, StoreError> {
        let sql = "SELECT id, namespace, source, secret, expires_at_us, revoked_at_us FROM hook_secrets \
                   WHERE revoked_at_us IS NULL AND (expires_at_us IS NULL OR expires_at_us > $1) \
                   AND namespace = $2 AND source = $3 ORDER BY created_at_us DESC, id DESC";
        let query =
            sqlx::query(sql).bind(now.micros()).bind(namespace.as_str()).bind(source.to_owned());
        query.fetch_all(&self.reader).await?.iter().map(read).collect()
    }

    /// Every webhook secret, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_hook_secrets(&self) -> Result<Vec<HookSecret>, StoreError> {
        let sql = "SELECT id, namespace, source, secret, expires_at_us, revoked_at_us FROM hook_secrets \
                   ORDER BY created_at_us DESC, id DESC";
        sqlx::query(sql).fetch_all(&self.reader).await?.iter().map(read).collect()
    }

    /// Revokes a webhook secret; false if no valid one has that id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_hook_secret(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE hook_secrets SET revoked_at_us = $1 WHERE id = $2 AND revoked_at_us IS NULL \
                   AND (expires_at_us IS NULL OR expires_at_us > $1)";
        let query = sqlx::query(sql).bind(now.micros()).bind(id.to_owned());
        Ok(self.execute(query).await? == 1)
    }

    /// Lets a webhook secret expire at `end`, unless it expires earlier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expire_hook_secret(&self, id: &str, end: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE hook_secrets SET expires_at_us = $1 \
                   WHERE id = $2 AND (expires_at_us IS NULL OR expires_at_us > $1)";
        self.execute(sqlx::query(sql).bind(end.micros()).bind(id.to_owned())).await?;
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<HookSecret, StoreError> {
    let time = |at: usize| row.try_get::<Option<i64>, _>(at).map(|t| t.map(Timestamp::from_micros));
    Ok(HookSecret {
        id: row.try_get(0)?,
        namespace: row.try_get::<String, _>(1)?.parse().map_err(StoreError::inconsistent)?,
        source: row.try_get(2)?,
        secret: row.try_get(3)?,
        expires_at: time(4)?,
        revoked_at: time(5)?,
    })
}
