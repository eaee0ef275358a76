//! Reads what a namespace published and registered, each row proved before it is used.

use crate::app::{Service, core::error::AppError};
use crate::{
    ledger::Fact,
    model::{Digest, Environment, ModelId, Namespace},
    store::{Page, Proposal, Publication, Published, StoredDataset, StoredEvidence, StoredUpload},
};

impl Service {
    /// The data set of a name, if it was registered.
    pub(in crate::app) async fn dataset_row(
        &self,
        namespace: &Namespace,
        name: &str,
    ) -> Result<Option<StoredDataset>, AppError> {
        let newest = self.prover.newest(namespace, Fact::DatasetRegistered, name).await?;
        let found = self.store.dataset(namespace, name).await?;
        self.prover.dataset(namespace, name, newest, found.as_ref()).await?;
        Ok(found)
    }

    /// A page of data sets, newest first.
    pub(in crate::app) async fn dataset_rows(
        &self,
        namespace: &Namespace,
        page: Page,
    ) -> Result<Vec<StoredDataset>, AppError> {
        let found = self.store.datasets(namespace, page).await?;
        for dataset in &found {
            self.prover.dataset(namespace, &dataset.name, None, Some(dataset)).await?;
        }
        Ok(found)
    }

    /// An upload, if the namespace has it.
    pub(in crate::app) async fn upload_row(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Option<StoredUpload>, AppError> {
        let found = self.store.upload(namespace, digest).await?;
        if let Some(upload) = &found {
            self.prover.upload(namespace, upload).await?;
        }
        Ok(found)
    }

    /// A document of evidence, if the namespace has it.
    pub(in crate::app) async fn evidence_row(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Option<StoredEvidence>, AppError> {
        let found = self.store.evidence(namespace, digest).await?;
        if let Some(evidence) = &found {
            self.prover.evidence(namespace, evidence).await?;
        }
        Ok(found)
    }

    /// The first policy or mapping that has these bytes.
    pub(in crate::app) async fn published_row(
        &self,
        of: Publication,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Option<Published>, AppError> {
        let found = self.store.published(of, namespace, digest).await?;
        if let Some(published) = &found {
            match of {
                Publication::Policy => self.prover.policy(namespace, published).await?,
                Publication::Mapping => self.prover.mapping(namespace, published).await?,
            }
        }
        Ok(found)
    }

    /// The newest version of the mapping of a name.
    pub(in crate::app) async fn mapping_named(
        &self,
        namespace: &Namespace,
        name: &str,
    ) -> Result<Option<Published>, AppError> {
        let newest = self.prover.newest(namespace, Fact::MappingPublished, name).await?;
        let found = self.store.newest_named(Publication::Mapping, namespace, name).await?;
        self.prover.newest_mapping(namespace, name, newest, found.as_ref()).await?;
        Ok(found)
    }

    /// A proposal of a reference, if the namespace has it.
    pub(in crate::app) async fn proposal_row(
        &self,
        namespace: &Namespace,
        id: &str,
    ) -> Result<Option<Proposal>, AppError> {
        let newest = self.prover.newest(namespace, Fact::ReferenceApproved, id).await?;
        let found = self.store.proposal(namespace, id).await?;
        if let Some(proposal) = &found {
            self.prover.proposal(namespace, proposal, newest).await?;
        }
        Ok(found)
    }

    /// The reference in force: the proposal that was approved last.
    pub(in crate::app) async fn pinned_row(
        &self,
        model: &ModelId,
        environment: &Environment,
    ) -> Result<Option<Proposal>, AppError> {
        let namespace = model.namespace();
        let logged = self.prover.in_force(namespace, Fact::ReferenceApproved).await?;
        let found = self.store.pinned(namespace, model, environment).await?;
        if let Some(proposal) = &found {
            self.prover.proposal(namespace, proposal, None).await?;
        }
        let pinned = found.as_ref().and_then(|found| found.pin.as_ref()).map(|pin| pin.log_index);
        self.prover.reference((model, environment), pinned, logged).await?;
        Ok(found)
    }
}
