//! A request to release an artifact, as it arrives: from JSON, from a form or from a webhook.

use crate::app::core::{error::AppError, once::DeliveryKey, text};
use crate::model::{Digest, Environment, ModelId, Timestamp};
use std::collections::BTreeMap;

/// A request to release one artifact to one environment, with its evidence.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The model.
    pub model: ModelId,
    /// Its version, which is only a label.
    pub version: Option<String>,
    /// The artifact.
    pub artifact: Digest,
    /// The environment to release it to.
    pub environment: Environment,
    /// The submitter's comment.
    pub comment: String,
    /// The context that policies may read.
    pub context: BTreeMap<String, String>,
    /// The documents.
    pub evidence: Vec<Document>,
    /// Uploads of raw predictions.
    pub predictions: Vec<Digest>,
    /// The data set of the predictions, if no policy names one.
    pub dataset: Option<String>,
    /// Whether to make a new release even if the inputs are the same as those of the newest release
    /// of the artifact to this environment.
    pub again: bool,
    /// The idempotency key of this request, if it has one.
    pub delivery: Option<DeliveryKey>,
}

/// One document of a submission.
#[derive(Debug, Clone)]
pub struct Document {
    /// The sender's name for it, used in messages.
    pub name: String,
    /// Its bytes.
    pub bytes: bytes::Bytes,
    /// The format to read it as; recognised from its content if absent.
    pub format: Option<String>,
    /// The mapping to read it with: the name of a published mapping, or its digest.
    pub mapping: Option<String>,
    /// The data set, if the document does not name it.
    pub dataset: Option<String>,
    /// When it was produced, if the document does not say.
    pub produced_at: Option<Timestamp>,
}

impl Submission {
    /// Refuses text that cannot be stored or shown.
    pub(super) fn check(&self) -> Result<(), AppError> {
        if let Some(version) = &self.version {
            text::line("a version", version, text::MAX_NAME)?;
        }
        text::prose("a comment", &self.comment, text::MAX_COMMENT)?;
        text::count("a context", "entries", self.context.len(), text::MAX_CONTEXT)?;
        for (key, value) in &self.context {
            text::line("a key of the context", key, text::MAX_NAME)?;
            text::prose("a value of the context", value, text::MAX_VALUE)?;
        }
        text::count("a submission", "documents", self.evidence.len(), text::MAX_DOCUMENTS)?;
        text::count(
            "a submission",
            "files of predictions",
            self.predictions.len(),
            text::MAX_DOCUMENTS,
        )?;
        if let Some(dataset) = &self.dataset {
            text::line("the name of a data set", dataset, text::MAX_DATASET)?;
        }
        self.evidence.iter().try_for_each(Document::check)
    }
}

impl Document {
    fn check(&self) -> Result<(), AppError> {
        text::line("the name of a document", &self.name, text::MAX_LABEL)?;
        for (what, said) in [("a format", &self.format), ("a mapping", &self.mapping)] {
            said.iter().try_for_each(|said| text::line(what, said, text::MAX_NAME))?;
        }
        self.dataset
            .iter()
            .try_for_each(|name| text::line("the name of a data set", name, text::MAX_DATASET))
    }
}
