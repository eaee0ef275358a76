//! Registered data sets: labels and groups that CI never reads, under a name that policies refer
//! to.

use crate::app::{
    Service,
    core::error::{AppError, Kind},
    core::notary::fact_entry,
    core::once::DeliveryKey,
    core::text,
};
use crate::{
    identity::{Actor, Scope},
    ledger::facts::DatasetRegistered,
    model::Digest,
    store::{Change, NewDataset, Page, StoredDataset, Write},
};
use std::collections::BTreeSet;

/// The longest name of a data set or a column.
const MAX_NAME: usize = 200;
/// The most group columns of one data set.
const MAX_GROUPS: usize = 100;

/// A data set to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its name.
    pub name: String,
    /// The upload with its rows.
    pub digest: Digest,
    /// The column on which its rows are joined to predictions.
    pub id: String,
    /// The column of true labels or values.
    pub label: Option<String>,
    /// The columns of groups.
    pub groups: Vec<String>,
}

impl Service {
    /// Registers a data set. A name always means the same data set; registering the same data set
    /// again changes nothing.
    ///
    /// # Errors
    /// When the actor lacks the scope, a name is invalid or taken, the upload does not exist, or
    /// the database fails.
    pub async fn register_dataset(
        &self,
        actor: &Actor,
        new: Registration,
        delivery: Option<&DeliveryKey>,
    ) -> Result<StoredDataset, AppError> {
        actor.require(Scope::Admin)?;
        check(&new)?;
        // A name permanently means one data set, so a repeated request finds what the first one
        // made.
        self.made_before(actor, delivery).await?;
        self.require_upload(actor, &new.digest).await?;
        // Check the file now rather than when the first release needs it.
        self.checked_blob(new.digest).await?;
        if let Some(stored) = self.dataset_row(&actor.namespace, &new.name).await? {
            let stored = known(stored, &new)?;
            self.note_delivery(&actor.namespace, delivery, &new.name).await?;
            return Ok(stored);
        }
        let now = self.env.now();
        let entry = fact_entry(&DatasetRegistered {
            name: new.name.clone(),
            digest: new.digest,
            id: new.id.clone(),
            label: new.label.clone(),
            groups: new.groups.clone(),
            registered_by: actor.who.clone(),
            registered_at: now,
        })?;
        let row = NewDataset {
            name: new.name.clone(),
            digest: new.digest,
            id: new.id.clone(),
            label: new.label.clone(),
            groups: new.groups.clone(),
            by: actor.who.id.clone(),
            entry,
        };
        let mut change = Change::new(actor.namespace.clone(), now).with(Write::Dataset(row));
        change.delivery = delivery.map(|key| key.delivery(&new.name));
        self.commit(change, delivery).await?;
        tracing::info!(namespace = %actor.namespace, name = new.name, digest = %new.digest, "data set registered");
        let stored = self.dataset_row(&actor.namespace, &new.name).await?;
        // Another request may have registered a different data set under this name at the same
        // time.
        known(
            stored.ok_or_else(|| {
                AppError::broken("a data set was registered but is not in the database")
            })?,
            &new,
        )
    }

    /// The data sets of the actor's namespace, newest first.
    ///
    /// # Errors
    /// When the actor lacks the scope, or the database fails.
    pub async fn datasets(
        &self,
        actor: &Actor,
        page: Page,
    ) -> Result<Vec<StoredDataset>, AppError> {
        actor.require(Scope::Read)?;
        self.dataset_rows(&actor.namespace, page).await
    }

    /// A data set by its name.
    ///
    /// # Errors
    /// When no data set has that name, the actor lacks the scope, or the database fails.
    pub async fn dataset(&self, actor: &Actor, name: &str) -> Result<StoredDataset, AppError> {
        actor.require(Scope::Read)?;
        self.dataset_row(&actor.namespace, name)
            .await?
            .ok_or_else(|| AppError::not_found("data set"))
    }
}

fn known(stored: StoredDataset, new: &Registration) -> Result<StoredDataset, AppError> {
    let same = stored.digest == new.digest
        && stored.id == new.id
        && stored.label == new.label
        && stored.groups == new.groups;
    if same {
        return Ok(stored);
    }
    let message = format!(
        "the name `{}` is already used for another data set; choose another name",
        new.name
    );
    Err(AppError::new(Kind::Conflict, "dataset-taken", message))
}

fn check(new: &Registration) -> Result<(), AppError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if new.name.is_empty() || new.name.len() > MAX_NAME || !new.name.chars().all(plain) {
        let message = format!(
            "the name of a data set must have 1 to {MAX_NAME} characters out of A-Z, a-z, 0-9, `.`, `_`, `-` and `/`"
        );
        return Err(AppError::invalid("invalid-dataset", message));
    }
    let columns = std::iter::once(&new.id).chain(&new.label).chain(&new.groups);
    columns
        .into_iter()
        .try_for_each(|column| text::line("the name of a column", column, text::MAX_LABEL))?;
    let columns: Vec<&String> =
        std::iter::once(&new.id).chain(&new.label).chain(&new.groups).collect();
    if columns.iter().any(|c| c.is_empty() || c.chars().count() > MAX_NAME)
        || new.groups.len() > MAX_GROUPS
    {
        let message = format!(
            "name at most {MAX_GROUPS} group columns; each column name must have 1 to {MAX_NAME} characters"
        );
        return Err(AppError::invalid("invalid-dataset", message));
    }
    if columns.iter().collect::<BTreeSet<_>>().len() < columns.len() {
        return Err(AppError::invalid("invalid-dataset", "a column is named twice"));
    }
    if new.label.is_none() && new.groups.is_empty() {
        return Err(AppError::invalid(
            "invalid-dataset",
            "name a label column or a group column: a data set must provide at least one of them",
        ));
    }
    Ok(())
}
