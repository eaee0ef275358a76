//! Mappings of a namespace: how to read a team's own file formats.

use crate::app::{
    Service,
    core::blocking,
    core::error::{AppError, Kind},
    core::notary::fact_entry,
    core::once::DeliveryKey,
    core::prover,
};
use crate::{
    evidence::Mapping,
    identity::{Actor, Scope},
    ledger::facts::MappingPublished,
    model::{Digest, EvidenceRef, Namespace},
    store::{Change, NewPublished, Page, Publication, Published, Write},
};
use std::{collections::BTreeMap, sync::Arc};

/// The mappings of a submission, by the name or the digest that it uses for them.
pub(in crate::app) type Asked = BTreeMap<String, Arc<Mapping>>;

impl Service {
    /// Publishes a mapping, which becomes the newest version of its name. Publishing the bytes that
    /// are already the newest version changes nothing, nor does a repetition of the same request.
    ///
    /// # Errors
    /// When the mapping has mistakes, the actor lacks the scope, or the database fails.
    pub async fn publish_mapping(
        &self,
        actor: &Actor,
        source: &str,
        delivery: Option<&DeliveryKey>,
    ) -> Result<Published, AppError> {
        actor.require(Scope::Policy)?;
        if let Some(made) = self.made_before(actor, delivery).await? {
            return self.mapping(actor, &made.parse().map_err(AppError::failed)?).await;
        }
        let text = source.to_owned();
        let parsed = self.judges.run(move || Mapping::parse(text.as_bytes())).await?;
        let mapping = parsed.map_err(|e| AppError::invalid(e.code(), e.to_string()))?;
        let now = self.env.now();
        let entry = fact_entry(&MappingPublished {
            name: mapping.name.clone(),
            digest: mapping.digest,
            published_by: actor.who.clone(),
            published_at: now,
        })?;
        let row = NewPublished {
            name: mapping.name.clone(),
            digest: mapping.digest,
            source: source.to_owned(),
            published_by: actor.who.id.clone(),
            entry,
        };
        let mut change = Change::new(actor.namespace.clone(), now).with(Write::Mapping(row));
        change.delivery = delivery.map(|key| key.delivery(&mapping.digest.to_string()));
        self.commit(change, delivery).await?;
        tracing::info!(namespace = %actor.namespace, mapping = %mapping.name, digest = %mapping.digest, "mapping published");
        let stored = self.mapping_named(&actor.namespace, &mapping.name).await?;
        match stored
            .ok_or_else(|| AppError::broken("a mapping was published but is not in the database"))?
        {
            stored if stored.digest == mapping.digest => Ok(stored),
            // Another request published a different version at the same time.
            _ => Err(AppError::new(
                Kind::Conflict,
                "mapping-changed",
                "another version was just published; try again",
            )),
        }
    }

    /// Versions of the mappings of the actor's namespace, newest first, without their TOML.
    ///
    /// # Errors
    /// When the actor lacks the scope, or the database fails.
    pub async fn mappings(&self, actor: &Actor, page: Page) -> Result<Vec<Published>, AppError> {
        actor.require(Scope::Read)?;
        Ok(self.store.versions(Publication::Mapping, &actor.namespace, page).await?)
    }

    /// A mapping by the digest of its bytes.
    ///
    /// # Errors
    /// When no mapping has that digest, the actor lacks the scope, or the database fails.
    pub async fn mapping(&self, actor: &Actor, digest: &Digest) -> Result<Published, AppError> {
        actor.require(Scope::Read)?;
        let found = self.published_row(Publication::Mapping, &actor.namespace, digest).await?;
        found.ok_or_else(|| AppError::not_found("mapping"))
    }

    /// The mappings that a submission names, each by digest, or by name for the newest version.
    ///
    /// # Errors
    /// When no mapping has a given name or digest, or the database fails.
    pub(in crate::app) async fn asked(
        &self,
        actor: &Actor,
        names: impl Iterator<Item = &String>,
    ) -> Result<Asked, AppError> {
        let mut asked = Asked::new();
        for name in names {
            if asked.contains_key(name) {
                continue;
            }
            let found = match name.parse::<Digest>() {
                Ok(digest) => {
                    self.published_row(Publication::Mapping, &actor.namespace, &digest).await?
                }
                Err(_) => self.mapping_named(&actor.namespace, name).await?,
            };
            let found = found.ok_or_else(|| {
                let message = format!(
                    "{} has no mapping `{}`; publish it with `modelgate mapping publish`",
                    actor.namespace,
                    name.escape_debug()
                );
                AppError::invalid("mapping-unknown", message)
            })?;
            asked.insert(name.clone(), Arc::new(compiled(found).await?));
        }
        Ok(asked)
    }

    /// The mapping that a document was read with.
    ///
    /// # Errors
    /// When it is missing, or the database fails.
    pub(in crate::app) async fn mapping_of(
        &self,
        namespace: &Namespace,
        reference: &EvidenceRef,
    ) -> Result<Option<Mapping>, AppError> {
        let Some(digest) = &reference.mapping else { return Ok(None) };
        let stored = self.published_row(Publication::Mapping, namespace, digest).await?;
        let stored = stored.ok_or_else(|| AppError::broken(format!("mapping {digest} is gone")))?;
        compiled(stored).await.map(Some)
    }
}

async fn compiled(stored: Published) -> Result<Mapping, AppError> {
    prover::whole(&stored)?;
    let Published { digest, source, .. } = stored;
    let parsed =
        blocking::run_if_large(source.len(), move || Mapping::parse(source.as_bytes())).await?;
    parsed.map_err(|error| {
        AppError::broken(format!("mapping {digest} can no longer be read: {error}"))
    })
}
