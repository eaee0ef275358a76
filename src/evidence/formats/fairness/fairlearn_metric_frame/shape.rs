//! Which of fairlearn's shapes a JSON document has.

use super::known::{AIF360, COUNTS, RATES, is_disparity, is_metric};
use crate::evidence::{
    Declined, Document,
    json::{Json, Member, Object},
    undefined::reading,
};

/// Whether a table with these columns is fairlearn's: it has one of its rates, or a count and
/// another metric.
pub(super) fn are_metrics<'n>(names: impl IntoIterator<Item = &'n str>) -> bool {
    let (mut rate, mut count, mut other) = (false, false, false);
    for name in names {
        rate |= RATES.contains(&name);
        count |= name == "count";
        other |= is_metric(name) && !COUNTS.contains(&name);
    }
    rate || (count && other)
}

/// The keys of an object.
pub(super) fn keys<'o>(object: &'o Object<'_>) -> impl Iterator<Item = &'o str> {
    object.iter().map(|m| &*m.key)
}

/// The shape of a JSON document.
pub(super) enum Shape<'d> {
    /// The parts of a frame.
    Frame(&'d Object<'d>),
    /// Frames, each under the name of its sensitive feature.
    Frames(&'d Object<'d>),
    /// `by_group` alone.
    Groups(&'d Json<'d>),
    /// Disparities.
    Flat(&'d Object<'d>),
}

fn is_frame(object: &Object<'_>) -> bool {
    let Some(groups) = object.get("by_group") else { return false };
    (groups.as_object().is_some() || groups.as_array().is_some())
        && (object.has("overall") || is_table(groups))
}

fn is_table(json: &Json<'_>) -> bool {
    let inner = |json: Option<&Json<'_>>| {
        json.and_then(Json::as_object).is_some_and(|row| are_metrics(keys(row)))
    };
    if let Some(records) = json.as_array() {
        let named = |row: &Object<'_>| row.iter().any(|m| m.value.as_str().is_some());
        return records
            .first()
            .and_then(Json::as_object)
            .is_some_and(|row| named(row) && are_metrics(keys(row)));
    }
    let Some(object) = json.as_object() else { return false };
    if object.has("data") {
        let columns = object.get("columns").and_then(Json::as_array).unwrap_or(&[]);
        let first = object.get("data").and_then(Json::as_array).and_then(<[_]>::first);
        return are_metrics(columns.iter().filter_map(Json::as_str))
            || (object.has("schema") && inner(first));
    }
    let rows = |m: &Member<'_>| {
        m.value.as_object().is_some_and(|row| row.iter().all(|cell| reading(&cell.value).is_some()))
    };
    object.iter().all(rows)
        && (are_metrics(keys(object)) || inner(object.iter().next().map(|m| &m.value)))
}

/// The shape of the document.
///
/// # Errors
/// Why it is none of fairlearn's shapes.
pub(super) fn shape<'d>(document: &'d Document<'_>) -> Result<Shape<'d>, Declined> {
    let json = document.json().map_err(|error| Declined::because(format!("not JSON: {error}")))?;
    if let Some(object) = json.as_object() {
        if is_frame(object) {
            return Ok(Shape::Frame(object));
        }
        if !object.is_empty() && object.iter().all(|m| m.value.as_object().is_some_and(is_frame)) {
            return Ok(Shape::Frames(object));
        }
        let flat = |object: &Object<'_>| {
            keys(object).any(is_disparity)
                && !keys(object).any(|key| AIF360.contains(&key) || key == "value")
        };
        let numbers = |object: &Object<'_>| {
            object.iter().all(|m| m.value.as_object().is_none() && m.value.as_array().is_none())
        };
        let nested = || {
            let inner = |m: &Member<'_>| m.value.as_object().is_some_and(|o| flat(o) && numbers(o));
            !object.is_empty() && object.iter().all(inner)
        };
        if (flat(object) && numbers(object)) || nested() {
            return Ok(Shape::Flat(object));
        }
    }
    if is_table(json) {
        return Ok(Shape::Groups(json));
    }
    Err(Declined::because(
        "no key `by_group`, no table of fairlearn's rates, no disparities by fairlearn's names",
    ))
}
