//! Mappings: how to read a team's own JSON or CSV, declared in a few lines of TOML.
//!
//! A mapping says where numbers are, never what they are: value, n, trials and successes are always
//! found in the document. It is identified by the digest of its bytes, belongs to a namespace, and
//! is one of the inputs of a decision.

mod bounds;
mod compile;
mod node;
mod raw;
mod read;
#[cfg(test)]
mod tests;

pub use raw::Syntax;

use super::{Mistake, json::Place};
use crate::model::{Digest, Unit};
use compile::{Quantity, Text, Where};
use std::{collections::BTreeMap, fmt};

/// The id of the format of evidence that was read with a mapping.
pub const MAPPED: &str = "mapping";

/// The most bytes of a mapping.
pub const MAX_MAPPING_BYTES: usize = 64 << 10;

/// A mapping.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Its name, with which rules may select what it reads: `source = "acme-eval"`.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// The syntax of the documents.
    pub syntax: Syntax,
    dataset: Option<Text>,
    produced_at: Option<Text>,
    measurements: Vec<Measurement>,
    checks: Vec<Check>,
    /// About how many steps its patterns take for each value of a document.
    patterns: usize,
}

#[derive(Debug, Clone)]
struct Measurement {
    each: Option<Where>,
    metric: Text,
    value: Where,
    n: Option<Where>,
    trials: Option<Where>,
    successes: Option<Where>,
    step: Option<Where>,
    quantile: Option<Quantity>,
    unit: Option<UnitText>,
    dataset: Option<Text>,
    scope: Option<Text>,
    interval: Option<Interval>,
    slice: BTreeMap<String, Text>,
    aggregate: bool,
}

#[derive(Debug, Clone)]
enum UnitText {
    Fixed(Unit),
    Found(Where),
}

#[derive(Debug, Clone)]
struct Interval {
    lower: Where,
    upper: Where,
    confidence: Quantity,
    method: Option<Text>,
}

#[derive(Debug, Clone)]
struct Check {
    each: Option<Where>,
    name: Text,
    passed: Where,
    equals: Option<Vec<String>>,
    detail: Option<Text>,
}

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

    fn one(text: &str, at: usize, message: impl Into<String>) -> Self {
        Self {
            mistakes: vec![Mistake {
                path: String::new(),
                place: Some(Place::of(text, at)),
                message: message.into(),
            }],
        }
    }
}
