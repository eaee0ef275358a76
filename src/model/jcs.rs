//! The JSON Canonicalization Scheme (RFC 8785): one byte form for every JSON value.
//!
//! Every decision is written this way several times, so speed matters and the writer is our own.
//! The tests compare it with `serde_json_canonicalizer`, byte for byte.

mod key;
mod number;
mod writer;

use super::Digest;
use serde::Serialize;

/// The error for a value without a canonical JSON form: a NaN, an infinity, or a map whose keys are
/// not text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot be written as canonical JSON: {0}")]
pub struct JcsError(String);

impl serde::ser::Error for JcsError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// The canonical bytes of `value`.
///
/// # Errors
/// If the value contains a number that is not finite, a key that is not text, or a duplicate key.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JcsError> {
    writer::write(value)
}

/// The digest of the canonical bytes of `value`.
///
/// # Errors
/// The same as [`to_vec`].
pub fn digest<T: Serialize + ?Sized>(value: &T) -> Result<Digest, JcsError> {
    Ok(Digest::of(&to_vec(value)?))
}

#[cfg(test)]
mod tests;
