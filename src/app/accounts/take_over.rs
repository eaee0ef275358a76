//! Users, tokens and secrets from before their changes were logged: each namespace takes them over
//! once, as they are, and its log says so. From then on a row without an entry is not served.

use crate::app::{
    Service,
    core::account_facts::{set_secret, set_token, set_user},
    core::error::AppError,
};
use crate::{
    ledger::{Entry, Fact, facts::Change as What},
    model::Namespace,
    store::{Before, Change, Write},
};
use std::collections::BTreeMap;

/// How many entries are read at once.
const PAGE: u64 = 4_096;
/// The facts that state an account.
const ACCOUNTS: [Fact; 3] = [Fact::UserChanged, Fact::TokenChanged, Fact::HookSecretChanged];

impl Service {
    /// Logs the accounts that no log states, in namespaces whose log states none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_over_accounts(&self) -> Result<(), AppError> {
        for (namespace, writes) in self.unlogged_accounts().await? {
            let accounts = writes.len();
            if self.states_accounts(&namespace).await? {
                tracing::error!(%namespace, accounts, "rows of users, tokens or secrets have no log entry, so they are refused");
                continue;
            }
            self.may_sign(&namespace).await?;
            let change = Change { writes, ..Change::new(namespace.clone(), self.env.now()) };
            // Another service may take them over at the same moment.
            if self.writer.write(change).await?.is_ok() {
                tracing::info!(%namespace, accounts, "users, tokens and secrets of an earlier version are logged from now on");
            }
        }
        Ok(())
    }

    async fn unlogged_accounts(&self) -> Result<BTreeMap<Namespace, Vec<Write>>, AppError> {
        let (now, before) = (self.env.now(), Before::At(None));
        let mut found: BTreeMap<Namespace, Vec<Write>> = BTreeMap::new();
        for user in self.store.users().await?.into_iter().filter(|u| u.log_index.is_none()) {
            let writes = found.entry(user.namespace.clone()).or_default();
            writes.push(set_user(user, before, What::TakenOver, now)?);
        }
        for token in self.store.tokens().await?.into_iter().filter(|t| t.log_index.is_none()) {
            let writes = found.entry(token.namespace.clone()).or_default();
            writes.push(set_token(token, before, What::TakenOver, now)?);
        }
        let secrets = self.store.all_hook_secrets().await?;
        for secret in secrets.into_iter().filter(|s| s.log_index.is_none()) {
            let writes = found.entry(secret.namespace.clone()).or_default();
            writes.push(set_secret(secret, before, What::TakenOver, now)?);
        }
        Ok(found)
    }

    /// Whether the log of a namespace states any account. Reads the entries themselves, because
    /// the column of their kind is not signed.
    async fn states_accounts(&self, namespace: &Namespace) -> Result<bool, AppError> {
        let mut next = 0;
        loop {
            let page = self.store.entries(namespace, next, PAGE).await?;
            let Some(last) = page.last() else { return Ok(false) };
            next = last.index + 1;
            let states = |body: &[u8]| matches!(Entry::parse(body), Ok(Entry::Fact { fact, .. }) if ACCOUNTS.contains(&fact));
            if page.iter().any(|entry| states(&entry.body)) {
                return Ok(true);
            }
        }
    }
}
