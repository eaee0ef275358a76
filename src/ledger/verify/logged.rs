//! Checks that everything a decision was made from was in the log before it: the request of the
//! release, each document, and each approval.

use super::{
    Directory,
    signed::{Verified, read_proof},
};
use crate::{
    ledger::{
        Fact,
        entry::leaf_hash,
        export::{self, EntryPaths, RELEASE, Subject},
        facts::{Document as _, ReleaseRequested},
        merkle,
        record::ReleaseDecision,
    },
    model::{Approval, Digest, Record},
};
use std::collections::BTreeMap;

const LOGGED: &str = "documents-logged";

/// Checks the entries of a decision whose record is of version 2.
pub(super) fn check(
    directory: &mut Directory<'_>,
    decision: &ReleaseDecision,
    record: &Record,
    verified: &Verified,
) {
    const REQUEST: &str = "release-request";
    let release = directory.take(RELEASE);
    let said = "release.json is the request of this release, by its submitter";
    match release {
        None => directory.steps.failed(REQUEST, "release.json is missing"),
        Some(bytes) => {
            directory.steps.check(REQUEST, is_request(bytes, decision, record), said);
        }
    }
    let mut subjects = match export::subjects(record, release.unwrap_or_default()) {
        Ok(subjects) => subjects,
        Err(error) => return directory.steps.failed(LOGGED, error.to_string()),
    };
    // Without the request, its entry cannot be named; the step above says so.
    subjects.retain(|(fact, _)| release.is_some() || *fact != Fact::ReleaseRequested);
    let (mut wrong, mut places) = (Vec::new(), BTreeMap::new());
    for subject in &subjects {
        let (fact, digest) = subject;
        match proved(directory, subject, verified) {
            Ok(index) => _ = places.insert(*digest, index),
            Err(why) => wrong.push(format!("the entry `{}` of {digest} {why}", fact.as_str())),
        }
    }
    approvals(directory, decision, record, &places);
    let all = subjects.len();
    if !wrong.is_empty() {
        directory.steps.failed(LOGGED, wrong.join("; "));
    } else if verified.head.is_none() {
        directory.steps.failed(LOGGED, "the proof of the record itself does not hold");
    } else if directory.pinned.logs.is_empty() {
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

/// Checks that the approvals are of this release, in the order in which they were logged.
fn approvals(
    directory: &mut Directory<'_>,
    decision: &ReleaseDecision,
    record: &Record,
    places: &BTreeMap<Digest, u64>,
) {
    if record.approvals.is_empty() {
        return;
    }
    let own = |approval: &Approval| {
        approval.release.as_ref().is_none_or(|release| *release == decision.release)
    };
    let order: Vec<_> = decision.approvals.iter().filter_map(|d| places.get(d)).collect();
    let holds = record.approvals.iter().all(own) && order.is_sorted();
    let said = "the approvals are of this release, in the order in which they were logged";
    directory.steps.check("approvals-order", holds, said);
}

/// Checks one entry: it is of the document, and in the same log before the record. Returns its
/// index.
fn proved(
    directory: &mut Directory<'_>,
    subject: &Subject,
    verified: &Verified,
) -> Result<u64, String> {
    let paths = EntryPaths::of(subject);
    let leaf = directory.take(&paths.leaf).ok_or("is missing")?;
    let proof = directory.take(&paths.proof).ok_or("has no proof")?;
    let fact = directory.take(&paths.fact);
    if !export::is_about(leaf, subject, fact) {
        let why = if fact.is_none() {
            "is not about it, and has no fact that names it"
        } else {
            "is not about it"
        };
        return Err(why.into());
    }
    let proof = read_proof(proof)?;
    let (Some(record), Some(head)) = (&verified.proof, &verified.head) else {
        return Ok(proof.index);
    };
    if proof.checkpoint != record.checkpoint {
        return Err("is proved under another checkpoint than the record".into());
    }
    if proof.index >= record.index {
        return Err("comes after the record".into());
    }
    merkle::check_inclusion(&leaf_hash(leaf), proof.index, head.size, &proof.path, &head.root)
        .map_err(|error| format!("is not proved: {error}"))?;
    Ok(proof.index)
}
