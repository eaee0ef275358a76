//! The secrets that senders of webhooks sign with.

use super::{Store, StoreError, people::newest};
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
    /// The index of the entry of its latest change; `None` in a row from before changes were
    /// logged.
    pub log_index: Option<u64>,
    /// The index of the newest entry about it, which must be that entry.
    pub newest_entry: Option<u64>,
}

macro_rules! hook_secret {
    ($tail:literal) => {
        concat!(
            "SELECT id, namespace, source, secret, expires_at_us, revoked_at_us, entry_idx, ",
            newest!("hook_secrets", "hook-secret-changed"),
            " FROM hook_secrets ",
            $tail
        )
    };
}

impl HookSecret {
    /// The same, revoked; `None` if it is not valid any more.
    pub fn revoke(self, now: Timestamp) -> Option<Self> {
        let valid = self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now);
        valid.then_some(Self { revoked_at: Some(now), ..self })
    }
}

impl Store {
    /// A webhook secret by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hook_secret_by_id(&self, id: &str) -> Result<Option<HookSecret>, StoreError> {
        let sql = hook_secret!("WHERE id = $1");
        let row = sqlx::query(sql).bind(id.to_owned()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read).transpose()
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
        let sql = hook_secret!(
            "WHERE revoked_at_us IS NULL AND (expires_at_us IS NULL OR expires_at_us > $1) \
                   AND namespace = $2 AND source = $3 ORDER BY created_at_us DESC, id DESC"
        );
        let query =
            sqlx::query(sql).bind(now.micros()).bind(namespace.as_str()).bind(source.to_owned());
        query.fetch_all(&self.reader).await?.iter().map(read).collect()
    }

    /// Every webhook secret, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_hook_secrets(&self) -> Result<Vec<HookSecret>, StoreError> {
        let sql = hook_secret!("ORDER BY created_at_us DESC, id DESC");
        sqlx::query(sql).fetch_all(&self.reader).await?.iter().map(read).collect()
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
        log_index: row.try_get::<Option<i64>, _>(6)?.map(i64::cast_unsigned),
        newest_entry: row.try_get::<Option<i64>, _>(7)?.map(i64::cast_unsigned),
    })
}
