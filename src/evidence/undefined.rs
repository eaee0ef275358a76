//! Numbers as tools write them, where NaN and infinities mean "undefined".

use super::json::{Json, Number, Value};

/// A number, or a statement that there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading<'a> {
    /// A finite number.
    Number(Number<'a>),
    /// NaN, an infinity or null, as written: no evidence, and never a pass.
    Undefined(&'a str),
}

/// Spellings of "not a finite number" as text, in lower case.
const WORDS: &[&str] =
    &["nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "null", "none", "n/a"];

/// Reads a number that a tool wrote; `None` when the value is neither a number nor says that there is none.
pub fn reading<'j>(json: &'j Json<'j>) -> Option<Reading<'j>> {
    match &json.value {
        Value::Number(number) => Some(Reading::Number(*number)),
        Value::NonFinite(text) => Some(Reading::Undefined(text)),
        Value::Null => Some(Reading::Undefined("null")),
        Value::String(text) => {
            let known = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
            known.then_some(Reading::Undefined(text))
        }
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
