//! A submitted file: one document, or an archive of several.
//!
//! An archive only transports documents. Each of its files that a format recognises is a separate
//! document, identified by the digest of its own bytes. Files that no format recognises are named
//! and left out. One broken file refuses the whole archive.

use super::{
    archive,
    document::Document,
    error::EvidenceError,
    mapping::Mapping,
    read::{document_as, read},
    recognise::{detect, find},
    unpack::Unpacked,
};
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
    /// The digest of its bytes.
    pub digest: Digest,
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
    let unpacked = Unpacked::of(bytes)?;
    let document = Document::of(&unpacked);
    let evidence = match (how.mapping, how.format) {
        (Some(mapping), _) => mapping.document(&document)?,
        (None, Some(id)) => document_as(find(id)?, &document)?,
        (None, None) => match (detect(&document), archive::kind(document.bytes())) {
            // Some tools write one document as an archive.
            (Ok(adapter), _) => document_as(adapter, &document)?,
            (Err(_), Some(kind)) => return files(document, kind),
            (Err(error), None) => return Err(error),
        },
    };
    Ok(Opened {
        digest: unpacked.digest,
        parts: vec![Part { name: None, bytes: None, evidence }],
        archive: None,
        left_out: Vec::new(),
    })
}

fn files(document: Document<'_>, kind: &'static str) -> Result<Opened, EvidenceError> {
    let (mut parts, mut left_out, mut nested) = (Vec::new(), Vec::new(), false);
    let digest = document.digest();
    for member in document.into_members()? {
        match read(&member.bytes, None) {
            Ok(evidence) => {
                parts.push(Part { name: Some(member.name), bytes: Some(member.bytes), evidence });
            }
            Err(EvidenceError::NotUnderstood { .. }) => {
                nested |= archive::kind(&member.bytes).is_some();
                left_out.push(member.name);
            }
            Err(error) => {
                return Err(EvidenceError::Member { name: member.name, error: Box::new(error) });
            }
        }
    }
    if parts.is_empty() {
        let hint =
            if nested { "; an archive within it is not opened: send its files in one" } else { "" };
        let why = format!("no format recognises any of its {} files{hint}", left_out.len());
        return Err(EvidenceError::Archive { why });
    }
    Ok(Opened { digest, parts, archive: Some(kind), left_out })
}
