//! Whether an answer is what the service signed: with pinned keys, nobody between here and there can change it.

use super::evidence::Document;
use crate::{
    cli::{
        client::{Client, variable},
        exit::Failure,
        export,
        output::plain,
        verify::{RECORD, pinned},
    },
    evidence::{self, How},
    ledger::{
        Envelope,
        statement::{RECORD_TYPE, Statement},
        verify::{self, Expected, Pinned, Status},
    },
    model::{Digest, Record},
    wire::{
        common::ExportV1,
        release::{DecidedV1, SubmitV1},
    },
};
use std::{collections::BTreeSet, path::PathBuf};

/// Keys that answers are held against.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TrustArgs {
    /// A key you trust: a PEM file, a vkey file, or a vkey itself; may be given many times. The answer must be signed and
    /// logged with keys of yours
    #[arg(long = "key", value_name = "K")]
    keys: Vec<String>,
    /// A directory of keys you trust: its decision.pem and log.vkey [default: the variable `MODELGATE_TRUST`]
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
}

impl TrustArgs {
    /// The keys; `None` where none are pinned.
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

/// What was asked, by which an answer is recognised as one to it.
pub(super) struct Question {
    request: SubmitV1,
    documents: Vec<Document>,
}

impl Question {
    /// Of a submission.
    pub(super) fn new(request: &SubmitV1, documents: &[Document]) -> Self {
        Self { request: request.clone(), documents: documents.to_vec() }
    }
}

/// Checks that `decided` is a decision on `question` that was signed and logged with the pinned keys.
///
/// # Errors
/// `answer-not-proved` when it is not, with exit code 5: what the service says of the model is not known then.
pub(super) async fn check(
    client: &Client,
    decided: &DecidedV1,
    pinned: &Pinned,
    question: &Question,
) -> Result<(), Failure> {
    let refused = |why: String| {
        let message = format!(
            "the answer cannot be trusted: {why}. Something between here and the service changed it, or the pinned keys are \
             not those of this service; nothing was let through"
        );
        Failure::service("answer-not-proved", message)
    };
    let export: ExportV1 = client.get(&format!("/api/v1/decisions/{}/export", decided.decision)).await?;
    let files = export::decoded(export.files)?;
    let request = &question.request;
    let expected = Expected { artifact: Some(request.artifact), environment: Some(request.environment.clone()) };
    let report = verify::directory(&files, pinned, &expected)
        .ok_or_else(|| refused("its export is not one of a decision".to_owned()))?;
    if !report.is_proved() {
        let step = report.steps.iter().find(|s| s.status == Status::Failed);
        let step = step.or_else(|| report.steps.iter().find(|s| s.status != Status::Ok));
        let why = step.map_or_else(|| "nothing is proved".to_owned(), |s| format!("{}: {}", s.name, plain(&s.detail)));
        return Err(refused(why));
    }
    let record = record(&files).ok_or_else(|| refused("its signed record cannot be read".to_owned()))?;
    differs(decided, &record, question).map_or(Ok(()), |why| Err(refused(why)))
}

fn record(files: &verify::Files) -> Option<Record> {
    let envelope = Envelope::parse(files.get(RECORD)?).ok()?;
    Some(Statement::<Record>::parse(&envelope.payload, RECORD_TYPE).ok()?.predicate)
}

/// What of an answer is not what the record says, or of the record not what was asked. An old decision that was really
/// signed is no answer to new evidence.
fn differs(decided: &DecidedV1, record: &Record, question: &Question) -> Option<String> {
    let request = &question.request;
    let (said, signed) = (decided.verdict.verdict, record.verdict.verdict);
    if said != signed {
        return Some(format!("it says {said}, and what was signed says {signed}"));
    }
    if decided.verdict != record.verdict {
        return Some("its findings are not those that were signed".to_owned());
    }
    let inputs = &record.inputs;
    if inputs.model.as_ref() != Some(&request.model) {
        return Some("what was signed is about another model".to_owned());
    }
    if inputs.context != request.context {
        return Some("what was signed is about another context".to_owned());
    }
    let signed: BTreeSet<Digest> = inputs.evidence.iter().map(|e| e.digest).collect();
    let absent = question.documents.iter().find(|document| !is_of(document, &signed));
    absent.map(|document| {
        let name = plain(document.said.name.as_deref().unwrap_or("a document"));
        format!("what was signed was not judged on {name}, which was sent")
    })
}

/// Whether a document, or every part of an archive that is evidence, is among those that were judged.
fn is_of(document: &Document, judged: &BTreeSet<Digest>) -> bool {
    if judged.contains(&Digest::of(&document.bytes)) {
        return true;
    }
    let how = How { format: document.said.format.as_deref(), mapping: None };
    let parts = evidence::open(&document.bytes, how).map(|opened| opened.parts);
    parts.is_ok_and(|parts| !parts.is_empty() && parts.iter().all(|part| judged.contains(&part.evidence.digest)))
}
