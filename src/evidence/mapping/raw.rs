//! A mapping as it is written in TOML.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) description: String,
    pub(super) syntax: Syntax,
    pub(super) dataset: Option<Text>,
    pub(super) produced_at: Option<Text>,
    #[serde(default)]
    pub(super) measurement: Vec<Spanned<Measurement>>,
    #[serde(default)]
    pub(super) check: Vec<Spanned<Check>>,
}

/// The syntax of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Syntax {
    /// JSON.
    Json,
    /// JSON Lines: `$` is one line.
    JsonLines,
    /// Comma-separated values with a header: every row is read separately.
    Csv,
    /// Tab-separated values with a header.
    Tsv,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Measurement {
    pub(super) each: Option<String>,
    pub(super) metric: Text,
    pub(super) value: Place,
    pub(super) n: Option<Place>,
    pub(super) trials: Option<Place>,
    pub(super) successes: Option<Place>,
    pub(super) step: Option<Place>,
    pub(super) quantile: Option<Quantity>,
    pub(super) unit: Option<Text>,
    pub(super) dataset: Option<Text>,
    pub(super) scope: Option<Text>,
    pub(super) interval: Option<Interval>,
    #[serde(default)]
    pub(super) slice: BTreeMap<String, Text>,
    #[serde(default)]
    pub(super) aggregate: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Interval {
    pub(super) lower: Place,
    pub(super) upper: Place,
    pub(super) confidence: Quantity,
    pub(super) method: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    pub(super) each: Option<String>,
    pub(super) name: Text,
    pub(super) passed: Place,
    pub(super) equals: Option<OneOrMany>,
    pub(super) detail: Option<Text>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected text, or a list of texts")]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Where to find a value.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected { path = \"$.…\" } in JSON, or { column = \"…\" } in a table"
)]
pub(super) enum Place {
    Path(Path),
    Column(Column),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Path {
    pub(super) path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    pub(super) column: String,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected text, or { path = \"$.…\" } in JSON, or { column = \"…\" } in a table"
)]
pub(super) enum Text {
    Fixed(String),
    Found(Place),
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a number, or { path = \"$.…\" } in JSON, or { column = \"…\" } in a table"
)]
pub(super) enum Quantity {
    Fixed(f64),
    Found(Place),
}
