//! What the readers of data tests and drift reports share.

use crate::evidence::{
    Adapter, Collector, Declined, Document, EvidenceError, clip,
    json::{Json, Object, Value},
};
use crate::model::{Producer, Timestamp};

/// The document as a JSON object.
///
/// # Errors
/// When it is not JSON, or not an object.
pub(super) fn object<'d>(
    adapter: &Adapter,
    document: &'d Document<'_>,
) -> Result<&'d Object<'d>, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let declined = || Declined::because(format!("not an object but {}", json.kind()));
    document.require(adapter.id, json.as_object().ok_or_else(declined))
}

/// The list at `key`.
///
/// # Errors
/// When the key is missing, or its value is not a list.
pub(super) fn list<'d>(
    adapter: &Adapter,
    document: &Document<'_>,
    object: &'d Object<'d>,
    key: &str,
) -> Result<&'d [Json<'d>], EvidenceError> {
    match object.get(key) {
        Some(Json { value: Value::Array(list), .. }) => Ok(list),
        Some(other) => {
            let why = format!("`{key}` is no list but {}", other.kind());
            Err(document.invalid(adapter.id, other.at, why))
        }
        None => {
            let at = document.json().map_or(0, |json| json.at);
            Err(document.invalid(adapter.id, at, format!("no key `{key}`")))
        }
    }
}

/// The text at the end of `path`, unless it is empty.
pub(super) fn text_at<'j>(json: &'j Json<'_>, path: &[&str]) -> Option<&'j str> {
    json.at_path(path).and_then(Json::as_str).filter(|text| !text.is_empty())
}

/// The boolean at `key`; `None` if it is missing or not a boolean.
pub(super) fn flag(object: &Object<'_>, key: &str) -> Option<bool> {
    match object.get(key) {
        Some(Json { value: Value::Bool(flag), .. }) => Some(*flag),
        _ => None,
    }
}

/// Records which tool wrote the document.
pub(super) fn producer(collector: &mut Collector<'_>, tool: &str, version: Option<&str>) {
    collector.evidence.producer = Some(Producer {
        tool: Some(tool.to_owned()),
        version: version.map(str::to_owned),
        run: None,
    });
}

/// Takes `text` as the moment of the document. A moment without a time zone is left out: it may be
/// off by up to a day.
pub(super) fn produced_at(collector: &mut Collector<'_>, key: &str, text: Option<&str>) {
    let Some(text) = text else { return };
    match text.parse::<Timestamp>() {
        Ok(moment) => collector.evidence.produced_at = Some(moment),
        Err(_) => collector.left_out(&format!("{key} {text}")),
    }
}

/// Fails the checks from `from` on that passed only because there was no data to check.
pub(super) fn vacuous(collector: &mut Collector<'_>, from: usize, why: &str) {
    for check in collector.evidence.checks.iter_mut().skip(from).filter(|check| check.passed) {
        check.passed = false;
        check.detail = Some(match check.detail.take() {
            Some(said) => format!("{why} ({said})"),
            None => why.to_owned(),
        });
    }
}

/// Marks the values from the measurement `from` on as computed over no row, except those that
/// `counts` says are counts of rows.
pub(super) fn of_no_row(collector: &mut Collector<'_>, from: usize, counts: impl Fn(&str) -> bool) {
    let values = collector.evidence.measurements.iter_mut().skip(from);
    for m in values.filter(|m| !counts(&m.source_name)) {
        m.unfit = Some("the current data has no row".to_owned());
    }
}

/// Adds a failed check for a run that checked nothing: an empty run must not pass.
pub(super) fn nothing_ran(collector: &mut Collector<'_>, name: &str, why: &str) {
    collector.check(name, false, Some(why.to_owned()));
}

/// At most `most` characters of the first line of `text` that is not blank.
pub(super) fn first_line(text: &str, most: usize) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    clip(line.unwrap_or_default(), most).into_owned()
}

/// Visits every leaf below `json` with the keys that lead to it; the key of a list's element is its
/// position.
pub(super) fn leaves<'j>(json: &'j Json<'j>, visit: &mut impl FnMut(&[String], &'j Json<'j>)) {
    fn walk<'j>(
        json: &'j Json<'j>,
        path: &mut Vec<String>,
        visit: &mut impl FnMut(&[String], &'j Json<'j>),
    ) {
        match &json.value {
            Value::Object(object) => {
                for member in object {
                    path.push(member.key.to_string());
                    walk(&member.value, path, visit);
                    path.pop();
                }
            }
            Value::Array(elements) => {
                for (i, element) in elements.iter().enumerate() {
                    path.push(i.to_string());
                    walk(element, path, visit);
                    path.pop();
                }
            }
            _ => visit(path, json),
        }
    }
    walk(json, &mut Vec::new(), visit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::json::parse;

    #[test]
    fn every_leaf_is_visited_with_its_path() {
        let json = parse(br#"{"a": {"b": 1, "c": [true, {"d": null}]}, "e": "x"}"#).unwrap();
        let mut seen = Vec::new();
        leaves(&json, &mut |path, json| seen.push(format!("{} {}", path.join("/"), json.kind())));
        assert_eq!(seen, ["a/b a number", "a/c/0 true", "a/c/1/d null", "e text"]);
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(first_line("\n  ab\ncd", 5), "ab");
        assert_eq!(first_line("abcdef", 3), "abc…");
    }
}
