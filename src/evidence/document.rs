//! The bytes of one document, parsed at most once however many formats look at it.

use super::{
    EvidenceError,
    adapter::Declined,
    json::{self, Json, JsonError, Object, Place},
};
use crate::model::{Digest, Evidence};
use std::cell::OnceCell;

/// The largest document that is read: 64 MiB. Raw predictions have a reader of their own.
pub const MAX_DOCUMENT_BYTES: usize = 64 << 20;

/// The bytes of one document.
pub struct Document<'a> {
    bytes: &'a [u8],
    json: OnceCell<Result<Json<'a>, JsonError>>,
}

impl<'a> Document<'a> {
    /// A document of these bytes.
    ///
    /// # Errors
    /// When there are more than [`MAX_DOCUMENT_BYTES`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, EvidenceError> {
        if bytes.len() > MAX_DOCUMENT_BYTES {
            return Err(EvidenceError::TooLarge);
        }
        Ok(Self { bytes, json: OnceCell::new() })
    }

    /// The bytes.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The document as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<&Json<'a>, &JsonError> {
        self.json.get_or_init(|| json::parse(self.bytes)).as_ref()
    }

    /// The object that the document is, for a format's `detect`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn object(&self) -> Result<&Object<'a>, Declined> {
        match self.json() {
            Ok(json) => {
                json.as_object().ok_or_else(|| Declined::because(format!("not a JSON object but {}", json.kind())))
            }
            Err(_) if self.bytes.is_empty() => Err(Declined::because("the document is empty")),
            Err(error) => Err(Declined::because(format!("not JSON: {error}"))),
        }
    }

    /// Whether it starts as JSON lists and objects do.
    pub fn looks_like_json(&self) -> bool {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.bytes);
        matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
    }

    /// Line and column of the byte `at`.
    pub fn place(&self, at: usize) -> Place {
        Place::of(json::utf8(self.bytes).unwrap_or(""), at)
    }

    /// An empty [`Evidence`] of this document, for a format to fill.
    pub fn evidence(&self, format: &str) -> Evidence {
        Evidence::new(Digest::of(self.bytes), format)
    }
}
