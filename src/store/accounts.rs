//! Writes users, tokens and secrets of webhooks: each row is replaced as a whole, together with the
//! entry that states it.

use super::{
    HookSecret, StoreError, Token, User,
    change::{Before, NewState, Write},
    insert::Bound,
    placed::Row,
};
use crate::model::Timestamp;
use sqlx::{AnyConnection, Row as _};

/// A write of an account.
pub(super) enum Account<'a> {
    User(&'a NewState<User>),
    Token(&'a NewState<Token>),
    HookSecret(&'a NewState<HookSecret>),
}

impl<'a> Account<'a> {
    /// The account that a write is of, if it is of one.
    pub(super) fn of(write: &'a Write) -> Option<Self> {
        match write {
            Write::User(new) => Some(Self::User(new)),
            Write::Token(new) => Some(Self::Token(new)),
            Write::HookSecret(new) => Some(Self::HookSecret(new)),
            _ => None,
        }
    }

    /// What no other change of the same batch may write.
    pub(super) fn keys(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::User(new) => {
                vec![("user", new.row.id.clone()), ("user-name", new.row.name.clone())]
            }
            Self::Token(new) => vec![("token", new.row.id.clone())],
            Self::HookSecret(new) => vec![("hook-secret", new.row.id.clone())],
        }
    }

    /// Whether the state that it replaces is the one that is stored.
    pub(super) async fn holds(&self, connection: &mut AnyConnection) -> Result<bool, StoreError> {
        // A new user needs a free name; ids are never used twice.
        let (sql, key, before) = match self {
            Self::User(NewState { row, before: Before::Absent, .. }) => {
                ("SELECT entry_idx FROM users WHERE name = $1", &row.name, Before::Absent)
            }
            Self::User(new) => {
                ("SELECT entry_idx FROM users WHERE id = $1", &new.row.id, new.before)
            }
            Self::Token(new) => {
                ("SELECT entry_idx FROM tokens WHERE id = $1", &new.row.id, new.before)
            }
            Self::HookSecret(new) => {
                ("SELECT entry_idx FROM hook_secrets WHERE id = $1", &new.row.id, new.before)
            }
        };
        let row = sqlx::query(sql).bind(key.clone()).fetch_optional(connection).await?;
        let found = match row {
            None => Before::Absent,
            Some(row) => Before::At(row.try_get::<Option<i64>, _>(0)?.map(i64::cast_unsigned)),
        };
        Ok(found == before)
    }
}

/// Whether the state of a user is the one of this entry.
pub(super) async fn user_is_at(
    connection: &mut AnyConnection,
    id: &str,
    at: Option<u64>,
) -> Result<bool, StoreError> {
    let query = sqlx::query("SELECT entry_idx FROM users WHERE id = $1").bind(id.to_owned());
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(false) };
    Ok(row.try_get::<Option<i64>, _>(0)?.map(i64::cast_unsigned) == at)
}

pub(super) async fn set_users(
    connection: &mut AnyConnection,
    rows: &[Row<'_, NewState<User>>],
) -> Result<(), StoreError> {
    let new = "INSERT INTO users (name, display_name, password_hash, roles, disabled_at_us, entry_idx, id, \
               namespace, created_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let changed = "UPDATE users SET name = $1, display_name = $2, password_hash = $3, roles = $4, \
                   disabled_at_us = $5, entry_idx = $6 WHERE id = $7";
    for row in rows {
        let user = &row.new.row;
        let state = |query: Bound| {
            query
                .bind(user.name.clone())
                .bind(user.display_name.clone())
                .bind(user.password_hash.clone())
                .bind(words(&user.roles))
                .bind(user.disabled_at.map(Timestamp::micros))
                .bind(row.idx())
                .bind(user.id.clone())
        };
        let query = match row.new.before {
            Before::Absent => {
                state(sqlx::query(new)).bind(user.namespace.to_string()).bind(row.at().micros())
            }
            Before::At(_) => state(sqlx::query(changed)),
        };
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn set_tokens(
    connection: &mut AnyConnection,
    rows: &[Row<'_, NewState<Token>>],
) -> Result<(), StoreError> {
    let new = "INSERT INTO tokens (expires_at_us, revoked_at_us, entry_idx, id, namespace, digest, name, scopes, \
               user_id, created_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let changed =
        "UPDATE tokens SET expires_at_us = $1, revoked_at_us = $2, entry_idx = $3 WHERE id = $4";
    for row in rows {
        let token = &row.new.row;
        let state = |query: Bound| {
            query
                .bind(token.expires_at.micros())
                .bind(token.revoked_at.map(Timestamp::micros))
                .bind(row.idx())
                .bind(token.id.clone())
        };
        let query = match row.new.before {
            Before::Absent => state(sqlx::query(new))
                .bind(token.namespace.to_string())
                .bind(token.digest.to_string())
                .bind(token.name.clone())
                .bind(words(&token.scopes))
                .bind(token.user_id.clone())
                .bind(row.at().micros()),
            Before::At(_) => state(sqlx::query(changed)),
        };
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn set_hook_secrets(
    connection: &mut AnyConnection,
    rows: &[Row<'_, NewState<HookSecret>>],
) -> Result<(), StoreError> {
    let new = "INSERT INTO hook_secrets (expires_at_us, revoked_at_us, entry_idx, id, namespace, source, secret, \
               created_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let changed = "UPDATE hook_secrets SET expires_at_us = $1, revoked_at_us = $2, entry_idx = $3 WHERE id = $4";
    for row in rows {
        let hook = &row.new.row;
        let state = |query: Bound| {
            query
                .bind(hook.expires_at.map(Timestamp::micros))
                .bind(hook.revoked_at.map(Timestamp::micros))
                .bind(row.idx())
                .bind(hook.id.clone())
        };
        let query = match row.new.before {
            Before::Absent => state(sqlx::query(new))
                .bind(hook.namespace.to_string())
                .bind(hook.source.clone())
                .bind(hook.secret.clone())
                .bind(row.at().micros()),
            Before::At(_) => state(sqlx::query(changed)),
        };
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The words, separated by single spaces. No word contains a space.
fn words(list: &[String]) -> String {
    list.join(" ")
}
