//! What a format is to us.

use super::{Document, EvidenceError};
use crate::model::Evidence;

/// One format: a row of [`super::ADAPTERS`].
pub struct Adapter {
    /// Its id, in kebab-case: the name of its file and of its folder of fixtures.
    pub id: &'static str,
    /// What writes it.
    pub title: &'static str,
    /// What can be read out of it.
    pub carries: &'static str,
    /// By what it is recognised.
    pub recognised_by: &'static str,
    /// Whether a document is of this format, judged by its content.
    pub detect: fn(&Document<'_>) -> Result<(), Declined>,
    /// Reads a document of this format. It may be called on any document, because a submission can name the format.
    pub read: fn(&Document<'_>) -> Result<Evidence, EvidenceError>,
}

/// Why a document is not of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// The reason, as it stands behind a colon: "not JSON".
    pub why: String,
}

impl Declined {
    /// Declined because of `why`.
    pub fn because(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}
