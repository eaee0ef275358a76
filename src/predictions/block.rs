//! Rows as columns: what readers hand to the engine.

use super::PredictionsError;
use std::sync::Arc;

/// What the engine wants of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Finite numbers: scores, latencies, values of a regression.
    Number,
    /// Dictionary: groups. Integers and booleans are fine, and stay what they are.
    Category,
    /// Whatever stands there: labels, predictions, ids.
    Any,
}

/// One column that is wanted, by its name in the file: `score`, or a dotted path into nested rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// What it has to be.
    pub kind: Kind,
}

/// Some rows: as many columns as were wanted, in that order, each of `rows` values. No value is absent or NaN.
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
    /// 32-bit floats, kept as they are: half the memory to sort.
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

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A set of files as one stream of blocks, which several threads may draw from at once.
pub trait Reader: Sync {
    /// Something that draws blocks; one for each thread.
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError>;
}

/// Draws blocks from a reader.
pub trait Worker: Send {
    /// Fills `block` with rows that no other worker gets; `false` when there are no more. Buffers are reused.
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError>;
}
