//! Rows as columns: the form in which readers pass them to the engine.

use super::PredictionsError;
use std::sync::Arc;

/// What the engine requires of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Finite numbers: scores, latencies, values of a regression.
    Number,
    /// Names: groups. Integers and booleans are allowed, and keep their type.
    Category,
    /// Any type of value: labels, predictions, ids.
    Any,
}

/// One column that is wanted, by its name in the file: `score`, or a dotted path into nested rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// What the column must contain.
    pub kind: Kind,
}

/// Some rows: the wanted columns, in that order, each with `rows` values. No value is absent or
/// NaN.
#[derive(Debug, Default)]
pub struct Block {
    /// How many rows.
    pub rows: usize,
    /// The columns.
    pub columns: Vec<Values>,
}

/// The values of one column in one block.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// 32-bit floats, not widened: they take half the memory to sort.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
    /// Integers of any width that fits.
    Int(Vec<i64>),
    /// Booleans.
    Bool(Vec<bool>),
    /// Text, each distinct value once in the block's own dictionary.
    Text {
        /// The distinct values.
        dictionary: Arc<[Box<str>]>,
        /// For each row its place in the dictionary.
        codes: Vec<u32>,
    },
}

impl Values {
    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::Int(v) => v.len(),
            Self::Bool(v) => v.len(),
            Self::Text { codes, .. } => codes.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A set of files as one stream of blocks, from which several threads can read at once.
pub trait Reader: Sync {
    /// A worker that reads blocks; each thread has its own.
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError>;
}

/// Reads blocks from a reader.
pub trait Worker: Send {
    /// Fills `block` with rows that no other worker gets; `false` if there are no more. Buffers are
    /// reused.
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError>;
}
