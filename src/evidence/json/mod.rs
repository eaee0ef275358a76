//! JSON as tools really write it, with the place of every value.
//!
//! Stricter than most readers: a key given twice, deep nesting and trailing text are errors. More
//! lenient in one thing: the bare `NaN`, `Infinity` and `-Infinity` that Python writes become
//! [`Value::NonFinite`], which every format must treat as undefined or refuse. Numbers keep the
//! text they were written as, because the last digit shows how exact a value is. Text without
//! escapes is borrowed from the document.

mod error;
mod number;
mod parse;
#[cfg(test)]
mod tests;
mod value;

pub use error::{JsonError, Place};
pub use number::Number;
pub use parse::{MAX_DEPTH, MAX_VALUES, lines, parse, utf8};
pub use value::{Json, Member, Object, Value};
