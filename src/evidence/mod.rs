//! From bytes to evidence: one file per format, and one table that lists them.
//!
//! A format is recognised from its content alone, never from a file's name. The formats in
//! [`ADAPTERS`] are tried in order, the most specific first. What a format does not say stays
//! unknown: nothing here guesses a sample size, a unit or a scale.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::as_conversions
    )
)]

pub mod adapter;
pub mod archive;
pub mod collector;
pub mod computed;
pub mod confusion;
pub mod counts;
pub mod document;
mod error;
pub mod formats;
#[cfg(test)]
mod hostile_tests;
pub mod json;
pub mod mapping;
pub mod names;
pub mod open;
pub mod precision;
mod settle;
pub mod table;
#[cfg(test)]
mod tests;
pub mod undefined;
mod unpack;
mod xml;
mod yaml;

pub use adapter::{Adapter, Carries, Declined, Family};
pub use collector::Collector;
pub use document::{Document, MAX_DOCUMENT_BYTES};
pub use error::{EvidenceError, Mistake, Tried, quoted};
pub use formats::{ADAPTERS, native};
pub use mapping::{MAPPED, Mapping, MappingError};
pub use open::{How, Opened, Part, open};

use crate::model::{COMPUTED, Digest, Evidence};

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
    let content = unpack::unpack(bytes)?;
    let document = Document::new(Digest::of(bytes), &content);
    let adapter = match format {
        Some(id) => find(id)?,
        None => detect(&document)?,
    };
    let mut evidence = (adapter.read)(&document)?;
    if adapter.id == native::ADAPTER.id {
        settle::impossible(&mut evidence.measurements, &mut evidence.warnings);
    } else {
        settle::settle(&mut evidence);
    }
    Ok(evidence)
}

/// Reads a document that was accepted before, as the format it was accepted as: one of
/// [`ADAPTERS`], a mapping, or evidence that modelgate computed.
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

/// The format with this id.
///
/// # Errors
/// When no format has this id; the error names the most similar one.
pub fn find(id: &str) -> Result<&'static Adapter, EvidenceError> {
    ADAPTERS.iter().find(|adapter| adapter.id == id).ok_or_else(|| EvidenceError::UnknownFormat {
        id: id.to_owned(),
        nearest: names::nearest(id, ADAPTERS.iter().map(|adapter| adapter.id)),
    })
}

/// The first format that recognises the document.
///
/// # Errors
/// When no format does. The error gives the place of the mistake if the document is broken JSON or
/// XML, else why each format declined.
pub fn detect(document: &Document<'_>) -> Result<&'static Adapter, EvidenceError> {
    let mut tried = Vec::new();
    for adapter in ADAPTERS {
        match (adapter.detect)(document) {
            Ok(()) => return Ok(adapter),
            Err(Declined { why }) => tried.push(Tried { format: adapter.id, why }),
        }
    }
    Err(broken(document).unwrap_or_else(|| EvidenceError::NotUnderstood {
        tried: hopeless(document).unwrap_or(tried),
    }))
}

/// The one reason that applies to all formats, if no format could read the document at all.
fn hopeless(document: &Document<'_>) -> Option<Vec<Tried>> {
    let why = match document.text() {
        Ok(text) if text.trim_start().is_empty() => {
            "the document is empty; did the tool write it before it was sent?".to_owned()
        }
        Ok(_) => return None,
        Err(_) if archive::kind(document.bytes()).is_some() => return None,
        Err(error) => format!("binary data and no archive (a pickle, a picture?): {error}"),
    };
    Some(vec![Tried { format: "every format", why }])
}

/// The ids of all formats that recognise the document: one or none.
///
/// # Errors
/// When it cannot be unpacked.
pub fn recognised(bytes: &[u8]) -> Result<Vec<&'static str>, EvidenceError> {
    let content = unpack::unpack(bytes)?;
    let document = Document::new(Digest::of(bytes), &content);
    Ok(ADAPTERS
        .iter()
        .filter(|adapter| (adapter.detect)(&document).is_ok())
        .map(|adapter| adapter.id)
        .collect())
}

/// What is wrong with a document that looks like JSON or XML but is not valid.
fn broken(document: &Document<'_>) -> Option<EvidenceError> {
    if document.looks_like_json() && document.json_lines().is_err() {
        return document.json().err().map(|error| EvidenceError::Json(error.clone()));
    }
    if document.looks_like_xml() { document.xml().err().cloned() } else { None }
}
