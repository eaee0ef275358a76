//! What a namespace published and registered, against its entries.

use super::{Prover, current, unproved, whole};
use crate::{
    app::core::error::AppError,
    ledger::{
        Entry, Fact,
        facts::{
            DatasetRegistered, MappingPublished, PolicyPublished, ReferenceApproved,
            ReferenceProposed,
        },
    },
    model::{Environment, ModelId, Namespace, Timestamp},
    store::{Proposal, Published, StoredDataset, StoredUpload},
};
use std::collections::BTreeMap;

/// Version 0.1 read the clock once for the fact of a reference and once for its row.
const TWICE_MICROS: i64 = 1_000_000;

fn near(fact: Timestamp, row: Timestamp) -> bool {
    fact.micros_since(row).abs() < TWICE_MICROS
}

impl Prover {
    /// Refuses a policy whose source was not published under its name.
    ///
    /// # Errors
    /// `row-unproved` when it was not; when the database fails.
    pub(in crate::app) async fn policy(
        &self,
        namespace: &Namespace,
        stored: &Published,
    ) -> Result<(), AppError> {
        let unproved = || unproved(&format!("policy `{}`", stored.name), stored.log_index);
        whole(stored)?;
        let proved = self.entry(namespace, stored.log_index).await?;
        let same = if proved.document.is_some() {
            let fact: PolicyPublished = self.fact(namespace, stored.log_index).await?;
            fact.name == stored.name
                && fact.digest == stored.digest
                && fact.published_by.id == stored.published_by
                && fact.published_at == stored.published_at
        } else {
            // Version 1: the entry has the digest of the policy itself.
            let entry = Entry::Fact { fact: Fact::PolicyPublished, hash: stored.digest };
            proved.entry == entry && proved.subject == stored.name
        };
        if same { Ok(()) } else { Err(unproved()) }
    }

    /// Refuses policies that are not exactly those in force: the newest version of every name.
    /// `logged` has their entries, read before them.
    ///
    /// # Errors
    /// `row-unproved` when they are not; when the database fails.
    pub(in crate::app) async fn active_policies(
        &self,
        namespace: &Namespace,
        active: &[Published],
        logged: &BTreeMap<String, u64>,
    ) -> Result<(), AppError> {
        for policy in active {
            self.policy(namespace, policy).await?;
        }
        for (name, newest) in logged {
            let row = active.iter().find(|policy| policy.name == *name);
            let what = format!("the policy in force named `{name}`");
            current(&what, Some(*newest), row.map(|policy| policy.log_index))?;
        }
        Ok(())
    }

    /// Refuses a mapping whose source was not published under its name.
    ///
    /// # Errors
    /// `row-unproved` when it was not; when the database fails.
    pub(in crate::app) async fn mapping(
        &self,
        namespace: &Namespace,
        stored: &Published,
    ) -> Result<(), AppError> {
        let published: MappingPublished = self.fact(namespace, stored.log_index).await?;
        whole(stored)?;
        let same = published.name == stored.name
            && published.digest == stored.digest
            && published.published_by.id == stored.published_by
            && published.published_at == stored.published_at;
        if same {
            return Ok(());
        }
        Err(unproved(&format!("mapping `{}`", stored.name), stored.log_index))
    }

    /// Refuses a mapping that is not the newest version of its name. `newest` has its entry, read
    /// before it.
    ///
    /// # Errors
    /// As [`Prover::mapping`].
    pub(in crate::app) async fn newest_mapping(
        &self,
        namespace: &Namespace,
        name: &str,
        newest: Option<u64>,
        stored: Option<&Published>,
    ) -> Result<(), AppError> {
        let what = format!("the newest mapping `{name}`");
        current(&what, newest, stored.map(|mapping| mapping.log_index))?;
        match stored {
            Some(stored) => self.mapping(namespace, stored).await,
            None => Ok(()),
        }
    }

