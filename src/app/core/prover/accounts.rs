//! Users, tokens and secrets of webhooks against the newest fact of each.

use super::{Prover, unproved};
use crate::{
    app::{
        core::account_facts::{secret_fact, token_fact, user_fact},
        core::error::AppError,
    },
    ledger::facts::{Document, HookSecretChanged, TokenChanged, UserChanged},
    model::Namespace,
    store::{HookSecret, Token, User},
};

impl Prover {
    /// Refuses a user whose row is not what the newest entry about them states.
    ///
    /// # Errors
    /// `row-unproved` when it is not; when the database fails.
    pub(in crate::app) async fn user(&self, user: &User) -> Result<(), AppError> {
        let state = |fact: &UserChanged| user_fact(user, fact.change, fact.at);
        self.account(&user.namespace, &user.id, (user.log_index, user.newest_entry), state).await
    }

    /// The same for a token.
    ///
    /// # Errors
    /// As [`Prover::user`].
    pub(in crate::app) async fn token(&self, token: &Token) -> Result<(), AppError> {
        let state = |fact: &TokenChanged| token_fact(token, fact.change, fact.at);
        self.account(&token.namespace, &token.id, (token.log_index, token.newest_entry), state)
            .await
    }

    /// The same for a secret of webhooks.
    ///
    /// # Errors
    /// As [`Prover::user`].
    pub(in crate::app) async fn hook_secret(&self, secret: &HookSecret) -> Result<(), AppError> {
        let state = |fact: &HookSecretChanged| secret_fact(secret, fact.change, fact.at);
        self.account(&secret.namespace, &secret.id, (secret.log_index, secret.newest_entry), state)
            .await
    }

    /// Compares a row, written as the fact that would state it, with the newest fact about `id`.
    async fn account<D: Document + PartialEq>(
        &self,
        namespace: &Namespace,
        id: &str,
        (index, newest): (Option<u64>, Option<u64>),
        state: impl Fn(&D) -> D,
    ) -> Result<(), AppError> {
        let unproved = |index| unproved(&format!("the row of `{id}`"), index);
        let index = index.ok_or_else(|| unproved(newest.unwrap_or_default()))?;
        let fact: D = self.fact(namespace, index).await?;
        if newest == Some(index) && state(&fact) == fact {
            return Ok(());
        }
        Err(unproved(newest.unwrap_or(index)))
    }
}
