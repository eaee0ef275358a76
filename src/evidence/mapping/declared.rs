//! A mapping, compiled: what it declares, and where each value is found.

use super::raw::Syntax;
use crate::model::{Digest, Unit};
use jsonpath_rust::parser::model::JpQuery;
use std::{collections::BTreeMap, sync::Arc};

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
    pub(super) dataset: Option<Text>,
    pub(super) produced_at: Option<Text>,
    pub(super) measurements: Vec<Measurement>,
    pub(super) checks: Vec<Check>,
    /// About how many steps its patterns take for each value of a document.
    pub(super) patterns: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Measurement {
    pub(super) each: Option<Where>,
    pub(super) metric: Text,
    pub(super) value: Where,
    pub(super) n: Option<Where>,
    pub(super) trials: Option<Where>,
    pub(super) successes: Option<Where>,
    pub(super) step: Option<Where>,
    pub(super) quantile: Option<Quantity>,
    pub(super) unit: Option<UnitText>,
    pub(super) dataset: Option<Text>,
    pub(super) scope: Option<Text>,
    pub(super) interval: Option<Interval>,
    pub(super) slice: BTreeMap<String, Text>,
    pub(super) aggregate: bool,
}

#[derive(Debug, Clone)]
pub(super) enum UnitText {
    Fixed(Unit),
    Found(Where),
}

#[derive(Debug, Clone)]
pub(super) struct Interval {
    pub(super) lower: Where,
    pub(super) upper: Where,
    pub(super) confidence: Quantity,
    pub(super) method: Option<Text>,
}

#[derive(Debug, Clone)]
pub(super) struct Check {
    pub(super) each: Option<Where>,
    pub(super) name: Text,
    pub(super) passed: Where,
    pub(super) equals: Option<Vec<String>>,
    pub(super) detail: Option<Text>,
}

/// Where to find a value in a node.
#[derive(Debug, Clone)]
pub(super) enum Where {
    Path { text: String, query: Arc<JpQuery> },
    Column(String),
}

#[derive(Debug, Clone)]
pub(super) enum Text {
    Fixed(String),
    Found(Where),
}

#[derive(Debug, Clone)]
pub(super) enum Quantity {
    Fixed(f64),
    Found(Where),
}
