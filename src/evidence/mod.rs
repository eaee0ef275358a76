//! Bytes to evidence: one file a format, one table that lists them.
//!
//! A format is recognised from its content alone, never from a file's name, and [`ADAPTERS`] is asked in order of
//! specificity. What a format does not say stays unknown: nothing here guesses a sample size, a unit or a scale.

pub mod adapter;
pub mod computed;
pub mod confusion;
pub mod counts;
pub mod document;
mod error;
pub mod json;
pub mod mlflow_metrics;
pub mod names;
pub mod native;
pub mod precision;
pub mod sklearn_classification_report;
#[cfg(test)]
mod tests;
pub mod undefined;

pub use adapter::{Adapter, Declined};
pub use document::{Document, MAX_DOCUMENT_BYTES};
pub use error::{EvidenceError, Mistake, Tried, quoted};

use crate::model::{COMPUTED, Evidence, Metric, Unit};

/// Every format we read, the most specific first.
pub const ADAPTERS: &[Adapter] =
    &[native::ADAPTER, sklearn_classification_report::ADAPTER, mlflow_metrics::ADAPTER];

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
    let document = Document::new(bytes)?;
    let adapter = match format {
        Some(id) => find(id)?,
        None => detect(&document)?,
    };
    let mut evidence = (adapter.read)(&document)?;
    if adapter.id != native::ADAPTER.id {
        settle(&mut evidence);
    }
    Ok(evidence)
}

/// Reads a document that was accepted before, by the format that it was accepted as: one of [`ADAPTERS`], or ours.
///
/// # Errors
/// As for [`read`].
pub fn reread(bytes: &[u8], format: &str) -> Result<Evidence, EvidenceError> {
    if format == COMPUTED { computed::read(bytes) } else { read(bytes, Some(format)) }
}

/// The format of that id.
///
/// # Errors
/// When there is none; the error names the nearest.
pub fn find(id: &str) -> Result<&'static Adapter, EvidenceError> {
    ADAPTERS.iter().find(|adapter| adapter.id == id).ok_or_else(|| EvidenceError::UnknownFormat {
        id: id.to_owned(),
        nearest: names::nearest(id, ADAPTERS.iter().map(|adapter| adapter.id)),
    })
}

/// The first format that recognises the document.
///
/// # Errors
/// When none does: the place of the mistake where the document is broken JSON, else why each format declined.
pub fn detect(document: &Document<'_>) -> Result<&'static Adapter, EvidenceError> {
    let mut tried = Vec::new();
    for adapter in ADAPTERS {
        match (adapter.detect)(document) {
            Ok(()) => return Ok(adapter),
            Err(Declined { why }) => tried.push(Tried { format: adapter.id, why }),
        }
    }
    match document.json() {
        Err(error) if document.looks_like_json() => Err(EvidenceError::Json(error.clone())),
        _ => Err(EvidenceError::NotUnderstood { tried }),
    }
}

/// A value that its metric cannot have, such as an accuracy of 95.9, has another scale than we know: undefined, so
/// that no rule passes on it. Our own format refuses such a value instead.
fn settle(evidence: &mut Evidence) {
    let Evidence { measurements, warnings, .. } = evidence;
    for measurement in measurements {
        let (Some(value), Some(metric)) = (measurement.value, Metric::find(&measurement.metric)) else { continue };
        let scale = if measurement.unit == Some(Unit::Percent) { 0.01 } else { 1.0 };
        if !metric.allows(value * scale) {
            let name = quoted(&measurement.source_name);
            warnings.push(format!("{name} is {value}, which {} cannot be; it is taken as undefined", metric.name));
            measurement.value = None;
            measurement.successes = None;
        }
    }
}
