//! The facts of users, tokens and secrets: what the log states of them, which must be what their rows
//! say.

use crate::app::{core::error::AppError, core::notary::fact_entry};
use crate::{
    ledger::facts::{Change, HookSecretChanged, TokenChanged, UserChanged},
    model::{Digest, Timestamp},
    store::{Before, HookSecret, NewState, Token, User, Write},
};

/// What the log states of a user.
pub(in crate::app) fn user_fact(user: &User, change: Change, at: Timestamp) -> UserChanged {
    UserChanged {
        user: user.id.clone(),
        change,
        name: user.name.clone(),
        display_name: user.display_name.clone(),
        roles: user.roles.clone(),
        password: Digest::of(user.password_hash.as_bytes()),
        disabled_at: user.disabled_at,
        at,
    }
}

/// What the log states of a token.
pub(in crate::app) fn token_fact(token: &Token, change: Change, at: Timestamp) -> TokenChanged {
    TokenChanged {
        token: token.id.clone(),
        change,
        digest: token.digest,
        name: token.name.clone(),
        scopes: token.scopes.clone(),
        user: token.user_id.clone(),
        expires_at: token.expires_at,
        revoked_at: token.revoked_at,
        at,
    }
}

/// What the log states of a secret of webhooks.
pub(in crate::app) fn secret_fact(
    hook: &HookSecret,
    change: Change,
    at: Timestamp,
) -> HookSecretChanged {
    HookSecretChanged {
        secret: hook.id.clone(),
        change,
        source: hook.source.clone(),
        digest: Digest::of(&hook.secret),
        expires_at: hook.expires_at,
        revoked_at: hook.revoked_at,
        at,
    }
}

/// The new state of a user. `row` still has the log index of the state that it replaces.
pub(in crate::app) fn set_user(
    row: User,
    before: Before,
    change: Change,
    at: Timestamp,
) -> Result<Write, AppError> {
    let entry = fact_entry(&user_fact(&row, change, at))?;
    Ok(Write::User(NewState { row, before, entry }))
}

/// The new state of a token.
pub(in crate::app) fn set_token(
    row: Token,
    before: Before,
    change: Change,
    at: Timestamp,
) -> Result<Write, AppError> {
    let entry = fact_entry(&token_fact(&row, change, at))?;
    Ok(Write::Token(NewState { row, before, entry }))
}

/// The new state of a secret of webhooks.
pub(in crate::app) fn set_secret(
    row: HookSecret,
    before: Before,
    change: Change,
    at: Timestamp,
) -> Result<Write, AppError> {
    let entry = fact_entry(&secret_fact(&row, change, at))?;
    Ok(Write::HookSecret(NewState { row, before, entry }))
}
