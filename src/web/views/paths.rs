//! The addresses of pages, in one place for templates and routes. Nothing in them needs escaping: ids and digests are
//! plain ASCII.

use crate::model::{DecisionId, Digest, Namespace, ReleaseId};

/// The queue, which is the start page.
pub const QUEUE: &str = "/";
/// All releases; takes `verdict`, `model`, `environment` and `after`.
pub const RELEASES: &str = "/releases";
/// The form for audit reports.
pub const REPORTS: &str = "/reports";
/// An audit report; takes `from` and `to` (days, both included) and `format`, `html` or `csv`.
pub const AUDIT: &str = "/reports/audit";
/// The namespace's log.
pub const LOG: &str = "/log";
/// The sign-in form, and the address it is sent to: `user`, `password`, `next`, `csrf`.
pub const SIGN_IN: &str = "/sign-in";
/// The address of the sign-out form: `csrf`.
pub const SIGN_OUT: &str = "/sign-out";

/// One release.
pub fn release(id: &ReleaseId) -> String {
    format!("/releases/{id}")
}

/// The address of the form that evaluates a release again: `csrf`.
pub fn evaluate(id: &ReleaseId) -> String {
    format!("/releases/{id}/evaluate")
}

/// The address of the vote form: `vote` (`approve` or `reject`), `comment`, `inputs_digest`,
/// `csrf`.
pub fn vote(id: &ReleaseId) -> String {
    format!("/releases/{id}/vote")
}

/// The report of one release, as a document.
pub fn report(id: &ReleaseId) -> String {
    format!("/releases/{id}/report.html")
}

/// The signed record of a decision, as JSON.
pub fn record(id: &DecisionId) -> String {
    format!("/decisions/{id}/record.json")
}

/// A document of evidence, as it was submitted.
pub fn evidence(digest: &Digest) -> String {
    format!("/evidence/{digest}")
}

/// The prefix of the pages of a release's documents; the digest of a document follows it.
pub fn documents(id: &ReleaseId) -> String {
    format!("/releases/{id}/evidence/")
}

/// The log's signed head.
pub fn checkpoint(namespace: &Namespace) -> String {
    format!("/log/{namespace}/checkpoint")
}
