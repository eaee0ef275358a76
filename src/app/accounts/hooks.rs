//! The secrets that senders of webhooks sign with, and the identity of a sender.

use crate::app::{
    Service,
    accounts::people::{TRIES, changing, check_word},
    core::account_facts::set_secret,
    core::error::AppError,
};
use crate::{
    identity::{Actor, Scope},
    ledger::facts::Change as What,
    model::{Age, Namespace, Person},
    store::{Before, Change, HookSecret},
};

/// How many secrets of one sender may be valid at once: a delivery is checked against each of them.
const AT_ONCE: usize = 5;

impl Service {
    /// Whether any namespace accepts webhooks from that sender.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn awaits_hooks(&self, source: &str) -> Result<bool, AppError> {
        Ok(self.store.any_hook_secret(source, self.env.now()).await?)
    }

    /// The secrets with which that sender may sign webhooks to that namespace.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hook_secrets(
        &self,
        namespace: &Namespace,
        source: &str,
    ) -> Result<Vec<Vec<u8>>, AppError> {
        let secrets = self.store.hook_secrets(namespace, source, self.env.now()).await?;
        for secret in &secrets {
            self.prover.hook_secret(secret).await?;
        }
        Ok(secrets.into_iter().map(|s| s.secret).collect())
    }

    /// The actor of a webhook that was signed with a secret of that namespace.
    pub fn hook_sender(&self, namespace: Namespace, source: &str) -> Actor {
        Actor {
            namespace,
            who: Person { id: format!("hook:{source}"), name: format!("{source} webhook") },
            is_person: false,
            roles: Vec::new(),
            scopes: vec![Scope::Submit],
        }
    }

    /// Creates a webhook secret for a sender. It is valid until it is revoked, or for as long as
    /// `lives` says.
    ///
    /// # Errors
    /// When the sender's name is invalid, the sender has too many secrets, or the database fails.
    pub async fn create_hook(
        &self,
        namespace: Namespace,
        source: &str,
        lives: Option<Age>,
    ) -> Result<HookSecret, AppError> {
        check_word("the sender of a webhook", source)?;
        let now = self.env.now();
        if self.store.hook_secrets(&namespace, source, now).await?.len() >= AT_ONCE {
            let message = format!(
                "`{source}` already has {AT_ONCE} secrets in `{namespace}`; revoke one with `token revoke`"
            );
            return Err(AppError::invalid("too-many-secrets", message));
        }
        let hook = HookSecret {
            id: self.env.new_id(),
            namespace,
            source: source.to_owned(),
            secret: self.env.random().to_vec(),
            expires_at: lives.map(|lives| now.plus(lives)),
            revoked_at: None,
            log_index: None,
            newest_entry: None,
        };
        let write = set_secret(hook.clone(), Before::Absent, What::Created, now)?;
        if self.settle(Change::new(hook.namespace.clone(), now).with(write)).await? {
            return Ok(hook);
        }
        Err(changing())
    }

    /// Changes a webhook secret; `None` if no secret has that id, or `edit` changes
    /// nothing.
    pub(in crate::app) async fn change_secret(
        &self,
        id: &str,
        what: What,
        edit: impl Fn(HookSecret) -> Option<HookSecret>,
    ) -> Result<Option<HookSecret>, AppError> {
        for _ in 0..TRIES {
            let Some(secret) = self.store.hook_secret_by_id(id).await? else { return Ok(None) };
            self.prover.hook_secret(&secret).await?;
            let before = Before::At(secret.log_index);
            let Some(secret) = edit(secret) else { return Ok(None) };
            let now = self.env.now();
            let write = set_secret(secret.clone(), before, what, now)?;
            if self.settle(Change::new(secret.namespace.clone(), now).with(write)).await? {
                return Ok(Some(secret));
            }
        }
        Err(changing())
    }

    /// Every webhook secret, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_hooks(&self) -> Result<Vec<HookSecret>, AppError> {
        let secrets = self.store.all_hook_secrets().await?;
        for secret in &secrets {
            self.prover.hook_secret(secret).await?;
        }
        Ok(secrets)
    }

    /// Creates another secret for the sender of the secret `id`, which stays valid:
    /// [`Service::retire`] ends it, once the sender has the new one. `None` if no valid secret has
    /// that id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_hook(&self, id: &str) -> Result<Option<HookSecret>, AppError> {
        let now = self.env.now();
        let counts = |hook: &HookSecret| {
            hook.revoked_at.is_none() && hook.expires_at.is_none_or(|end| end > now)
        };
        let Some(old) = self.store.hook_secret_by_id(id).await?.filter(counts) else {
            return Ok(None);
        };
        self.prover.hook_secret(&old).await?;
        Ok(Some(self.create_hook(old.namespace, &old.source, None).await?))
    }
}
