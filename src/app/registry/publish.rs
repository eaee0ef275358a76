//! The publication of policies.

use crate::app::{
    Service, core::error::AppError, core::notary::fact_entry, core::once::DeliveryKey,
};
use crate::{
    identity::{Actor, Scope},
    ledger::facts::PolicyPublished,
    model::{Digest, Namespace},
    policy::{self, Holders, Mistake, Mistakes, Place, Policy},
    store::{Change, NewPublished, Page, Publication, Published, Write},
};
use std::sync::Arc;

/// Why a policy was not published.
#[derive(Debug)]
pub enum PublishError {
    /// The policy has mistakes; all of them are listed.
    Mistakes(Mistakes),
    /// Any other failure.
    App(AppError),
}

impl<E: Into<AppError>> From<E> for PublishError {
    fn from(error: E) -> Self {
        Self::App(error.into())
    }
}

impl Service {
    /// Publishes a policy: from now on the newest version of its name applies. Publishing the bytes
    /// that already apply changes nothing, nor does a repetition of the same request, even after
    /// another version was published. The result includes warnings: those of `policy lint`, and
    /// those that only the service can give, about the models that its patterns can match here and
    /// the holders of the roles that it asks for.
    ///
    /// # Errors
    /// When the policy has mistakes, the actor lacks the scope, or the database fails.
    pub async fn publish(
        &self,
        actor: &Actor,
        source: &str,
        delivery: Option<&DeliveryKey>,
    ) -> Result<(Published, Vec<Mistake>), PublishError> {
        actor.require(Scope::Policy)?;
        let (policy, warnings) = self.admit(actor, source).await?;
        let digest = Digest::of(source.as_bytes());
        if self.made_before(actor, delivery).await?.is_some() {
            return Ok((self.policy(actor, &digest).await?, warnings));
        }
        let is_it = |p: &Published| p.name == policy.name && p.digest == digest;
        if let Some(stored) =
            self.store.active_policies(&actor.namespace).await?.1.into_iter().find(is_it)
        {
            self.note_delivery(&actor.namespace, delivery, &digest.to_string()).await?;
            return Ok((stored, warnings));
        }
        let now = self.env.now();
        let entry = fact_entry(&PolicyPublished {
            name: policy.name.clone(),
            digest,
            published_by: actor.who.clone(),
            published_at: now,
        })?;
        let row = NewPublished {
            name: policy.name.clone(),
            digest,
            source: source.to_owned(),
            published_by: actor.who.id.clone(),
            entry,
        };
        let mut change = Change::new(actor.namespace.clone(), now).with(Write::Policy(row));
        change.delivery = delivery.map(|key| key.delivery(&digest.to_string()));
        self.commit(change, delivery).await?;
        self.policy_cache.keep(policy.clone());
        self.policy_cache.refresh(&actor.namespace).await?;
        tracing::info!(namespace = %actor.namespace, policy = %policy.name, %digest, "policy published");
        let stored =
            self.store.newest_published(Publication::Policy, &actor.namespace, &digest).await?;
        let stored = stored
            .ok_or_else(|| AppError::broken("a policy was published but is not in the database"))?;
        Ok((stored, warnings))
    }

    /// Reads a policy on a blocking thread, because it may take a while to refuse a hostile one.
    async fn admit(
        &self,
        actor: &Actor,
        source: &str,
    ) -> Result<(Arc<Policy>, Vec<Mistake>), PublishError> {
        let holders = self.holders(&actor.namespace).await?;
        let (namespace, source) = (actor.namespace.clone(), source.to_owned());
        let read = move || {
            let policy = policy::admit(&source)?;
            let place = Place { namespace: &namespace, holders: &holders };
            let warnings = policy::lint(&policy, Some(place)).list;
            Ok((Arc::new(policy), warnings))
        };
        self.judges.run(read).await?.map_err(PublishError::Mistakes)
    }

    /// The holders of each role in a namespace: the stable ids of people, by role. A disabled user
    /// holds none.
    async fn holders(&self, namespace: &Namespace) -> Result<Holders, AppError> {
        let mut holders = Holders::new();
        for user in self.store.users_of(namespace).await? {
            self.prover.user(&user).await?;
            if user.disabled_at.is_none() {
                for role in user.roles {
                    holders.entry(role).or_default().insert(user.id.clone());
                }
            }
        }
        Ok(holders)
    }

    /// Versions of the policies of a namespace, newest first, without their TOML.
    ///
    /// # Errors
    /// When the actor lacks the scope, or the database fails.
    pub async fn policies(&self, actor: &Actor, page: Page) -> Result<Vec<Published>, AppError> {
        actor.require(Scope::Read)?;
        Ok(self.store.versions(Publication::Policy, &actor.namespace, page).await?)
    }

    /// A policy by the digest of its bytes.
    ///
    /// # Errors
    /// When no policy has that digest, the actor lacks the scope, or the database fails.
    pub async fn policy(&self, actor: &Actor, digest: &Digest) -> Result<Published, AppError> {
        actor.require(Scope::Read)?;
        let found = self.published_row(Publication::Policy, &actor.namespace, digest).await?;
        found.ok_or_else(|| AppError::not_found("policy"))
    }
}
