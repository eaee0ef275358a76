//! The records of decisions, by version: what is signed, and kept for ever.
//!
//! Version 1 contains everything that a decision was made from and with. Version 2 contains what a
//! reader needs at once, and the digests of the documents with the rest.

pub mod documents;
mod v1;
mod v2;

pub use v1::RecordDocument;
pub use v2::{Contents, Context, ReleaseDecision};

use super::{LedgerError, statement::Statement};
use crate::model::{Record, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The predicate type of version 1. It is a name, not a web address.
pub const V1: &str = "https://modelgate.dev/release-decision/v1";
/// The predicate type of version 2, which every new record has.
pub const V2: &str = "https://modelgate.dev/release-decision/v2";

/// What a record says, in the version that it was written in.
#[derive(Debug, Clone, PartialEq)]
pub enum Stated {
    /// Everything.
    V1(Box<Record>),
    /// What a reader needs at once, and digests.
    V2(Box<ReleaseDecision>),
}

fn malformed(why: impl std::fmt::Display) -> LedgerError {
    LedgerError::malformed("a record", why)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed<'p> {
    predicate_type: String,
    #[serde(borrow)]
    predicate: &'p RawValue,
}

impl Stated {
    /// Reads the payload of a record. It may have another form than canonical JSON, so nothing follows
    /// from it until its signature or its entry was checked.
    ///
    /// # Errors
    /// If it is not a record.
    pub fn read(payload: &[u8]) -> Result<Self, LedgerError> {
        let Typed { predicate_type, predicate } =
            serde_json::from_slice(payload).map_err(malformed)?;
        let text = predicate.get();
        match predicate_type.as_str() {
            V1 => {
                let document: v1::RecordDocument = serde_json::from_str(text).map_err(malformed)?;
                Ok(Self::V1(Box::new(document.into())))
            }
            V2 => Ok(Self::V2(serde_json::from_str(text).map_err(malformed)?)),
            other => Err(malformed(format!("its type is `{other}`"))),
        }
    }

    /// Reads the payload of a record that anyone may have written: canonical JSON about exactly its
    /// own model and artifact, with no key that is not known.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn parse(payload: &[u8]) -> Result<Self, LedgerError> {
        match Self::read(payload)? {
            Self::V1(_) => v1::parse(payload).map(|record| Self::V1(Box::new(record))),
            Self::V2(_) => v2::parse(payload).map(|decision| Self::V2(Box::new(decision))),
        }
    }

    /// When it was decided.
    pub fn decided_at(&self) -> Timestamp {
        match self {
            Self::V1(record) => record.decided_at,
            Self::V2(decision) => decision.decided_at,
        }
    }

    /// Everything that the decision was made from and with. `documents` are not read for version 1.
    ///
    /// # Errors
    /// If a document is absent, does not have its digest, or cannot be read.
    pub fn record(self, documents: &Contents<'_>) -> Result<Record, LedgerError> {
        match self {
            Self::V1(record) => Ok(*record),
            Self::V2(decision) => decision.record(documents),
        }
    }
}

/// Refuses a statement that is not about this model and artifact.
fn about<P>(statement: &Statement<P>, model: &str, artifact: &str) -> Result<(), LedgerError> {
    let own = |s: &super::statement::Subject| s.name == model && s.digest.sha256 == artifact;
    if statement.subject.iter().all(own) {
        return Ok(());
    }
    Err(malformed("its statement is not about the model and the artifact of the record"))
}

#[cfg(test)]
mod tests;
