//! Checks the documents of a decision: all are present and unchanged, and there are no others.

use super::{Directory, logged, record, signed::Verified};
use crate::ledger::{
    export::{self, FOLDERS, Folder, INPUTS, RELEASE, VERDICT},
    record::{ReleaseDecision, Stated, documents::approval_bytes},
};
use crate::model::{Digest, Outcome, Record, jcs};
use std::collections::BTreeMap;

/// What is known of a record after its documents were checked.
#[derive(Debug, PartialEq)]
pub(super) enum Checked {
    /// All of it.
    Whole(Box<Record>),
    /// What it says itself: its documents are not part of the export.
    Alone,
    /// What it says itself: a document is absent or was changed.
    Unread,
}

/// Checks the documents of the record.
pub(super) fn check(
    directory: &mut Directory<'_>,
    stated: &Stated,
    verified: &Verified,
) -> Checked {
    let outcome = match stated {
        Stated::V1(record) => record.verdict.verdict,
        Stated::V2(decision) => decision.verdict,
    };
    let alone = is_record_alone(directory, outcome);
    if alone {
        let detail = "the documents are not part of this export; the record lists them by digest";
        directory.steps.ok("documents", detail);
    }
    let record = match stated {
        Stated::V1(record) => (**record).clone(),
        Stated::V2(_) if alone => return Checked::Alone,
        Stated::V2(decision) => match assemble(directory, decision) {
            Some(record) => record,
            None => return Checked::Unread,
        },
    };
    record::consistent(&mut directory.steps, &record);
    if !alone {
        listed(directory, &record);
    }
    if let Stated::V2(decision) = stated {
        logged::check(directory, decision, &record, verified);
    }
    Checked::Whole(Box::new(record))
}

/// Whether a path is that of a document or of its entry.
fn is_document(path: &str) -> bool {
    let folder = path.split('/').next().unwrap_or_default();
    [INPUTS, VERDICT, RELEASE].contains(&path)
        || ["approvals", "proofs"].contains(&folder)
        || FOLDERS.map(Folder::as_str).contains(&folder)
}

/// All of a record of version 2, from the documents that it gives the digests of.
fn assemble(directory: &mut Directory<'_>, decision: &ReleaseDecision) -> Option<Record> {
    const NAME: &str = "record-documents";
    let documents = export::documents_of(directory.files, decision);
    directory.take(INPUTS);
    directory.take(VERDICT);
    match decision.record(&documents) {
        Err(error) => {
            directory.steps.failed(NAME, error.to_string());
            None
        }
        Ok(record) => {
            let said = "inputs.json, verdict.json and the approvals are those that the record says";
            directory.steps.check(NAME, decision.agrees(&record), said);
            Some(record)
        }
    }
}

/// Checks `inputs.json`, the folders of documents, and the approvals.
fn listed(directory: &mut Directory<'_>, record: &Record) {
    let inputs = directory.take(INPUTS);
    let same = inputs.is_some() && inputs.map(<[u8]>::to_vec) == jcs::to_vec(&record.inputs).ok();
    directory.steps.check("inputs-file", same, "inputs.json contains the record's inputs");
    let listed = export::documents(&record.inputs);
    for folder in FOLDERS {
        let listed =
            listed.iter().filter(|(f, _)| *f == folder).map(|(_, digest)| *digest).collect();
        documents(directory, folder, listed);
    }
    approvals(directory, record);
}

/// A pending or revoked decision can be exported as its record alone. It allows nothing, so this
/// loses no proof.
fn is_record_alone(directory: &Directory<'_>, outcome: Outcome) -> bool {
    let open = matches!(outcome, Outcome::Pending | Outcome::Revoked);
    open && !directory.files.keys().any(|path| is_document(path))
}

/// The digest in a file's name: 64 hex digits, optionally with an extension.
fn named(name: &str) -> Option<Digest> {
    let (hex, extension) = name.split_once('.').unwrap_or((name, "x"));
    let plain =
        (1..=8).contains(&extension.len()) && extension.bytes().all(|b| b.is_ascii_alphanumeric());
    format!("sha256:{hex}").parse().ok().filter(|_| plain)
}

fn documents(directory: &mut Directory<'_>, folder: Folder, listed: Vec<Digest>) {
    let prefix = format!("{}/", folder.as_str());
    let mut found: BTreeMap<Digest, &str> = BTreeMap::new();
    for path in directory.files.keys() {
        if let Some(digest) = path.strip_prefix(&prefix).and_then(named) {
            // A second file for the same digest stays unaccounted for, so the verification fails.
            found.entry(digest).or_insert(path);
        }
    }
    let name = folder.as_str();
    let count = listed.len();
    let mut wrong = Vec::new();
    for digest in listed {
        match found.get(&digest).and_then(|path| directory.take(path)) {
            None => wrong.push(format!("{digest} is missing")),
            Some(bytes) if Digest::of(bytes) != digest => {
                wrong.push(format!("{digest} was changed"));
            }
            Some(_) => {}
        }
    }
    if !wrong.is_empty() {
        directory.steps.failed(name, wrong.join("; "));
    } else if count > 0 {
        directory.steps.ok(name, format!("{count} of {count} are there, byte for byte"));
    }
}

fn approvals(directory: &mut Directory<'_>, record: &Record) {
    let count = record.approvals.len();
    let mut wrong = Vec::new();
    for (number, approval) in record.approvals.iter().enumerate() {
        let path = export::approval_path(number, approval);
        match directory.take(&path) {
            None => wrong.push(format!("`{path}` is missing")),
            Some(bytes) if Some(bytes) != approval_bytes(approval).ok().as_deref() => {
                wrong.push(format!("`{path}` is not the approval in the record"));
            }
            Some(_) => {}
        }
    }
    if !wrong.is_empty() {
        directory.steps.failed("approvals", wrong.join("; "));
    } else if count > 0 {
        directory.steps.ok("approvals", format!("{count} of {count} are those in the record"));
    }
}
