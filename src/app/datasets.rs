//! Registered data sets: labels and groups that CI never sees, under a name that policies give.

use super::{
    Service,
    error::{AppError, Kind},
    notary::fact_entry,
    once::{DeliveryKey, same},
    text,
};
use crate::{
    identity::{Actor, Scope},
    ledger::Fact,
    model::{Digest, jcs},
    store::{Done, NewDataset, NewFact, NewRow, Page, StoredDataset, Work},
};
use std::collections::BTreeSet;

/// The longest name of a data set or a column.
const MAX_NAME: usize = 200;
/// Columns of groups at most.
const MAX_GROUPS: usize = 100;

/// A data set to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its name.
    pub name: String,
    /// The upload that holds it.
    pub digest: Digest,
    /// The column that its rows are joined to predictions on.
    pub id: String,
    /// The column of true labels or values.
    pub label: Option<String>,
    /// The columns of groups.
    pub groups: Vec<String>,
}

impl Service {
    /// Registers a data set. A name never changes what it stands for; registering the very same again changes nothing.
    ///
    /// # Errors
    /// When the actor may not, a name cannot be one or is taken, there is no such upload, or the database fails.
    pub async fn register_dataset(
        &self,
        actor: &Actor,
        new: Registration,
        delivery: Option<&DeliveryKey>,
    ) -> Result<StoredDataset, AppError> {
        actor.require(Scope::Admin)?;
        check(&new)?;
        // A name stands for one data set for ever, so that a repetition finds what it made the first time.
        self.made_before(actor, delivery).await?;
        self.require_upload(actor, &new.digest).await?;
        // Found out now rather than by the first release that needs it.
        self.checked_blob(new.digest).await?;
        if let Some(stored) = self.store.dataset(&actor.namespace, &new.name).await? {
            let stored = known(stored, &new)?;
            self.note_delivery(actor, delivery, &new.name).await?;
            return Ok(stored);
        }
        let now = self.env.now();
        let fact = serde_json::json!({
            "name": new.name, "digest": new.digest, "id": new.id, "label": new.label, "groups": new.groups,
            "registered_by": actor.who, "registered_at": now,
        });
        let entry = fact_entry(Fact::DatasetRegistered, &new.name, jcs::to_vec(&fact).map_err(AppError::failed)?);
        let row = NewRow::Dataset(NewDataset {
            name: new.name.clone(),
            digest: new.digest,
            id: new.id.clone(),
            label: new.label.clone(),
            groups: new.groups.clone(),
            by: actor.who.id.clone(),
        });
        let mut work = Work::new(actor.namespace.clone(), now);
        work.fact = Some(NewFact { row, entry });
        work.delivery = delivery.map(|key| key.delivery(&new.name));
        match self.writer.write(work).await? {
            Done::Stored(_) => {}
            Done::Duplicate { request, .. } => same(delivery, request)?,
            Done::Known => self.note_delivery(actor, delivery, &new.name).await?,
            other => return Err(AppError::broken(format!("a data set was refused by the batch: {other:?}"))),
        }
        tracing::info!(namespace = %actor.namespace, name = new.name, digest = %new.digest, "data set registered");
        let stored = self.store.dataset(&actor.namespace, &new.name).await?;
        // Somebody may have registered another one of that name at the same moment.
        known(stored.ok_or_else(|| AppError::broken("a data set was registered and is not there"))?, &new)
    }

    /// The data sets of the actor's namespace, newest first.
    ///
    /// # Errors
    /// When the actor may not, or the database fails.
    pub async fn datasets(&self, actor: &Actor, page: Page) -> Result<Vec<StoredDataset>, AppError> {
        actor.require(Scope::Read)?;
        Ok(self.store.datasets(&actor.namespace, page).await?)
    }

    /// A data set by its name.
    ///
    /// # Errors
    /// When there is none, the actor may not, or the database fails.
    pub async fn dataset(&self, actor: &Actor, name: &str) -> Result<StoredDataset, AppError> {
        actor.require(Scope::Read)?;
        self.store.dataset(&actor.namespace, name).await?.ok_or_else(|| AppError::not_found("data set"))
    }
}

fn known(stored: StoredDataset, new: &Registration) -> Result<StoredDataset, AppError> {
    let same =
        stored.digest == new.digest && stored.id == new.id && stored.label == new.label && stored.groups == new.groups;
    if same {
        return Ok(stored);
    }
    let message = format!("`{}` stands for another data set already; give this one a name of its own", new.name);
    Err(AppError::new(Kind::Conflict, "dataset-taken", message))
}

fn check(new: &Registration) -> Result<(), AppError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if new.name.is_empty() || new.name.len() > MAX_NAME || !new.name.chars().all(plain) {
        let message = format!("the name of a data set is 1 to {MAX_NAME} of A-Z, a-z, 0-9, `.`, `_`, `-` and `/`");
        return Err(AppError::invalid("invalid-dataset", message));
    }
    let columns = std::iter::once(&new.id).chain(&new.label).chain(&new.groups);
    columns.into_iter().try_for_each(|column| text::line("the name of a column", column, text::MAX_LABEL))?;
    let columns: Vec<&String> = std::iter::once(&new.id).chain(&new.label).chain(&new.groups).collect();
    if columns.iter().any(|c| c.is_empty() || c.chars().count() > MAX_NAME) || new.groups.len() > MAX_GROUPS {
        let message = format!("name at most {MAX_GROUPS} columns of groups, each column by 1 to {MAX_NAME} characters");
        return Err(AppError::invalid("invalid-dataset", message));
    }
    if columns.iter().collect::<BTreeSet<_>>().len() < columns.len() {
        return Err(AppError::invalid("invalid-dataset", "a column is named twice"));
    }
    if new.label.is_none() && new.groups.is_empty() {
        return Err(AppError::invalid(
            "invalid-dataset",
            "name a column of labels, or of groups: it has nothing else to give",
        ));
    }
    Ok(())
}
