//! The documents of a record, as they are signed, stored and exported: the JSON that is hashed once
//! and kept. The types of `model` can change; these cannot. A field that comes later is left out
//! where it is absent, so that every document of an earlier version keeps its bytes.
//!
//! Both versions of the record contain these documents: version 1 as values, version 2 by their
//! digests. The inputs are a document themselves ([`crate::model::Inputs`]): what is evaluated is a
//! dossier, and the inputs exist only to be hashed.

mod approval;
mod finding;
mod verdict;

pub use approval::ApprovalDocument;
pub use finding::{FindingDocument, GroupDocument, RequiredDocument};
pub use verdict::{ApprovalCountDocument, PolicyDocument, VerdictDocument};

use crate::{
    ledger::LedgerError,
    model::{Approval, Digest, Verdict, jcs},
};

/// The bytes of a verdict's document: canonical JSON.
///
/// # Errors
/// If it contains a number that JSON cannot express.
pub fn verdict_bytes(verdict: &Verdict) -> Result<Vec<u8>, LedgerError> {
    Ok(jcs::to_vec(&VerdictDocument::from(verdict.clone()))?)
}

/// The bytes of an approval's document: canonical JSON. Its fact in the log is their digest.
///
/// # Errors
/// Never in practice: it contains no number.
pub fn approval_bytes(approval: &Approval) -> Result<Vec<u8>, LedgerError> {
    Ok(jcs::to_vec(&ApprovalDocument::from(approval.clone()))?)
}

/// The digest of an approval's document.
///
/// # Errors
/// As [`approval_bytes`].
pub fn approval_digest(approval: &Approval) -> Result<Digest, LedgerError> {
    Ok(Digest::of(&approval_bytes(approval)?))
}

/// Reads an approval's document.
///
/// # Errors
/// If the bytes are no approval.
pub fn approval(bytes: &[u8]) -> Result<Approval, LedgerError> {
    let document: ApprovalDocument = serde_json::from_slice(bytes)
        .map_err(|error| LedgerError::malformed("an approval", error))?;
    Ok(document.into())
}
