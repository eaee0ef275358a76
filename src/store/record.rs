//! A record with the documents that it gives the digests of.

use super::{StoreError, packed};
use crate::{
    ledger::record::{Contents, ReleaseDecision, Stated},
    model::{Decision, DecisionId, Digest, ReleaseId},
};
use sqlx::{Row as _, any::AnyRow};

/// The most bytes of a verdict and its approvals: a row that was changed must not fill the memory.
/// A verdict has at most 100,000 findings of some 700 bytes.
const MOST: usize = 128 << 20;

/// The verdict and the approvals of a decision, compressed: the verdict, and then each approval in
/// the order in which they were given, each behind its number of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedDetails(Vec<u8>);

impl PackedDetails {
    /// Compresses the canonical JSON of a verdict and of approvals.
    ///
    /// # Errors
    /// When they are larger than any that can be read again.
    pub fn pack(verdict: &[u8], approvals: &[Vec<u8>]) -> std::io::Result<Self> {
        let mut text = Vec::with_capacity(verdict.len() + 8);
        for part in std::iter::once(verdict).chain(approvals.iter().map(Vec::as_slice)) {
            text.extend((part.len() as u64).to_le_bytes());
            text.extend(part);
        }
        if text.len() > MOST {
            return Err(std::io::Error::other("the verdict is too large to be stored"));
        }
        Ok(Self(packed::pack(&text)?))
    }

    /// The compressed bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn unpack(&self) -> Result<Vec<u8>, StoreError> {
        packed::unpack(&self.0, MOST)
    }
}

/// The verdict and exactly this many approvals in unpacked bytes; `None` if they have others.
fn parts(mut text: &[u8], approvals: usize) -> Option<(&[u8], Vec<&[u8]>)> {
    let mut next = || {
        let (size, rest) = text.split_first_chunk()?;
        let size = usize::try_from(u64::from_le_bytes(*size)).ok()?;
        let (part, rest) = rest.split_at_checked(size)?;
        text = rest;
        Some(part)
    };
    let verdict = next()?;
    let list = (0..approvals).map(|_| next()).collect::<Option<_>>()?;
    text.is_empty().then_some((verdict, list))
}

/// The record of a decision, with its documents, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The signed statement.
    pub statement: Vec<u8>,
    /// The verdict and the approvals; `None` for a record of version 1.
    details: Option<PackedDetails>,
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
            details: details.map(PackedDetails),
            inputs: row.try_get("record_inputs")?,
        })
    }

    /// The digest of the signed statement.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.statement)
    }

    /// The number of bytes, decompressed.
    pub fn size(&self) -> usize {
        let details = self.details.as_ref().map_or(0, |d| packed::size(&d.0, MOST).unwrap_or(MOST));
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
    pub fn decision(&self, row: &DecisionRow) -> Result<Decision, StoreError> {
        let wrong = |what: &str| StoreError::inconsistent(format!("decision {}: {what}", row.id));
        let (trigger, record) = match self.stated()? {
            Stated::V1(record) => (None, *record),
            Stated::V2(said) => {
                if !row.is_of(&said) {
                    return Err(wrong("its record is of another decision"));
                }
                let record = self.with_documents(&said, |documents| said.record(documents));
                let record = record.map_err(|error| match error {
                    StoreError::Inconsistent(what) => wrong(&what),
                    other => other,
                })?;
                (Some(said.trigger), record)
            }
        };
        let DecisionRow { id, release, record_index, vsa_index, .. } = row.clone();
        Ok(Decision { id, release, trigger, record, record_index, vsa_index })
    }

    /// Calls `then` with the documents of `said`, which this record is. It compares them with the
    /// digests in the record.
    ///
    /// # Errors
    /// When they are absent or cannot be read, or `then` fails.
    pub fn with_documents<T, E>(
        &self,
        said: &ReleaseDecision,
        then: impl FnOnce(&Contents<'_>) -> Result<T, E>,
    ) -> Result<T, StoreError>
    where
        E: std::fmt::Display,
    {
        let absent = || StoreError::inconsistent("its verdict is absent");
        let text = self.details.as_ref().ok_or_else(absent)?.unpack()?;
        let other = || StoreError::inconsistent("its verdict and approvals are others");
        let (verdict, approvals) = parts(&text, said.approvals.len()).ok_or_else(other)?;
        let inputs = self.inputs.as_deref().unwrap_or_default().as_bytes();
        then(&Contents { inputs, verdict, approvals }).map_err(StoreError::inconsistent)
    }
}

/// What the row of a decision says about it besides its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Its id.
    pub id: DecisionId,
    /// The release that it decides.
    pub release: ReleaseId,
    /// The number of earlier decisions on the release.
    pub seq: u64,
    /// The log index of the record.
    pub record_index: u64,
    /// The log index of the verification summary, if one was issued.
    pub vsa_index: Option<u64>,
}

impl DecisionRow {
    /// Whether this is the record of the row.
    pub fn is_of(&self, said: &ReleaseDecision) -> bool {
        (&said.decision, &said.release, said.seq) == (&self.id, &self.release, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_come_back_and_nothing_else_does() {
        let approvals = [b"{}".to_vec(), b"[1]".to_vec()];
        let packed = PackedDetails::pack(b"verdict", &approvals).unwrap();
        let text = packed.unpack().unwrap();
        let (verdict, list) = parts(&text, 2).unwrap();
        assert_eq!((verdict, list), (&b"verdict"[..], vec![&b"{}"[..], b"[1]"]));
        assert_eq!((parts(&text, 1), parts(&text, 3), parts(&text[1..], 2)), (None, None, None));
        assert_eq!(parts(&[0xff; 8], 0), None);
        let bomb = PackedDetails(packed::pack(&vec![0; MOST + 1]).unwrap());
        assert!(bomb.unpack().is_err());
        assert!(PackedDetails::pack(&vec![0; MOST], &[]).is_err());
    }
}
