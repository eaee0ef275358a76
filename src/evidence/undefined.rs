//! Numbers as tools write them, where NaN and infinities mean "undefined".

use super::json::{Json, Number, Value};

/// A number, or a statement that the value is undefined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading<'a> {
    /// A finite number.
    Number(Number<'a>),
    /// A percentage written as text, such as `97.5%`: the number before the sign, and the whole
    /// text.
    Percent(Number<'a>, &'a str),
    /// NaN, an infinity, null or empty text, as written: not evidence, and never a pass.
    Undefined(&'a str),
}

/// Spellings of "not a finite number" as text, in lower case.
const WORDS: &[&str] = &[
    "nan",
    "-nan",
    "inf",
    "+inf",
    "-inf",
    "infinity",
    "+infinity",
    "-infinity",
    "null",
    "none",
    "n/a",
    "<na>",
];

/// The size beyond which a double is taken for an infinity: some formats cannot write infinities,
/// and their tools write the largest double instead.
const INFINITE: f64 = 1.797e308;

/// Reads a number that a tool wrote; `None` if the value is neither a number nor a spelling of
/// "undefined". Text is a number only if it is a percentage: `"0.91"` may be anything, and a format
/// that knows it to be a number calls [`reading_text`].
pub fn reading<'j>(json: &'j Json<'j>) -> Option<Reading<'j>> {
    match &json.value {
        Value::Number(number) if number.value().abs() > INFINITE => {
            Some(Reading::Undefined(number.text()))
        }
        Value::Number(number) => Some(Reading::Number(*number)),
        Value::NonFinite(text) => Some(Reading::Undefined(text)),
        Value::Null => Some(Reading::Undefined("null")),
        Value::String(text) => reading_text(text)
            .filter(|read| !text.is_empty() && !matches!(read, Reading::Number(_))),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads a number from a table cell or a word of text; an empty one is undefined.
pub fn reading_text(text: &str) -> Option<Reading<'_>> {
    let text = text.trim();
    if text.is_empty() || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Some(Reading::Undefined(text));
    }
    if let Some(number) = text.strip_suffix('%') {
        return Number::parse(number.trim_end()).map(|number| Reading::Percent(number, text));
    }
    match Number::parse(text)? {
        number if number.value().abs() > INFINITE => Some(Reading::Undefined(text)),
        number => Some(Reading::Number(number)),
    }
}
