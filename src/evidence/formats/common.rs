//! What formats of several families have in common.

use crate::evidence::{Document, EvidenceError, adapter::Declined, json::Json};

/// Refuses a document that `detect` declines, with its reason.
pub(super) fn wanted(
    format: &'static str,
    document: &Document<'_>,
    detected: Result<(), Declined>,
) -> Result<(), EvidenceError> {
    detected.map_err(|Declined { why }| EvidenceError::invalid(format, document, 0, why))
}

/// The value as text, if it is present and is text.
pub(super) fn text<'j>(json: Option<&'j Json<'_>>) -> Option<&'j str> {
    json.and_then(Json::as_str)
}
