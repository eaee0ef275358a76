//! Documents of evidence: read when they are submitted, and read again from the database as they
//! were accepted.

use crate::app::{
    Service,
    core::blocking,
    core::error::{AppError, Kind},
    core::notary::row_entry,
    core::text,
    gate::submission::Document,
    registry::mappings::Asked,
};
use crate::{
    evidence::{self, How},
    identity::Actor,
    ledger::Fact,
    model::{Claimed, Digest, Evidence, EvidenceRef, Namespace, ReleaseId, Submitted},
    store::{NewEvidence, PackedDocument},
};
use std::sync::Arc;

/// Documents that were read, and their bytes in the same order, as they are stored.
#[derive(Clone, Default)]
pub(in crate::app) struct Documents {
    pub(in crate::app) submitted: Arc<Vec<Submitted>>,
    /// `None` for a document that is stored already.
    packed: Vec<Option<PackedDocument>>,
    /// The files of archives that no format recognises.
    pub(in crate::app) left_out: Vec<String>,
    /// The warnings of their readers.
    pub(in crate::app) warnings: Vec<String>,
}

impl Documents {
    /// Reads the documents of a submission, and archives file by file. A document that was sent
    /// twice is kept once.
    ///
    /// # Errors
    /// When one of them cannot be read: then the whole submission is refused.
    pub(in crate::app) async fn read(sent: &[Document], asked: &Asked) -> Result<Self, AppError> {
        let size = sent.iter().map(|document| document.bytes.len()).sum();
        let (sent, asked) = (sent.to_vec(), asked.clone());
        blocking::run_if_large(size, move || Self::read_all(&sent, &asked)).await?
    }

    fn read_all(sent: &[Document], asked: &Asked) -> Result<Self, AppError> {
        let mut read = Self::default();
        for document in sent {
            let mapping = document.mapping.as_ref().and_then(|name| asked.get(name));
            let how =
                How { format: document.format.as_deref(), mapping: mapping.map(AsRef::as_ref) };
            let opened = evidence::open(&document.bytes, how).map_err(|e| {
                let kind =
                    if e.code() == "evidence-too-large" { Kind::TooLarge } else { Kind::Invalid };
                AppError::new(kind, e.code(), format!("{}: {e}", document.name))
            })?;
            let claimed = Claimed {
                subject: None,
                dataset: document.dataset.clone(),
                produced_at: document.produced_at,
            };
            for part in opened.parts {
                check_names(&part.evidence).map_err(|e| AppError {
                    message: format!("{}: {}", document.name, e.message),
                    ..e
                })?;
                read.warnings.extend(part.warnings(&document.name));
                let one = Submitted {
                    evidence: part.evidence,
                    claimed: claimed.clone(),
                    mapping: mapping.map(|m| m.digest),
                };
                read.add(one, part.bytes.map_or_else(|| document.bytes.clone(), Into::into));
            }
            read.left_out
                .extend(opened.left_out.iter().map(|name| format!("{}: {name}", document.name)));
        }
        Ok(read)
    }

    /// The submitted documents of a release as they were read again. What was computed for it is
    /// left out: it is computed anew.
    pub(in crate::app) fn stored(read: &[Submitted]) -> Self {
        let submitted: Vec<Submitted> =
            read.iter().filter(|document| document.evidence.computed.is_none()).cloned().collect();
        Self {
            packed: vec![None; submitted.len()],
            submitted: Arc::new(submitted),
            ..Self::default()
        }
    }

    /// Adds a document, once.
    pub(in crate::app) fn add(&mut self, one: Submitted, bytes: bytes::Bytes) {
        let same = |other: &Submitted| {
            other.evidence.digest == one.evidence.digest
                && other.claimed == one.claimed
                && other.mapping == one.mapping
                && other.evidence.format == one.evidence.format
        };
        if !self.submitted.iter().any(same) {
            Arc::make_mut(&mut self.submitted).push(one);
            self.packed.push(Some(PackedDocument::pack(bytes)));
        }
    }

    /// The rows that keep them, each document once.
    pub(in crate::app) fn rows(&self) -> Vec<NewEvidence> {
        let mut new: Vec<NewEvidence> = Vec::with_capacity(self.packed.len());
        for (submitted, document) in self.submitted.iter().zip(&self.packed) {
            let evidence = &submitted.evidence;
            let Some(document) = document else { continue };
            if !new.iter().any(|n| n.digest == evidence.digest) {
                new.push(NewEvidence {
                    digest: evidence.digest,
                    format: evidence.format.clone(),
                    document: document.clone(),
                    entry: row_entry(
                        Fact::EvidenceAccepted,
                        &evidence.digest.to_string(),
                        &evidence.digest,
                    ),
                });
            }
        }
        new
    }
}

/// Refuses names that cannot be stored: the names of an artifact and a data set become part of rows
/// and of sentences.
fn check_names(evidence: &Evidence) -> Result<(), AppError> {
    let of_documents = evidence.dataset.iter().filter_map(|dataset| dataset.name.as_ref());
    let of_measurements = evidence.measurements.iter().filter_map(|m| m.dataset.as_ref());
    let datasets = of_documents.chain(of_measurements);
    datasets
        .map(String::as_str)
        .try_for_each(|name| text::line("the name of a data set", name, text::MAX_DATASET))?;
    let versions = evidence.subject.iter().filter_map(|subject| subject.version.as_deref());
    versions
        .into_iter()
        .try_for_each(|version| text::line("the version of the subject", version, text::MAX_LABEL))
}

impl Service {
    /// A document that a release was evaluated on, as it was accepted.
    ///
    /// # Errors
    /// As [`Service::history`]; when the release was not evaluated on it, or it can no longer be
    /// read.
    pub async fn document(
        &self,
        actor: &Actor,
        id: &ReleaseId,
        digest: &Digest,
    ) -> Result<Submitted, AppError> {
        let history = self.history(actor, id).await?;
        let reference =
            history.stored.inputs.evidence.iter().find(|reference| reference.digest == *digest);
        let reference = reference.ok_or_else(|| AppError::not_found("document of this release"))?;
        let mut read = self.reread(&actor.namespace, std::slice::from_ref(reference)).await?;
        read.pop().ok_or_else(|| AppError::not_found("document of this release"))
    }

    /// Documents of a namespace as they were accepted.
    ///
    /// # Errors
    /// When one is missing or can no longer be read, or the database fails.
    pub(in crate::app) async fn reread(
        &self,
        namespace: &Namespace,
        references: &[EvidenceRef],
    ) -> Result<Vec<Submitted>, AppError> {
        let mut documents = Vec::with_capacity(references.len());
        for reference in references {
            let gone = || AppError::broken(format!("evidence {} is gone", reference.digest));
            let stored = self.evidence_row(namespace, &reference.digest).await?.ok_or_else(gone)?;
            let mapping = self.mapping_of(namespace, reference).await?;
            let size = stored.bytes.len();
            let format = reference.format.clone();
            let read = move || evidence::reread(&stored.bytes, &format, mapping.as_ref());
            let evidence = blocking::run_if_large(size, read).await?.map_err(AppError::failed)?;
            let claimed = reference.claimed.clone().unwrap_or_default();
            documents.push(Submitted { evidence, claimed, mapping: reference.mapping });
        }
        Ok(documents)
    }
}
