//! The sessions of people who are signed in with a browser.

use super::{Store, StoreError};
use crate::model::{Digest, Timestamp};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

/// The session of a person who is signed in with a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The digest of the cookie's text.
    pub digest: Digest,
    /// The person's id.
    pub user_id: String,
    /// The token that every form of this session must carry.
    pub csrf: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The service's signature over all of it.
    pub signature: Vec<u8>,
}

/// Ends every session of a user.
pub(super) async fn end_all(connection: &mut AnyConnection, user: &str) -> Result<(), StoreError> {
    let query = sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(user.to_owned());
    query.execute(connection).await?;
    Ok(())
}

impl Store {
    /// Begins a session, if the user still has that password and is not disabled, because checking
    /// the password took a while. False if that has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_session(
        &self,
        session: &Session,
        password_hash: &str,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO sessions (digest, user_id, csrf, expires_at_us, signature) \
                   SELECT $1, id, $2, $3, $4 FROM users WHERE id = $5 AND password_hash = $6 AND disabled_at_us IS NULL";
        let query = sqlx::query(sql)
            .bind(session.digest.to_string())
            .bind(session.csrf.clone())
            .bind(session.expires_at.micros())
            .bind(session.signature.clone())
            .bind(session.user_id.clone())
            .bind(password_hash.to_owned());
        Ok(self.execute(query).await? == 1)
    }

    /// A session by the digest of its cookie.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self, digest: &Digest) -> Result<Option<Session>, StoreError> {
        let sql = "SELECT user_id, csrf, expires_at_us, signature FROM sessions WHERE digest = $1";
        let row = sqlx::query(sql).bind(digest.to_string()).fetch_optional(&self.reader).await?;
        row.map(|row| read(&row, *digest)).transpose()
    }

    /// How many sessions of a user have not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions_of(&self, user: &str, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM sessions WHERE user_id = $1 AND expires_at_us > $2";
        let row = sqlx::query(sql)
            .bind(user.to_owned())
            .bind(now.micros())
            .fetch_one(&self.reader)
            .await?;
        Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, digest: &Digest) -> Result<(), StoreError> {
        let query = sqlx::query("DELETE FROM sessions WHERE digest = $1").bind(digest.to_string());
        self.execute(query).await?;
        Ok(())
    }

    /// Removes every session that has ended. Returns their number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        let query =
            sqlx::query("DELETE FROM sessions WHERE expires_at_us <= $1").bind(now.micros());
        self.execute(query).await
    }
}

pub(super) fn read(row: &AnyRow, digest: Digest) -> Result<Session, StoreError> {
    Ok(Session {
        digest,
        user_id: row.try_get(0)?,
        csrf: row.try_get(1)?,
        expires_at: Timestamp::from_micros(row.try_get(2)?),
        signature: row.try_get::<Option<Vec<u8>>, _>(3)?.unwrap_or_default(),
    })
}
