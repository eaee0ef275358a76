//! A submitted file: one document, or an archive of several.
//!
//! An archive only transports documents. Each of its files that a format recognises is a separate
//! document, identified by the digest of its own bytes. Files that no format recognises are named
//! and left out. One broken file refuses the whole archive.

use super::{Document, EvidenceError, Mapping, archive, detect, read, settle, unpack};
use crate::model::{Digest, Evidence};

/// How to read a submitted file.
#[derive(Debug, Clone, Copy, Default)]
pub struct How<'h> {
    /// The format to read it as; if `None`, the content decides.
    pub format: Option<&'h str>,
    /// The mapping to read it with.
    pub mapping: Option<&'h Mapping>,
}

/// A submitted file, opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The documents: one, unless it was an archive.
    pub parts: Vec<Part>,
    /// `zip` or `tar`, if it was an archive.
    pub archive: Option<&'static str>,
    /// The files of the archive that no format recognises.
    pub left_out: Vec<String>,
}

/// One document.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name in the archive.
    pub name: Option<String>,
    /// Its bytes, if it is one file of an archive.
    pub bytes: Option<Vec<u8>>,
    /// What it says.
    pub evidence: Evidence,
}

impl Part {
    /// The warnings of its reader, each after the name of its document within the file `sent`.
    pub fn warnings(&self, sent: &str) -> Vec<String> {
        let name =
            self.name.as_ref().map_or_else(|| sent.to_owned(), |name| format!("{sent}: {name}"));
        self.evidence.warnings.iter().map(|warning| format!("{name}: {warning}")).collect()
    }
}

/// Reads a submitted file.
///
/// # Errors
/// As [`read`]; and for an archive: when one of its files is broken, or no format recognises any of them.
pub fn open(bytes: &[u8], how: How<'_>) -> Result<Opened, EvidenceError> {
    let one = |evidence| Opened {
        parts: vec![Part { name: None, bytes: None, evidence }],
        archive: None,
        left_out: Vec::new(),
    };
    if let Some(mapping) = how.mapping {
        return mapping.read(bytes).map(one);
    }
    if how.format.is_some() {
        return read(bytes, how.format).map(one);
    }
    let content = unpack::unpack(bytes)?;
    let Some(kind) = archive::kind(&content) else { return read(bytes, None).map(one) };
    // Some tools write one document as an archive.
    let document = Document::new(Digest::of(bytes), &content);
    match detect(&document) {
        Ok(adapter) => {
            let mut evidence = (adapter.read)(&document)?;
            settle::settle(&mut evidence);
            Ok(one(evidence))
        }
        Err(_) => files(&document, kind),
    }
}

fn files(document: &Document<'_>, kind: &'static str) -> Result<Opened, EvidenceError> {
    let mut opened = Opened { parts: Vec::new(), archive: Some(kind), left_out: Vec::new() };
    for member in document.members().map_err(Clone::clone)? {
        match read(&member.bytes, None) {
            Ok(evidence) => {
                opened.parts.push(Part {
                    name: Some(member.name.clone()),
                    bytes: Some(member.bytes.clone()),
                    evidence,
                });
            }
            Err(EvidenceError::NotUnderstood { .. }) => opened.left_out.push(member.name.clone()),
            Err(error) => {
                return Err(EvidenceError::Member {
                    name: member.name.clone(),
                    error: Box::new(error),
                });
            }
        }
    }
    if opened.parts.is_empty() {
        let inner = document
            .members()
            .into_iter()
            .flatten()
            .any(|member| archive::kind(&member.bytes).is_some());
        let hint =
            if inner { "; an archive within it is not opened: send its files in one" } else { "" };
        let why = format!("no format recognises any of its {} files{hint}", opened.left_out.len());
        return Err(EvidenceError::Archive { why });
    }
    Ok(opened)
}
