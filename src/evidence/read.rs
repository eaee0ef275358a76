//! From a document to its evidence: recognised, read by its format, and settled.

use super::{
    adapter::Adapter,
    computed,
    document::Document,
    error::EvidenceError,
    formats::native,
    mapping::{MAPPED, Mapping},
    recognise::{detect, find},
    settle,
    unpack::Unpacked,
};
use crate::model::{COMPUTED, Evidence};

/// Reads `bytes` as `format`, or as the first format that recognises them.
///
/// # Errors
/// When the document is too large or broken, when no format recognises it (the error says why each declined), or when
/// its format finds mistakes in it.
///
/// ```
/// let report = br#"{"0": {"precision": 0.5, "recall": 1.0, "f1-score": 0.6666666666666666, "support": 2.0},
///                   "macro avg": {"precision": 0.5, "recall": 1.0, "f1-score": 0.6666666666666666, "support": 2.0}}"#;
/// let evidence = modelgate::evidence::read(report, None)?;
/// assert_eq!(evidence.format, "sklearn-classification-report");
/// assert_eq!(evidence.measurements[1].trials, Some(2));
///
/// let error = modelgate::evidence::read(b"{\"a\": 1, \"a\": 2}", None).unwrap_err();
/// assert_eq!(error.code(), "evidence-duplicate-key");
/// # Ok::<(), modelgate::evidence::EvidenceError>(())
/// ```
pub fn read(bytes: &[u8], format: Option<&str>) -> Result<Evidence, EvidenceError> {
    let unpacked = Unpacked::of(bytes)?;
    let document = Document::of(&unpacked);
    let adapter = match format {
        Some(id) => find(id)?,
        None => detect(&document)?,
    };
    document_as(adapter, &document)
}

/// Reads a document as a format, with the steps that follow every reader.
///
/// # Errors
/// When the format finds mistakes in it.
pub(super) fn document_as(
    adapter: &Adapter,
    document: &Document<'_>,
) -> Result<Evidence, EvidenceError> {
    let mut evidence = (adapter.read)(document)?;
    if adapter.id == native::ADAPTER.id {
        settle::impossible(&mut evidence.measurements, &mut evidence.warnings);
    } else {
        settle::settle(&mut evidence);
    }
    Ok(evidence)
}

/// Reads a document that was accepted before, as the format it was accepted as: one of
/// [`ADAPTERS`](super::ADAPTERS), a mapping, or evidence that modelgate computed.
///
/// # Errors
/// As for [`read`].
pub fn reread(
    bytes: &[u8],
    format: &str,
    mapping: Option<&Mapping>,
) -> Result<Evidence, EvidenceError> {
    match (format, mapping) {
        (COMPUTED, _) => computed::read(bytes),
        (MAPPED, Some(mapping)) => mapping.read(bytes),
        (MAPPED, None) => Err(EvidenceError::NoMapping),
        (format, _) => read(bytes, Some(format)),
    }
}
