//! Reads `[recompute]`.

use super::section::{At, Section};
use crate::{
    model::{Columns, MISSING_WORDS, Task, Timed, Unit, is_missing_word, unit::Dimension},
    policy::{
        diagnostic::{Collector, quote},
        schema::Recompute,
    },
};

const KEYS: [&str; 15] = [
    "label",
    "prediction",
    "score",
    "positive",
    "groups",
    "tolerance",
    "latency",
    "latency_unit",
    "energy",
    "energy_unit",
    "id",
    "cluster",
    "labels",
    "task",
    "na_keep",
];

/// Reads the table.
pub(super) fn read(found: &mut Collector<'_>, section: &Section<'_>) -> Recompute {
    section.only(found, &KEYS);
    let label = section.required(found, "label", "\"y_true\"");
    if !["prediction", "score", "latency"].iter().any(|k| section.has(k)) {
        let message = "`[recompute]` names no column to compute from";
        found.help(
            "missing-key",
            section.span.clone(),
            message,
            "add `prediction = \"y_pred\"` or `score = \"p\"`",
        );
    }
    let name =
        |found: &mut Collector<'_>, key| section.text(found, key).map(|t| t.value.to_owned());
    let tolerance = section.number(found, "tolerance");
    if let Some(negative) = tolerance.as_ref().filter(|t| t.value < 0.0) {
        found.add("out-of-range", negative.span.clone(), "`tolerance` cannot be negative");
    }
    let columns = Columns {
        label: label.map(|t| t.value.to_owned()),
        prediction: name(found, "prediction"),
        score: name(found, "score"),
        positive: name(found, "positive"),
        groups: section
            .texts(found, "groups")
            .unwrap_or_default()
            .into_iter()
            .map(|t| t.value.to_owned())
            .collect(),
        latency: timed(found, section, "latency", "latency_unit", Dimension::Time),
        energy: timed(found, section, "energy", "energy_unit", Dimension::Energy),
        id: name(found, "id"),
        cluster: name(found, "cluster"),
        task: match section.word(found, "task", &["binary", "multiclass", "regression"]) {
            Some("binary") => Some(Task::Binary),
            Some("multiclass") => Some(Task::Multiclass),
            Some("regression") => Some(Task::Regression),
            _ => None,
        },
        na_keep: na_keep(found, section),
    };
    let labels = name(found, "labels");
    if labels.is_some() && columns.id.is_none() {
        let message =
            "labels of a registered data set are joined on an id, but no id column is named";
        found.help("missing-key", section.place("labels"), message, "add `id = \"…\"`");
    }
    Recompute { columns, labels, tolerance: tolerance.map_or(1e-9, |t| t.value) }
}

/// The words for missing values that are classes or groups.
fn na_keep(found: &mut Collector<'_>, section: &Section<'_>) -> Vec<String> {
    let mut words = Vec::new();
    for word in section.texts(found, "na_keep").unwrap_or_default() {
        if !is_missing_word(word.value) {
            let message = format!("{} is not a word for a missing value", quote(word.value));
            let help = format!("the words are {}", MISSING_WORDS.map(quote).join(", "));
            found.help("unknown-word", word.span, message, help);
        }
        words.push(word.value.to_owned());
    }
    words.sort();
    words.dedup();
    words
}

/// A column of quantities. Its unit is written next to it, or at the end of its name, as in
/// `latency_ms`.
fn timed(
    found: &mut Collector<'_>,
    section: &Section<'_>,
    key: &str,
    unit_key: &str,
    wanted: Dimension,
) -> Option<Timed> {
    let column = section.text(found, key)?;
    let written = section.text(found, unit_key);
    let suffix = || {
        column.value.rsplit_once('_').map(|(_, unit)| At { value: unit, span: column.span.clone() })
    };
    let unit = match &written {
        Some(text) => text.value.parse::<Unit>().ok(),
        None => suffix().and_then(|t| t.value.parse::<Unit>().ok()),
    };
    if let Some(unit) = unit.filter(|u| u.dimension() == wanted) {
        return Some(Timed { column: column.value.to_owned(), unit });
    }
    let message = match &written {
        Some(text) => format!("{} is not a unit of `{key}`", quote(text.value)),
        None => format!("the unit of the column {} is unknown", quote(column.value)),
    };
    let example = if wanted == Dimension::Time { "ms" } else { "J" };
    let span = written.map_or(column.span, |w| w.span);
    found.help(
        "missing-unit",
        span,
        message,
        format!("write `{unit_key} = \"{example}\"`, or another unit"),
    );
    None
}
