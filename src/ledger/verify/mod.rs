//! Verifies an exported decision, with only its bytes and keys that were obtained elsewhere.
//!
//! Keys that come with the export are only data. A step that could only be checked with one of them
//! is `unchecked`, and a report with such a step proves nothing.

mod documents;
mod logged;
mod record;
mod report;
mod signed;
mod summary;

pub use report::{Proved, Report, Status, Step};

use super::{
    PublicKey, VerifierKey, bundle,
    export::{self, BUNDLE, DECISION, Names, RECORD},
    record::Stated,
    statement::VSA_TYPE,
};
use crate::model::{Digest, Environment, Outcome, Record};
use documents::Checked;
use report::Steps;
use signed::{Raw, Verified};
use std::collections::{BTreeMap, BTreeSet};

/// The files of an export by path, with `/` between the parts of a path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The keys that the verifier trusts, obtained from the service and not from the export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pinned {
    /// Keys that sign decisions.
    pub decision: Vec<PublicKey>,
    /// Keys that sign the heads of logs, each under its origin.
    pub logs: Vec<VerifierKey>,
}

/// The requirements of the verifier on the decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The digest of the artifact that the verifier has.
    pub artifact: Option<Digest>,
    /// The environment it is to be deployed to.
    pub environment: Option<Environment>,
}

/// Verifies the files of an exported decision. `None` if `files` contains no file of an export.
pub fn directory(files: &Files, pinned: &Pinned, expected: &Expected) -> Option<Report> {
    let known = [RECORD, DECISION].map(|n| [n.envelope, n.leaf, n.proof]).concat();
    known
        .iter()
        .any(|name| files.contains_key(*name))
        .then(|| Directory::new(files, pinned).verify(expected))
}

/// The error for a file that is neither an envelope nor a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is neither a DSSE envelope nor a Sigstore bundle v0.3")]
pub struct NotSigned;

/// Verifies one file: an envelope, or a bundle. An envelope alone does not show that it is in a
/// log, so it never proves a decision.
///
/// # Errors
/// If the file does not have the form of either.
pub fn file(bytes: &[u8], pinned: &Pinned, expected: &Expected) -> Result<Report, NotSigned> {
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| NotSigned)?;
    let mut steps = Steps::default();
    let verified = if value.get("mediaType").is_some() {
        match bundle::open(bytes) {
            Ok(opened) => opened_bundle(&mut steps, &opened, pinned),
            Err(error) => {
                steps.failed("decision-bundle", error.to_string());
                None
            }
        }
    } else if value.get("payloadType").is_some() {
        signed::envelope_only(&mut steps, bytes, pinned)
    } else {
        return Err(NotSigned);
    };
    let proved = verified.and_then(|verified| content(&mut steps, &verified));
    expect(&mut steps, proved.as_ref(), expected);
    Ok(steps.finish(proved))
}

fn opened_bundle(steps: &mut Steps, opened: &bundle::Opened, pinned: &Pinned) -> Option<Verified> {
    let (envelope, proof) = (opened.envelope.to_bytes(), opened.proof.to_string());
    let raw =
        Raw { envelope: Some(&envelope), leaf: Some(&opened.leaf), proof: Some(proof.as_bytes()) };
    let verified = signed::signed(steps, signed::word(&opened.envelope), &raw, pinned, None)?;
    if let Some(log) = &verified.log {
        let same = log.full_id().as_slice() == opened.log_id;
        steps.check("decision-bundle", same, "the bundle names the log that signed its checkpoint");
    }
    Some(verified)
}

/// The claim that one signed statement proves by itself.
fn content(steps: &mut Steps, verified: &Verified) -> Option<Proved> {
    if signed::is_summary(&verified.envelope.payload) {
        return summary::alone(steps, verified);
    }
    let stated = record::read(steps, verified)?;
    if let Stated::V1(record) = &stated {
        record::consistent(steps, record);
    }
    Some(Proved::of(&stated))
}

fn expect(steps: &mut Steps, proved: Option<&Proved>, expected: &Expected) {
    if let Some(wanted) = &expected.artifact {
        let found = proved.and_then(|p| p.artifact);
        let name = "artifact";
        match found {
            Some(found) if found == *wanted => {
                steps.ok(name, format!("the decision is about this artifact, {wanted}"));
            }
            Some(found) => {
                steps.failed(
                    name,
                    format!("the decision is about {found}, not about this artifact, {wanted}"),
                );
            }
            None => steps.failed(name, "no decision about any artifact could be read"),
        }
    }
    if let Some(wanted) = &expected.environment {
        let name = "environment";
        match proved.and_then(|p| p.environment.as_ref()) {
            Some(found) if found == wanted => {
                steps.ok(name, format!("the decision is for `{wanted}`"));
            }
            Some(found) => {
                steps.failed(name, format!("the decision is for `{found}`, not for `{wanted}`"));
            }
            None => steps.failed(name, "no decision for any environment could be read"),
        }
    }
}

