//! What can be wrong with a JSON text, and where.

use crate::evidence::message::quoted;
use std::fmt;

/// A place in a text, as editors count: both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// The place of the byte `at` of `text`; the end of the text if `at` is beyond it. A byte order
    /// mark is not counted.
    pub fn of(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self { line, column }
    }

    /// Line and column of the byte `at`; the beginning if the bytes are not text.
    pub fn in_bytes(bytes: &[u8], at: usize) -> Self {
        Self::of(std::str::from_utf8(bytes).unwrap_or(""), at)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a text is not JSON that we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It breaks the grammar.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What was expected and what was found.
        message: String,
    },
    /// It is not UTF-8.
    #[error("the document is not UTF-8 text: byte {byte} ({place}) cannot be read{hint}")]
    NotUtf8 {
        /// The first byte that cannot be read, from 0.
        byte: usize,
        /// Where that is.
        place: Place,
        /// What to do, if we can tell.
        hint: &'static str,
    },
    /// An object has a key twice.
    #[error("{place}: the key {} is given twice, first at {first}; which one counts is not for us to guess", quoted(.key))]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it is given again.
        place: Place,
        /// Where it was given first.
        first: Place,
    },
    /// Lists and objects are nested too deep.
    #[error("{place}: nested deeper than {limit} levels")]
    TooDeep {
        /// Where the limit is passed.
        place: Place,
        /// How deep is allowed.
        limit: usize,
    },
    /// It holds too many values.
    #[error("{place}: the document holds more than {limit} values; split it")]
    TooMany {
        /// Where the limit is passed.
        place: Place,
        /// How many are allowed.
        limit: usize,
    },
}
