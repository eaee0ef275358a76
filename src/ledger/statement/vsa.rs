//! The statement for everybody else: a SLSA verification summary (v1), which passes or fails and says no more.

use super::{DigestSet, Target};
use crate::ledger::{LedgerError, identity, statement};
use crate::model::{DecisionId, Digest, Inputs, Outcome, Record, jcs};
use serde::{Deserialize, Serialize};

/// The predicate type of a verification summary.
pub const VSA_TYPE: &str = "https://slsa.dev/verification_summary/v1";
const SLSA_VERSION: &str = "1.2";
const PASSED: (&str, &str) = ("PASSED", "GATE_RELEASE_ALLOWED");
const FAILED: (&str, &str) = ("FAILED", "FAILED");

/// Who decided, and by what program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verifier {
    /// `<public_url>/<namespace>`. Who verifies pins it together with the key.
    pub id: String,
    /// The program's version.
    pub version: Version,
}

/// The program's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// This program's.
    pub modelgate: String,
}

/// The policy that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Where it is.
    pub uri: String,
    /// See [`policy_of`].
    pub digest: DigestSet,
}

/// A document that went into the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// Where it is.
    pub uri: String,
    /// The digest of its bytes; for the record, of its envelope's.
    pub digest: DigestSet,
}

/// The predicate of a verification summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Vsa {
    /// Who decided.
    pub verifier: Verifier,
    /// When, in RFC 3339.
    pub time_verified: String,
    /// Model and environment, so that a pass for one environment is none for another.
    pub resource_uri: String,
    /// What was applied.
    pub policy: Policy,
    /// The record first, then all evidence.
    pub input_attestations: Vec<Attestation>,
    /// `PASSED` or `FAILED`.
    pub verification_result: String,
    /// `GATE_RELEASE_ALLOWED` or `FAILED`.
    pub verified_levels: Vec<String>,
    /// SLSA's version.
    pub slsa_version: String,
}

/// What a summary says beyond its record.
#[derive(Debug, Clone, Copy)]
pub struct VsaContext<'a> {
    /// The address in the identity of the log that it goes into, `https://gate.example.com`; never the one of the day.
    pub public_url: &'a str,
    /// The decision's id.
    pub decision: &'a DecisionId,
    /// The digest of the canonical JSON of the record's envelope: of `record.dsse.json` in an export.
    pub record_envelope: Digest,
}

/// The address and the digest of what was applied: of one policy, its own; of several, the SHA-256 of the JCS form of
/// the sorted list of their digests, each as the text `sha256:<hex>`.
///
/// # Errors
/// Never, as text has canonical JSON.
pub fn policy_of(verifier_id: &str, inputs: &Inputs) -> Result<Policy, LedgerError> {
    let mut digests: Vec<Digest> = inputs.policies.iter().map(|p| p.digest).collect();
    digests.sort_unstable();
    let (kind, digest) = match digests.as_slice() {
        [one] => ("policies", *one),
        several => ("policy-sets", jcs::digest(&several)?),
    };
    Ok(Policy { uri: format!("{verifier_id}/{kind}/{digest}"), digest: (&digest).into() })
}

/// All evidence of these inputs by digest, each once: the candidate's, then what it is compared with.
fn evidence(inputs: &Inputs) -> Vec<Digest> {
    let baselines = [&inputs.champion, &inputs.reference].into_iter().flatten();
    let lists = std::iter::once(&inputs.evidence).chain(baselines.map(|b| &b.evidence));
    let mut out = Vec::new();
    for reference in lists.flatten() {
        if !out.contains(&reference.digest) {
            out.push(reference.digest);
        }
    }
    out
}

impl Vsa {
    /// The summary of `record` by the service whose verifier id, version and decision address are given.
    pub(in crate::ledger) fn of(
        record: &Record,
        verifier: Verifier,
        decision_uri: String,
        record_envelope: &Digest,
    ) -> Result<Self, LedgerError> {
        let Target { model, environment, .. } = statement::target(record)?;
        let (result, level) = match record.verdict.verdict {
            Outcome::Allow => PASSED,
            Outcome::Deny => FAILED,
            Outcome::Pending | Outcome::Revoked => return Err(LedgerError::NoSubject { what: "final verdict" }),
        };
        let first = Attestation { uri: decision_uri, digest: record_envelope.into() };
        let rest = evidence(&record.inputs);
        let rest = rest.iter().map(|d| Attestation { uri: format!("{}/evidence/{d}", verifier.id), digest: d.into() });
        Ok(Self {
            time_verified: record.decided_at.to_string(),
            resource_uri: format!("{}/models/{}/environments/{environment}", verifier.id, model.name()),
            policy: policy_of(&verifier.id, &record.inputs)?,
            input_attestations: std::iter::once(first).chain(rest).collect(),
            verification_result: result.into(),
            verified_levels: vec![level.into()],
            slsa_version: SLSA_VERSION.into(),
            verifier,
        })
    }
}

/// The summary of `record` in canonical JSON: the payload to sign. Only an allow and a deny have one; a pending
/// decision has none, so that who wants a pass finds nothing.
///
/// # Errors
/// When the record is neither, or names no model, artifact or environment.
pub fn vsa_statement(context: &VsaContext<'_>, record: &Record) -> Result<Vec<u8>, LedgerError> {
    let target = statement::target(record)?;
    let id = identity::verifier_id(context.public_url, target.model.namespace());
    let decision_uri = format!("{id}/decisions/{}", context.decision);
    let version = Version { modelgate: env!("CARGO_PKG_VERSION").into() };
    let vsa = Vsa::of(record, Verifier { id, version }, decision_uri, &context.record_envelope)?;
    statement::bytes(&target, VSA_TYPE, vsa)
}
