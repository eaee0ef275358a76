//! Why a mapping was refused.

use crate::evidence::{Mistake, json::Place};
use std::fmt;

/// Why a mapping was refused: every mistake in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// The mistakes, in the order of the file.
    pub mistakes: Vec<Mistake>,
}

impl std::error::Error for MappingError {}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the mapping cannot be used")?;
        match self.mistakes.as_slice() {
            [only] => write!(f, ": {only}"),
            many => many.iter().try_for_each(|mistake| write!(f, "\n  {mistake}")),
        }
    }
}

impl MappingError {
    /// The stable error code for scripts.
    pub const fn code(&self) -> &'static str {
        "mapping-invalid"
    }

    pub(super) fn one(text: &str, at: usize, message: impl Into<String>) -> Self {
        Self {
            mistakes: vec![Mistake {
                path: String::new(),
                place: Some(Place::of(text, at)),
                message: message.into(),
            }],
        }
    }
}
