//! The signed content: in-toto statements (v1) about one artifact.

mod vsa;

pub use vsa::{Attestation, Policy, VSA_TYPE, Vsa, VsaContext, policy_of, vsa_statement};

use super::LedgerError;
use crate::model::{Digest, Environment, ModelId, Record, jcs};
use serde::{Deserialize, Serialize};

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// A digest set with SHA-256 alone, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestSet {
    /// 64 hex digits.
    pub sha256: String,
}

impl From<&Digest> for DigestSet {
    fn from(digest: &Digest) -> Self {
        Self { sha256: digest.hex() }
    }
}

/// The subject of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The model, `namespace/name`.
    pub name: String,
    /// The artifact's digest.
    pub digest: DigestSet,
}

/// A statement with its predicate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Statement<P> {
    /// Always the type of in-toto v1.
    #[serde(rename = "_type")]
    pub kind: String,
    /// The artifact; always exactly one.
    pub subject: Vec<Subject>,
    /// The type of the predicate.
    pub predicate_type: String,
    /// The statement about the subject.
    pub predicate: P,
}

/// The release that a record is about.
pub(super) struct Target<'r> {
    pub(super) model: &'r ModelId,
    pub(super) artifact: &'r Digest,
    pub(super) environment: &'r Environment,
}

/// The release that a record is about, if the record names all of it.
pub(super) fn target(record: &Record) -> Result<Target<'_>, LedgerError> {
    let inputs = &record.inputs;
    let no = |what| move || LedgerError::NoSubject { what };
    Ok(Target {
        model: inputs.model.as_ref().ok_or_else(no("model"))?,
        artifact: inputs.artifact.as_ref().ok_or_else(no("artifact"))?,
        environment: inputs.environment.as_ref().ok_or_else(no("environment"))?,
    })
}

/// The canonical JSON of a statement about one artifact of a model.
pub(super) fn bytes<P: Serialize>(
    model: &ModelId,
    artifact: &Digest,
    predicate_type: &str,
    predicate: P,
) -> Result<Vec<u8>, LedgerError> {
    let subject = Subject { name: model.to_string(), digest: artifact.into() };
    Ok(jcs::to_vec(&Statement {
        kind: STATEMENT_TYPE.into(),
        subject: vec![subject],
        predicate_type: predicate_type.into(),
        predicate,
    })?)
}

impl<P: Serialize + for<'de> Deserialize<'de>> Statement<P> {
    /// Reads the payload of an envelope. Accepts only canonical JSON and only known fields: a
    /// signature must not cover content that the reader does not understand.
    ///
    /// # Errors
    /// If it is anything else, has another predicate type, or does not have exactly one subject.
    pub fn parse(payload: &[u8], predicate_type: &'static str) -> Result<Self, LedgerError> {
        let error = |why: String| LedgerError::Malformed { what: "a statement", why };
        let statement: Self = serde_json::from_slice(payload).map_err(|e| error(e.to_string()))?;
        if statement.kind != STATEMENT_TYPE || statement.predicate_type != predicate_type {
            return Err(error(format!(
                "it is not an in-toto statement of type `{predicate_type}`"
            )));
        }
        if statement.subject.len() != 1 {
            return Err(error("it is not about exactly one artifact".into()));
        }
        if jcs::to_vec(&statement)? != payload {
            return Err(error(
                "it is not canonical JSON, or has keys that this version does not know".into(),
            ));
        }
        Ok(statement)
    }
}

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;
