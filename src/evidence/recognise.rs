//! Which format a document is of: the first of [`ADAPTERS`] that its content matches.

use super::{
    adapter::Adapter,
    archive,
    document::{Declined, Document},
    error::{EvidenceError, Tried},
    formats::ADAPTERS,
    names,
    unpack::Unpacked,
};

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
    let unpacked = Unpacked::of(bytes)?;
    let document = Document::of(&unpacked);
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
