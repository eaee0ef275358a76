//! The statement for the public: a SLSA verification summary (v1), which says only whether the
//! artifact passed.

use super::{DigestSet, Target};
use crate::ledger::{LedgerError, identity, statement};
use crate::model::{DecisionId, Digest, Inputs, Outcome, Record, jcs};
use serde::{Deserialize, Serialize};

/// The predicate type of a verification summary.
pub const VSA_TYPE: &str = "https://slsa.dev/verification_summary/v1";
const SLSA_VERSION: &str = "1.2";
const PASSED: (&str, &str) = ("PASSED", "GATE_RELEASE_ALLOWED");
const FAILED: (&str, &str) = ("FAILED", "FAILED");

/// The deciding service and its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verifier {
    /// `<public_url>/<namespace>`. Verifiers pin it together with the key.
    pub id: String,
    /// The program's version.
    pub version: Version,
}

/// The program's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The version of modelgate.
    pub modelgate: String,
}

/// The policy that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The address of the policy.
    pub uri: String,
    /// The digest; see [`policy_of`].
    pub digest: DigestSet,
}

/// A document that the decision was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The address of the document.
    pub uri: String,
    /// The digest of its bytes; for the record, of its envelope's bytes.
    pub digest: DigestSet,
}

/// The predicate of a verification summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Vsa {
    /// The deciding service.
    pub verifier: Verifier,
    /// The time of the decision, in RFC 3339.
    pub time_verified: String,
    /// The model and the environment, so that a pass for one environment is not valid for another.
    pub resource_uri: String,
    /// The applied policy.
    pub policy: Policy,
    /// The record first, then all evidence.
    pub input_attestations: Vec<Attestation>,
    /// `PASSED` or `FAILED`.
    pub verification_result: String,
    /// `GATE_RELEASE_ALLOWED` or `FAILED`.
    pub verified_levels: Vec<String>,
    /// The version of SLSA.
    pub slsa_version: String,
}

/// The facts in a summary that are not in its record.
#[derive(Debug, Clone, Copy)]
pub struct VsaContext<'a> {
    /// The address in the identity of the log that contains it, `https://gate.example.com`; never
    /// the service's current address.
    pub public_url: &'a str,
    /// The decision's id.
    pub decision: &'a DecisionId,
    /// The digest of the canonical JSON of the record's envelope: in an export, of
    /// `record.dsse.json`.
    pub record_envelope: Digest,
}

/// The address and the digest of the applied policy. For several policies, the digest is the
/// SHA-256 of the JCS form of the sorted list of their digests, each as the text `sha256:<hex>`.
///
/// # Errors
/// Never, because text has canonical JSON.
pub fn policy_of(verifier_id: &str, inputs: &Inputs) -> Result<Policy, LedgerError> {
    let mut digests: Vec<Digest> = inputs.policies.iter().map(|p| p.digest).collect();
    digests.sort_unstable();
    let (kind, digest) = match digests.as_slice() {
        [one] => ("policies", *one),
        several => ("policy-sets", jcs::digest(&several)?),
    };
    Ok(Policy { uri: format!("{verifier_id}/{kind}/{digest}"), digest: (&digest).into() })
}

/// All evidence in these inputs by digest, without duplicates: the candidate's, then the
/// baselines'.
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
    /// The summary of `record` by the service with this verifier id, version and decision address.
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
            Outcome::Pending | Outcome::Revoked => {
                return Err(LedgerError::NoSubject { what: "final verdict" });
            }
        };
        let first = Attestation { uri: decision_uri, digest: record_envelope.into() };
        let rest = evidence(&record.inputs);
        let rest = rest.iter().map(|d| Attestation {
            uri: format!("{}/evidence/{d}", verifier.id),
            digest: d.into(),
        });
        Ok(Self {
            time_verified: record.decided_at.to_string(),
            resource_uri: format!(
                "{}/models/{}/environments/{environment}",
                verifier.id,
                model.name()
            ),
            policy: policy_of(&verifier.id, &record.inputs)?,
            input_attestations: std::iter::once(first).chain(rest).collect(),
            verification_result: result.into(),
            verified_levels: vec![level.into()],
            slsa_version: SLSA_VERSION.into(),
            verifier,
        })
    }
}

/// The summary of `record` in canonical JSON: the payload to sign. Only an allow and a deny have
/// one. A pending decision has no summary, so a client that requires a pass finds nothing.
///
/// # Errors
/// If the record is neither an allow nor a deny, or names no model, artifact or environment.
pub fn vsa_statement(context: &VsaContext<'_>, record: &Record) -> Result<Vec<u8>, LedgerError> {
    let target = statement::target(record)?;
    let id = identity::verifier_id(context.public_url, target.model.namespace());
    let decision_uri = format!("{id}/decisions/{}", context.decision);
    let version = Version { modelgate: env!("CARGO_PKG_VERSION").into() };
    let vsa = Vsa::of(record, Verifier { id, version }, decision_uri, &context.record_envelope)?;
    statement::bytes(target.model, target.artifact, VSA_TYPE, vsa)
}
