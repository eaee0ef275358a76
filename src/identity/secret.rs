//! Bearer secrets: text with 256 random bits, known to the service by its digest only.

use crate::model::Digest;
use std::fmt;

/// The text of a token, a cookie or a form. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// From random bytes, with a prefix by which people and scanners recognise it.
    pub fn new(prefix: &str, random: &[u8; 32]) -> Self {
        Self(format!("{prefix}{}", hex::encode(random)))
    }

    /// From the text that a caller sent.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, to be shown once or sent.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the service stores and looks up. A digest needs no salt here: the text has 256 random bits.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