    /// Refuses a data set that is not the one that was registered under this name.
    ///
    /// # Errors
    /// `row-unproved` when it is not; when the database fails.
    pub(in crate::app) async fn dataset(
        &self,
        namespace: &Namespace,
        name: &str,
        newest: Option<u64>,
        stored: Option<&StoredDataset>,
    ) -> Result<(), AppError> {
        let what = format!("data set `{name}`");
        current(&what, newest, stored.map(|dataset| dataset.log_index))?;
        let Some(stored) = stored else { return Ok(()) };
        let fact: DatasetRegistered = self.fact(namespace, stored.log_index).await?;
        let same = fact.name == stored.name
            && fact.digest == stored.digest
            && fact.id == stored.id
            && fact.label == stored.label
            && fact.groups == stored.groups
            && fact.registered_by.id == stored.registered_by
            && fact.registered_at == stored.registered_at;
        if same {
            return Ok(());
        }
        Err(unproved(&what, stored.log_index))
    }

    /// Refuses an upload that was not accepted under this digest.
    ///
    /// # Errors
    /// `row-unproved` when it was not; when the database fails.
    pub(in crate::app) async fn upload(
        &self,
        namespace: &Namespace,
        stored: &StoredUpload,
    ) -> Result<(), AppError> {
        let proved = self.entry(namespace, stored.log_index).await?;
        if proved.entry == (Entry::Fact { fact: Fact::PredictionsAccepted, hash: stored.digest }) {
            return Ok(());
        }
        Err(unproved(&format!("upload {}", stored.digest), stored.log_index))
    }

    /// Refuses a proposal of a reference, or its approval, that is not what was logged.
    ///
    /// # Errors
    /// `row-unproved` when it is not; when the database fails.
    pub(in crate::app) async fn proposal(
        &self,
        namespace: &Namespace,
        stored: &Proposal,
        newest: Option<u64>,
    ) -> Result<(), AppError> {
        let proposal = &stored.proposal;
        let fact: ReferenceProposed = self.fact(namespace, stored.log_index).await?;
        let same = fact.proposal == proposal.id
            && fact.model == proposal.model
            && fact.environment == proposal.environment
            && fact.artifact == proposal.artifact
            && fact.release == proposal.release
            && fact.comment == proposal.comment
            && fact.proposed_by == proposal.by
            && near(fact.proposed_at, stored.at);
        if !same {
            return Err(unproved(&format!("proposal {}", proposal.id), stored.log_index));
        }
        let what = format!("the approval of proposal {}", proposal.id);
        current(&what, newest, stored.pin.as_ref().map(|pin| pin.log_index))?;
        let Some(pin) = &stored.pin else { return Ok(()) };
        let fact: ReferenceApproved = self.fact(namespace, pin.log_index).await?;
        let same = fact.proposal == proposal.id
            && fact.model == proposal.model
            && fact.environment == proposal.environment
            && fact.artifact == proposal.artifact
            && fact.comment == pin.comment
            && fact.approved_by == pin.by
            && near(fact.approved_at, pin.at);
        if same {
            return Ok(());
        }
        Err(unproved(&what, pin.log_index))
    }

    /// Refuses the reference in force if a newer approval of a proposal for its place was logged.
    /// `logged` has the entries of all approvals, read before `pinned`.
    ///
    /// # Errors
    /// `row-unproved` when it is not the one in force; when the database fails.
    pub(in crate::app) async fn reference(
        &self,
        (model, environment): (&ModelId, &Environment),
        pinned: Option<u64>,
        logged: BTreeMap<String, u64>,
    ) -> Result<(), AppError> {
        for index in logged.into_values().filter(|index| Some(*index) > pinned) {
            let fact: ReferenceApproved = self.fact(model.namespace(), index).await?;
            if fact.model == *model && fact.environment == *environment {
                return Err(unproved("the reference in force", index));
            }
        }
        Ok(())
    }
}
