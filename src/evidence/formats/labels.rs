//! Labels as Prometheus and Alertmanager write them.

use crate::evidence::json::{Json, Object};
use crate::model::Slice;

/// The labels as a group; those that start with two underscores are Prometheus' own.
pub(super) fn slice(labels: &Object<'_>) -> Slice {
    let shown = labels.iter().filter(|label| !label.key.starts_with("__"));
    Slice(
        shown
            .filter_map(|label| Some((label.key.to_string(), label.value.as_str()?.to_owned())))
            .collect(),
    )
}

/// An alert's name and all its labels, in the order of the file: `Slow {"alertname": "Slow", "model": "m"}`.
pub(super) fn alert(labels: &Object<'_>) -> String {
    let name = labels.get("alertname").and_then(Json::as_str).unwrap_or("alert");
    named(name, labels)
}

/// A name followed by labels.
pub(super) fn named(name: &str, labels: &Object<'_>) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let pairs = labels
        .iter()
        .map(|l| format!("{}: {}", quote(&l.key), quote(l.value.as_str().unwrap_or_default())));
    format!("{name} {{{}}}", pairs.collect::<Vec<_>>().join(", "))
}
