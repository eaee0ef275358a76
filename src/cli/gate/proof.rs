//! Whether an answer is what the service signed: with pinned keys, no one between the command and
//! the service can change it.

use super::evidence::Document;
use crate::{
    cli::{
        client::{Client, variable},
        exit::Failure,
        export,
        output::plain,
        verify::pinned,
    },
    evidence::{self, How},
    ledger::{
        self,
        verify::{self, Expected, Pinned, Status},
    },
    model::{Digest, Record},
    wire::{
        common::ExportV1,
        release::{DecidedV1, SubmitV1},
    },
};
use std::{collections::BTreeSet, path::PathBuf};

/// Keys that answers are verified with.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TrustArgs {
    /// A key you trust: a PEM file, a vkey file, or a vkey itself; may be given many times. The
    /// answer must be signed and logged with your keys
    #[arg(long = "key", value_name = "K")]
    keys: Vec<String>,
    /// A directory of keys you trust: its decision.pem and log.vkey [default: the variable `MODELGATE_TRUST`]
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
}

impl TrustArgs {
    /// The keys; `None` if none are pinned.
    ///
    /// # Errors
    /// When a key cannot be read.
    pub(super) fn pinned(&self) -> Result<Option<Pinned>, Failure> {
        let trust = self.trust.clone().or_else(|| variable("MODELGATE_TRUST").map(PathBuf::from));
        if self.keys.is_empty() && trust.is_none() {
            return Ok(None);
        }
        pinned(&self.keys, trust.as_deref()).map(Some)
    }
}

/// The request, which the answer must match.
pub(super) struct Question {
    request: SubmitV1,
    documents: Vec<Document>,
}

impl Question {
    /// The question of a submission.
    pub(super) fn new(request: &SubmitV1, documents: &[Document]) -> Self {
        Self { request: request.clone(), documents: documents.to_vec() }
    }
}

/// Checks that `decided` is a decision on `question` that was signed and logged with the pinned keys.
///
/// # Errors
/// `answer-not-proved` when it is not, with exit code 5: then the service's verdict on the model is
/// unknown.
pub(super) async fn check(
    client: &Client,
    decided: &DecidedV1,
    pinned: &Pinned,
    question: &Question,
) -> Result<(), Failure> {
    let refused = |why: String| {
        let message = format!(
            "the answer cannot be trusted: {why}. Something between this machine and the service changed it, or the pinned \
             keys are not those of this service; nothing was let through"
        );
        Failure::service("answer-not-proved", message)
    };
    let export: ExportV1 =
        client.get(&format!("/api/v1/decisions/{}/export", decided.decision)).await?;
    let files = export::decoded(export.files)?;
    let request = &question.request;
    let expected = Expected {
        artifact: Some(request.artifact),
        environment: Some(request.environment.clone()),
    };
    let report = verify::directory(&files, pinned, &expected)
        .ok_or_else(|| refused("its export is not that of a decision".to_owned()))?;
    if !report.is_proved() {
        let step = report.steps.iter().find(|s| s.status == Status::Failed);
        let step = step.or_else(|| report.steps.iter().find(|s| s.status != Status::Ok));
        let why = step.map_or_else(
            || "nothing is proved".to_owned(),
            |s| format!("{}: {}", s.name, plain(&s.detail)),
        );
        return Err(refused(why));
    }
    let record = ledger::export::record(&files)
        .map_err(|error| refused(format!("its signed record cannot be read: {error}")))?
        .ok_or_else(|| refused("its export has no documents".to_owned()))?;
    differs(decided, &record, question).map_or(Ok(()), |why| Err(refused(why)))
}

/// How an answer differs from the signed record, or the record from the request; `None` if it does
/// not. An old decision with a valid signature is not an answer to new evidence.
fn differs(decided: &DecidedV1, record: &Record, question: &Question) -> Option<String> {
    let request = &question.request;
    let (said, signed) = (decided.verdict.verdict, record.verdict.verdict);
    if said != signed {
        return Some(format!("it says {said}, and the signed record says {signed}"));
    }
    if decided.verdict.to_verdict() != record.verdict {
        return Some("its findings are not those that were signed".to_owned());
    }
    let inputs = &record.inputs;
    if inputs.model.as_ref() != Some(&request.model) {
        return Some("the signed record is about another model".to_owned());
    }
    if inputs.context != request.context {
        return Some("the signed record is about another context".to_owned());
    }
    let signed: BTreeSet<Digest> = inputs.evidence.iter().map(|e| e.digest).collect();
    let absent = question.documents.iter().find(|document| !is_of(document, &signed));
    absent.map(|document| {
        let name = plain(document.said.name.as_deref().unwrap_or("a document"));
        format!("the signed record does not contain {name}, which was sent")
    })
}

/// Whether a document, or every part of an archive that is evidence, is among those that were
/// evaluated.
fn is_of(document: &Document, judged: &BTreeSet<Digest>) -> bool {
    if judged.contains(&Digest::of(&document.bytes)) {
        return true;
    }
    let how = How { format: document.said.format.as_deref(), mapping: None };
    let parts = evidence::open(&document.bytes, how).map(|opened| opened.parts);
    parts.is_ok_and(|parts| {
        !parts.is_empty() && parts.iter().all(|part| judged.contains(&part.evidence.digest))
    })
}
