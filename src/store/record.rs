//! A record with the documents that it gives the digests of.

use super::StoreError;
use crate::{
    ledger::record::{Documents, Stated},
    model::{Decision, DecisionId, Digest, ReleaseId},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::{Row as _, any::AnyRow};
use std::io::Read as _;

/// What the documents of one decision have at most, decompressed: a row that was changed must not
/// fill the memory.
const MOST: u64 = 1 << 30;
/// The fastest of the levels that compress well: most of a verdict repeats its own words.
const LEVEL: i32 = 1;

/// The verdict and the approvals of a decision, compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details(Vec<u8>);

#[derive(Deserialize)]
struct Unpacked<'d> {
    #[serde(borrow)]
    approvals: Vec<&'d RawValue>,
    #[serde(borrow)]
    verdict: &'d RawValue,
}

impl Details {
    /// Compresses the canonical JSON of a verdict and of approvals.
    ///
    /// # Errors
    /// When the memory is exhausted.
    pub fn pack(verdict: &[u8], approvals: &[Vec<u8>]) -> std::io::Result<Self> {
        let approvals = approvals.join(b",".as_slice());
        let parts =
            [br#"{"approvals":["#.as_slice(), &approvals, br#"],"verdict":"#, verdict, b"}"];
        Ok(Self(zstd::bulk::compress(&parts.concat(), LEVEL)?))
    }

    /// The compressed bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn unpack(&self) -> Result<Vec<u8>, StoreError> {
        let mut text = Vec::new();
        let decoder = zstd::Decoder::new(self.0.as_slice()).map_err(StoreError::inconsistent)?;
        decoder.take(MOST).read_to_end(&mut text).map_err(StoreError::inconsistent)?;
        Ok(text)
    }
}

/// The columns of [`record_columns`], as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The signed statement.
    pub statement: Vec<u8>,
    /// The verdict and the approvals; `None` for a record of version 1.
    details: Option<Details>,
    /// The inputs, if they are there; unused for a record of version 1.
    inputs: Option<String>,
}

/// The columns that [`StoredRecord::from_row`] reads, of the table or alias `$of`.
macro_rules! record_columns {
    ($of:literal) => {
        concat!(
            $of,
            ".record, ",
            $of,
            ".details, (SELECT i.document FROM inputs i WHERE i.namespace = ",
            $of,
            ".namespace AND i.digest = ",
            $of,
            ".inputs_digest) AS record_inputs"
        )
    };
}
pub(super) use record_columns;

impl StoredRecord {
    pub(super) fn from_row(row: &AnyRow) -> Result<Self, StoreError> {
        let details: Option<Vec<u8>> = row.try_get("details")?;
        Ok(Self {
            statement: row.try_get("record")?,
            details: details.map(Details),
            inputs: row.try_get("record_inputs")?,
        })
    }

    /// The digest of the signed statement.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.statement)
    }

    /// The number of bytes.
    pub fn size(&self) -> usize {
        let details = self.details.as_ref().map_or(0, |details| details.0.len());
        self.statement.len() + details + self.inputs.as_ref().map_or(0, String::len)
    }

    /// What the statement says, without the documents that it gives the digests of.
    ///
    /// # Errors
    /// When it is not a record.
    pub fn stated(&self) -> Result<Stated, StoreError> {
        Stated::read(&self.statement).map_err(StoreError::inconsistent)
    }

    /// The decision that the statement is the record of. The caller proves the statement; everything
    /// else is compared with the digests in it.
    ///
    /// # Errors
    /// When it is not the record of this decision on this release, or a document does not have its
    /// digest.
    pub fn decision(&self, row: &Row) -> Result<Decision, StoreError> {
        let wrong = |what: String| StoreError::inconsistent(format!("decision {}: {what}", row.id));
        let (trigger, record) = match self.stated()? {
            Stated::V1(record) => (None, *record),
            Stated::V2(said) => {
                if (&said.decision, &said.release) != (&row.id, &row.release) {
                    return Err(wrong("its record is of another decision".to_owned()));
                }
                let record = self.with_documents(|documents| said.record(documents));
                (Some(said.trigger), record.map_err(|error| wrong(error.to_string()))?)
            }
        };
        let Row { id, release, record_index, vsa_index } = row.clone();
        Ok(Decision { id, release, trigger, record, record_index, vsa_index })
    }

    /// Calls `then` with the documents of a record of version 2. The caller compares them with the
    /// digests in the record.
    ///
    /// # Errors
    /// When they are absent or cannot be read, or `then` fails.
    pub fn with_documents<T, E>(
        &self,
        then: impl FnOnce(&Documents<'_>) -> Result<T, E>,
    ) -> Result<T, StoreError>
    where
        E: std::fmt::Display,
    {
        let absent = || StoreError::inconsistent("its verdict is absent");
        let text = self.details.as_ref().ok_or_else(absent)?.unpack()?;
        let Unpacked { approvals, verdict } =
            serde_json::from_slice(&text).map_err(StoreError::inconsistent)?;
        then(&Documents {
            inputs: self.inputs.as_deref().unwrap_or_default().as_bytes(),
            verdict: verdict.get().as_bytes(),
            approvals: approvals.into_iter().map(|raw| raw.get().as_bytes()).collect(),
        })
        .map_err(StoreError::inconsistent)
    }
}

/// What the row of a decision says about it besides its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: DecisionId,
    /// The release that it decides.
    pub release: ReleaseId,
    /// The log index of the record.
    pub record_index: u64,
    /// The log index of the verification summary, if one was issued.
    pub vsa_index: Option<u64>,
}
