//! Users and bearer tokens.

use super::{Store, StoreError};
use crate::model::{Digest, Namespace, Timestamp};
use sqlx::{Row as _, any::AnyRow};
use std::collections::{BTreeMap, BTreeSet};

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
}

impl Store {
    /// Adds a user.
    ///
    /// # Errors
    /// When the name is taken or the database fails.
    pub async fn add_user(&self, user: &User, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO users (id, namespace, name, display_name, password_hash, roles, created_at_us) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let query = sqlx::query(sql)
            .bind(user.id.clone())
            .bind(user.namespace.as_str())
            .bind(user.name.clone())
            .bind(user.display_name.clone())
            .bind(user.password_hash.clone())
            .bind(words(&user.roles))
            .bind(now.micros());
        self.execute(query).await?;
        Ok(())
    }

    /// A user by sign-in name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_by_name(&self, name: &str) -> Result<Option<User>, StoreError> {
        let sql = "SELECT id, namespace, name, display_name, password_hash, roles, disabled_at_us FROM users WHERE name = $1";
        let row = sqlx::query(sql).bind(name.to_owned()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read_user).transpose()
    }

    /// The holders of each role in a namespace: the stable ids of people, by role. A disabled user
    /// holds none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holders(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, StoreError> {
        let sql = "SELECT id, namespace, name, display_name, password_hash, roles, disabled_at_us FROM users \
                   WHERE namespace = $1 AND disabled_at_us IS NULL";
        let rows = sqlx::query(sql).bind(namespace.as_str()).fetch_all(&self.reader).await?;
        let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in &rows {
            let user = read_user(row)?;
            for role in user.roles {
                holders.entry(role).or_default().insert(user.id.clone());
            }
        }
        Ok(holders)
    }

    /// A user by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(&self, id: &str) -> Result<Option<User>, StoreError> {
        let sql = "SELECT id, namespace, name, display_name, password_hash, roles, disabled_at_us FROM users WHERE id = $1";
        let row = sqlx::query(sql).bind(id.to_owned()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read_user).transpose()
    }

    /// Every user, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let sql = "SELECT id, namespace, name, display_name, password_hash, roles, disabled_at_us FROM users ORDER BY name";
        sqlx::query(sql).fetch_all(&self.reader).await?.iter().map(read_user).collect()
    }

    /// Ends the sessions and tokens of a user, and refuses them from now on.
    ///
    /// # Errors
    /// When the database fails; then nothing was changed.
    pub async fn disable_user(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let now = |sql| sqlx::query(sql).bind(now.micros()).bind(id.to_owned());
        self.execute_all([
            now("UPDATE users SET disabled_at_us = $1 WHERE id = $2 AND disabled_at_us IS NULL"),
            now(
                "UPDATE tokens SET revoked_at_us = $1 WHERE user_id = $2 AND revoked_at_us IS NULL",
            ),
            sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(id.to_owned()),
        ])
        .await?;
        Ok(())
    }

    /// Lets a user sign in again. Their old sessions and tokens stay ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enable_user(&self, id: &str) -> Result<(), StoreError> {
        let query =
            sqlx::query("UPDATE users SET disabled_at_us = NULL WHERE id = $1").bind(id.to_owned());
        self.execute(query).await?;
        Ok(())
    }

    /// Changes the password of a user and ends their sessions and tokens.
    ///
    /// # Errors
    /// When the database fails; then nothing was changed.
    pub async fn set_password(
        &self,
        id: &str,
        hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let update = sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2");
        let tokens = sqlx::query(
            "UPDATE tokens SET revoked_at_us = $1 WHERE user_id = $2 AND revoked_at_us IS NULL",
        );
        self.execute_all([
            update.bind(hash.to_owned()).bind(id.to_owned()),
            tokens.bind(now.micros()).bind(id.to_owned()),
            sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(id.to_owned()),
        ])
        .await?;
        Ok(())
    }

    /// Changes the roles of a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_roles(&self, id: &str, roles: &[String]) -> Result<(), StoreError> {
        let update = sqlx::query("UPDATE users SET roles = $1 WHERE id = $2");
        self.execute(update.bind(words(roles)).bind(id.to_owned())).await?;
        Ok(())
    }

    /// Adds a token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_token(&self, token: &Token, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO tokens (id, namespace, digest, name, scopes, user_id, created_at_us, expires_at_us) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let query = sqlx::query(sql)
            .bind(token.id.clone())
            .bind(token.namespace.as_str())
            .bind(token.digest.to_string())
            .bind(token.name.clone())
            .bind(words(&token.scopes))
            .bind(token.user_id.clone())
            .bind(now.micros())
            .bind(token.expires_at.micros());
        self.execute(query).await?;
        Ok(())
    }

    /// A token by the digest of its text.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token(&self, digest: &Digest) -> Result<Option<Token>, StoreError> {
        let sql = "SELECT id, namespace, digest, name, scopes, user_id, expires_at_us, revoked_at_us FROM tokens \
                   WHERE digest = $1";
        let row = sqlx::query(sql).bind(digest.to_string()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read_token).transpose()
    }

    /// Every token, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let sql = "SELECT id, namespace, digest, name, scopes, user_id, expires_at_us, revoked_at_us FROM tokens \
                   ORDER BY created_at_us DESC";
        sqlx::query(sql).fetch_all(&self.reader).await?.iter().map(read_token).collect()
    }

    /// Lets a token expire at `end`, unless it expires earlier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expire_token(&self, id: &str, end: Timestamp) -> Result<(), StoreError> {
        let update = sqlx::query(
            "UPDATE tokens SET expires_at_us = $1 WHERE id = $2 AND expires_at_us > $1",
        );
        self.execute(update.bind(end.micros()).bind(id.to_owned())).await?;
        Ok(())
    }

    /// Revokes a token; false if no token with that id is left to revoke.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_token(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE tokens SET revoked_at_us = $1 WHERE id = $2 AND revoked_at_us IS NULL";
        let query = sqlx::query(sql).bind(now.micros()).bind(id.to_owned());
        Ok(self.execute(query).await? == 1)
    }
}

/// The words, separated by single spaces. No word contains a space.
fn words(list: &[String]) -> String {
    list.join(" ")
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
    })
}
