//! Checks that everything a decision was made from was in the log before it: the request of the
//! release, each document, and each approval.

use super::{
    Directory,
    signed::{Verified, read_proof},
};
use crate::{
    ledger::{
        entry::leaf_hash,
        export::{self, EntryPaths, RELEASE, Subject},
        facts::{Document as _, ReleaseRequested},
        merkle,
        record::ReleaseDecision,
    },
    model::Record,
};

const LOGGED: &str = "documents-logged";

/// Checks the entries of a decision whose record is of version 2.
pub(super) fn check(
    directory: &mut Directory<'_>,
    decision: &ReleaseDecision,
    record: &Record,
    verified: &Verified,
) {
    let release = directory.take(RELEASE).unwrap_or_default();
    let requested = is_request(release, decision, record);
    let said = "release.json is the request of this release, by its submitter";
    directory.steps.check("release-request", requested, said);
    let subjects = match export::subjects(record, release) {
        Ok(subjects) => subjects,
        Err(error) => return directory.steps.failed(LOGGED, error.to_string()),
    };
    let mut wrong = Vec::new();
    for subject in &subjects {
        if let Err(why) = proved(directory, subject, verified) {
            let (fact, digest) = subject;
            wrong.push(format!("the entry `{}` of {digest} {why}", fact.as_str()));
        }
    }
    let all = subjects.len();
    if !wrong.is_empty() {
        directory.steps.failed(LOGGED, wrong.join("; "));
    } else if directory.pinned.logs.is_empty() || verified.head.is_none() {
        let detail = "said to be in a log before the record: no log key was pinned";
        directory.steps.unchecked(LOGGED, detail);
    } else {
        let detail = format!("{all} of {all} entries were in the log before the record");
        directory.steps.ok(LOGGED, detail);
    }
}

/// Whether these bytes are the request that the decision is about.
fn is_request(bytes: &[u8], decision: &ReleaseDecision, record: &Record) -> bool {
    let Ok(requested) = ReleaseRequested::parse(bytes) else { return false };
    requested.to_bytes().is_ok_and(|own| own == bytes)
        && requested.release == decision.release
        && requested.model.is_none_or(|model| model == decision.model)
        && requested.artifact.is_none_or(|artifact| artifact == decision.artifact)
        && requested.environment.is_none_or(|environment| environment == decision.environment)
        && Some(&requested.submitter.id) == record.inputs.submitter.as_ref()
        && (decision.seq > 0 || requested.inputs_digest == decision.inputs_digest)
}

/// Checks one entry: it is of the document, and in the same log before the record.
fn proved(
    directory: &mut Directory<'_>,
    subject: &Subject,
    verified: &Verified,
) -> Result<(), String> {
    let paths = EntryPaths::of(subject);
    let leaf = directory.take(&paths.leaf).ok_or("is missing")?;
    let proof = directory.take(&paths.proof).ok_or("has no proof")?;
    if !export::is_about(leaf, subject, directory.take(&paths.fact)) {
        return Err("is not about it".into());
    }
    let proof = read_proof(proof)?;
    let (Some(record), Some(head)) = (&verified.proof, &verified.head) else { return Ok(()) };
    if proof.checkpoint != record.checkpoint {
        return Err("is proved under another checkpoint than the record".into());
    }
    if proof.index >= record.index {
        return Err("comes after the record".into());
    }
    merkle::check_inclusion(&leaf_hash(leaf), proof.index, head.size, &proof.path, &head.root)
        .map_err(|error| format!("is not proved: {error}"))
}