/// An export, with a record of which files were accounted for.
struct Directory<'a> {
    files: &'a Files,
    pinned: &'a Pinned,
    steps: Steps,
    seen: BTreeSet<&'a str>,
}

impl<'a> Directory<'a> {
    fn new(files: &'a Files, pinned: &'a Pinned) -> Self {
        Self { files, pinned, steps: Steps::default(), seen: BTreeSet::new() }
    }

    fn take(&mut self, name: &str) -> Option<&'a [u8]> {
        let (name, bytes) = self.files.get_key_value(name)?;
        self.seen.insert(name);
        Some(bytes)
    }

    fn raw(&mut self, names: Names) -> Raw<'a> {
        Raw {
            envelope: self.take(names.envelope),
            leaf: self.take(names.leaf),
            proof: self.take(names.proof),
        }
    }

    fn verify(mut self, expected: &Expected) -> Report {
        // Only used to check whether the parts agree with each other; it makes no step `ok`.
        let enclosed = self.files.get("trust/log.vkey").and_then(|b| std::str::from_utf8(b).ok());
        let enclosed: Option<VerifierKey> = enclosed.and_then(|text| text.trim_end().parse().ok());
        let raw = self.raw(RECORD);
        let verified =
            signed::signed(&mut self.steps, RECORD.word, &raw, self.pinned, enclosed.as_ref());
        let Some(verified) = verified else { return self.steps.finish(None) };
        let Some(stated) = record::read(&mut self.steps, &verified) else {
            return self.steps.finish(None);
        };
        let proved = Proved::of(&stated);
        let checked = documents::check(&mut self, &stated, &verified);
        if let Checked::Whole(record) = &checked {
            self.summary((&stated, record), &verified, enclosed.as_ref());
        }
        self.trust(&verified);
        // Without its documents nothing tells which files belong to it, and a step says so.
        if checked != Checked::Unread {
            self.unlisted();
        }
        expect(&mut self.steps, Some(&proved), expected);
        self.steps.finish(Some(proved))
    }

    /// Checks the summary, if the decision has to have one.
    fn summary(
        &mut self,
        (stated, record): (&Stated, &Record),
        verified: &Verified,
        enclosed: Option<&VerifierKey>,
    ) {
        let verdict = record.verdict.verdict;
        if verdict == Outcome::Deny || (verdict == Outcome::Allow && record.verdict.is_enforced()) {
            let raw = self.raw(DECISION);
            let decided =
                signed::signed(&mut self.steps, DECISION.word, &raw, self.pinned, enclosed);
            let bundle = self.take(BUNDLE);
            let signed = (stated, record);
            summary::check(&mut self.steps, signed, verified, decided.as_ref(), bundle);
        }
    }

    /// The folder `trust` must contain the keys that signed, and nothing else: a user who copies
    /// the folder must not copy another party's key.
    fn trust(&mut self, verified: &Verified) {
        let keys = verified.key.zip(verified.log.as_ref());
        let wanted = keys.and_then(|(key, log)| export::trust(&key, log).ok());
        let found: Vec<_> = export::TRUST
            .iter()
            .filter_map(|p| Some(((*p).to_owned(), self.take(p)?.to_vec())))
            .collect();
        // Without the keys that signed there is nothing to compare with, and an earlier step
        // reports that.
        let Some(wanted) = wanted else { return };
        let said =
            "the folder trust/ contains the keys that signed (which does not make them trusted)";
        self.steps.check("trust-folder", found == wanted, said);
    }

    /// Checks that every file was accounted for.
    fn unlisted(&mut self) {
        let extra: Vec<&str> =
            self.files.keys().map(String::as_str).filter(|k| !self.seen.contains(k)).collect();
        match extra.first() {
            None => self
                .steps
                .ok("nothing-else", format!("all {} files are accounted for", self.files.len())),
            Some(first) => self.steps.failed(
                "nothing-else",
                match extra.len() {
                    1 => format!("`{first}` belongs to no signed statement"),
                    many => format!(
                        "{many} files belong to no signed statement; the first is `{first}`"
                    ),
                },
            ),
        }
    }
}
