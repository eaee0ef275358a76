//! Reads users and bearer tokens.

use super::{Store, StoreError};
use crate::model::{Digest, Namespace, Timestamp};
use sqlx::{Row as _, any::AnyRow};

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their stable id.
    pub id: String,
    /// The namespace they belong to.
    pub namespace: Namespace,
    /// The name they sign in with.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// The hash of their password, as a PHC string.
    pub password_hash: String,
    /// The roles they hold.
    pub roles: Vec<String>,
    /// Since when they are disabled, if they are.
    pub disabled_at: Option<Timestamp>,
    /// The index of the entry of their latest change; `None` in a row from before changes were
    /// logged.
    pub log_index: Option<u64>,
    /// The index of the newest entry about it, which must be that entry.
    pub newest_entry: Option<u64>,
}

/// A bearer token, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its stable id.
    pub id: String,
    /// The namespace it is for.
    pub namespace: Namespace,
    /// The digest of its text.
    pub digest: Digest,
    /// Its display name.
    pub name: String,
    /// The names of its scopes.
    pub scopes: Vec<String>,
    /// The id of the person who is responsible for it, if any.
    pub user_id: Option<String>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The index of the entry of its latest change; `None` in a row from before changes were
    /// logged.
    pub log_index: Option<u64>,
    /// The index of the newest entry about it, which must be that entry.
    pub newest_entry: Option<u64>,
}

/// The index of the newest entry about a row. It is read in the same statement as the row, so that no
/// change can come in between. The condition on kinds is that of the index.
macro_rules! newest {
    ($table:literal, $kind:literal) => {
        concat!(
            "(SELECT MAX(e.idx) FROM entries e WHERE e.namespace = ", $table, ".namespace AND e.kind = '", $kind,
            "' AND e.subject = ", $table, ".id AND e.kind IN ('user-changed', 'token-changed', ",
            "'hook-secret-changed', 'policy-published', 'mapping-published', 'dataset-registered', ",
            "'reference-approved')) AS newest_idx"
        )
    };
}
pub(super) use newest;

macro_rules! user {
    ($tail:literal) => {
        concat!(
            "SELECT id, namespace, name, display_name, password_hash, roles, disabled_at_us, entry_idx, ",
            newest!("users", "user-changed"),
            " FROM users ",
            $tail
        )
    };
}

macro_rules! token {
    ($tail:literal) => {
        concat!(
            "SELECT id, namespace, digest, name, scopes, user_id, expires_at_us, revoked_at_us, entry_idx, ",
            newest!("tokens", "token-changed"),
            " FROM tokens ",
            $tail
        )
    };
}

impl Token {
    /// The same, revoked; `None` if it was revoked before.
    pub fn revoke(self, now: Timestamp) -> Option<Self> {
        self.revoked_at.is_none().then_some(Self { revoked_at: Some(now), ..self })
    }
}

impl Store {
    /// A user by sign-in name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_by_name(&self, name: &str) -> Result<Option<User>, StoreError> {
        let sql = user!("WHERE name = $1");
        let row = sqlx::query(sql).bind(name.to_owned()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read_user).transpose()
    }

    /// The users of a namespace, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users_of(&self, namespace: &Namespace) -> Result<Vec<User>, StoreError> {
        let sql = user!("WHERE namespace = $1 ORDER BY name");
        let query = sqlx::query(sql).bind(namespace.as_str());
        query.fetch_all(&self.reader).await?.iter().map(read_user).collect()
    }

    /// A user by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(&self, id: &str) -> Result<Option<User>, StoreError> {
        let sql = user!("WHERE id = $1");
        let row = sqlx::query(sql).bind(id.to_owned()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read_user).transpose()
    }

    /// Every user, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let sql = user!("ORDER BY name");
        sqlx::query(sql).fetch_all(&self.reader).await?.iter().map(read_user).collect()
    }

    /// A token by the digest of its text.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token(&self, digest: &Digest) -> Result<Option<Token>, StoreError> {
        let sql = token!("WHERE digest = $1");
        let row = sqlx::query(sql).bind(digest.to_string()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read_token).transpose()
    }

    /// A token by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_by_id(&self, id: &str) -> Result<Option<Token>, StoreError> {
        let sql = token!("WHERE id = $1");
        let row = sqlx::query(sql).bind(id.to_owned()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read_token).transpose()
    }

    /// The tokens of a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens_of(&self, user: &str) -> Result<Vec<Token>, StoreError> {
        let sql = token!("WHERE user_id = $1 ORDER BY id");
        let rows = sqlx::query(sql).bind(user.to_owned()).fetch_all(&self.reader).await?;
        rows.iter().map(read_token).collect()
    }

    /// Every token, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let sql = token!("ORDER BY created_at_us DESC");
        sqlx::query(sql).fetch_all(&self.reader).await?.iter().map(read_token).collect()
    }
}

fn split(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn read_user(row: &AnyRow) -> Result<User, StoreError> {
    Ok(User {
        id: row.try_get(0)?,
        namespace: row.try_get::<String, _>(1)?.parse().map_err(StoreError::inconsistent)?,
        name: row.try_get(2)?,
        display_name: row.try_get(3)?,
        password_hash: row.try_get(4)?,
        roles: split(&row.try_get::<String, _>(5)?),
        disabled_at: row.try_get::<Option<i64>, _>(6)?.map(Timestamp::from_micros),
        log_index: row.try_get::<Option<i64>, _>(7)?.map(i64::cast_unsigned),
        newest_entry: row.try_get::<Option<i64>, _>(8)?.map(i64::cast_unsigned),
    })
}

fn read_token(row: &AnyRow) -> Result<Token, StoreError> {
    let revoked: Option<i64> = row.try_get(7)?;
    Ok(Token {
        id: row.try_get(0)?,
        namespace: row.try_get::<String, _>(1)?.parse().map_err(StoreError::inconsistent)?,
        digest: row.try_get::<String, _>(2)?.parse().map_err(StoreError::inconsistent)?,
        name: row.try_get(3)?,
        scopes: split(&row.try_get::<String, _>(4)?),
        user_id: row.try_get(5)?,
        expires_at: Timestamp::from_micros(row.try_get(6)?),
        revoked_at: revoked.map(Timestamp::from_micros),
        log_index: row.try_get::<Option<i64>, _>(8)?.map(i64::cast_unsigned),
        newest_entry: row.try_get::<Option<i64>, _>(9)?.map(i64::cast_unsigned),
    })
}
