//! Reads typed values from JSON and collects every mistake, with its path and place.

use crate::evidence::{
    Document, EvidenceError, Mistake,
    json::{Json, Member, Number, Object, Value},
    names::nearest,
    quoted,
};
use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

/// How much the histograms of one document have used of the limits.
#[derive(Default)]
pub(super) struct Used {
    pub(super) bytes: usize,
    pub(super) buckets: usize,
}

/// The path to the current value; written out only when there is something to report.
pub(super) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    pub(super) fn key<'p>(&'p self, key: &'p str) -> Path<'p> {
        Path::Key(self, key)
    }

    pub(super) fn index(&self, index: usize) -> Path<'_> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// How many mistakes are kept. Finding the place of each takes a pass over the document.
const MOST_MISTAKES: usize = 100;

/// Collects mistakes and warnings while values are read.
#[derive(Default)]
pub(super) struct Reader {
    mistakes: Vec<(usize, String, String)>,
    warnings: Vec<String>,
    pub(super) used: Used,
}

pub(super) fn is_null(json: &Json<'_>) -> bool {
    matches!(json.value, Value::Null)
}

impl Reader {
    /// Records a mistake.
    pub(super) fn mistake(&mut self, path: &Path<'_>, at: usize, message: impl Into<String>) {
        if self.mistakes.len() < MOST_MISTAKES {
            self.mistakes.push((at, path.to_string(), message.into()));
        }
    }

    /// Records a warning, once, however often it occurs.
    pub(super) fn warn(&mut self, message: impl Into<String>) {
        let message = message.into();
        if !self.warnings.contains(&message) {
            self.warnings.push(message);
        }
    }

    /// The warnings, or the mistakes if there are any.
    pub(super) fn finish(
        self,
        document: &Document<'_>,
        format: &'static str,
    ) -> Result<Vec<String>, EvidenceError> {
        if self.mistakes.is_empty() {
            return Ok(self.warnings);
        }
        let mut mistakes = self.mistakes;
        mistakes.sort_by_key(|(at, _, _)| *at);
        let explain =
            |(at, path, message)| Mistake { path, place: Some(document.place(at)), message };
        let mistakes = mistakes.into_iter().map(explain).collect();
        Err(EvidenceError::Invalid { format, mistakes })
    }

    fn unexpected(&mut self, path: &Path<'_>, json: &Json<'_>, wanted: &str) {
        let mut message = format!("expected {wanted}, found ");
        let _ = match &json.value {
            Value::NonFinite(text) => write!(message, "{}", quoted(text)),
            Value::String(text) => write!(message, "the text {}", quoted(text)),
            Value::Number(number) => write!(message, "the number {}", quoted(number.text())),
            _ => write!(message, "{}", json.kind()),
        };
        self.mistake(path, json.at, message);
    }

    /// Reads an object.
    pub(super) fn object<'j, 'a>(
        &mut self,
        path: &Path<'_>,
        json: &'j Json<'a>,
    ) -> Option<&'j Object<'a>> {
        let object = json.as_object();
        if object.is_none() {
            self.unexpected(path, json, "an object");
        }
        object
    }

    /// Reads a list; the result is empty if the value is not one.
    pub(super) fn list<'j, 'a>(&mut self, path: &Path<'_>, json: &'j Json<'a>) -> &'j [Json<'a>] {
        json.as_array().unwrap_or_else(|| {
            self.unexpected(path, json, "a list");
            &[]
        })
    }

    /// Reads text that is not empty.
    pub(super) fn text<'j>(&mut self, path: &Path<'_>, json: &'j Json<'_>) -> Option<&'j str> {
        let text = json.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            self.unexpected(path, json, "text that is not empty");
        }
        text
    }

    /// Reads text that is not empty, as an owned string.
    pub(super) fn string(&mut self, path: &Path<'_>, json: &Json<'_>) -> Option<String> {
        self.text(path, json).map(str::to_owned)
    }

    /// Reads text in a format of its own: a digest, a moment, a unit.
    pub(super) fn parsed<T>(&mut self, path: &Path<'_>, json: &Json<'_>) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        match self.text(path, json)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(path, json.at, error.to_string());
                None
            }
        }
    }

    /// Reads `true` or `false`.
    pub(super) fn flag(&mut self, path: &Path<'_>, json: &Json<'_>) -> Option<bool> {
        if let Value::Bool(flag) = json.value {
            return Some(flag);
        }
        self.unexpected(path, json, "true or false");
        None
    }

    /// Reads a finite number.
    pub(super) fn number<'a>(&mut self, path: &Path<'_>, json: &Json<'a>) -> Option<Number<'a>> {
        let number = json.as_number();
        if number.is_none() {
            self.unexpected(path, json, "a finite number");
        }
        number
    }

    /// Reads a number strictly between 0 and 1.
    pub(super) fn fraction(&mut self, path: &Path<'_>, json: &Json<'_>) -> Option<f64> {
        let value = json.as_number().map(Number::value).filter(|v| *v > 0.0 && *v < 1.0);
        if value.is_none() {
            self.unexpected(path, json, "a number between 0 and 1");
        }
        value
    }

    /// Reads a count: a whole number that is not negative.
    pub(super) fn count(&mut self, path: &Path<'_>, json: &Json<'_>) -> Option<u64> {
        let count = json.as_number().and_then(Number::count);
        if count.is_none() {
            self.unexpected(path, json, "a whole number of at least 0");
        }
        count
    }

    /// Reports a key that the object at `path` does not have.
    pub(super) fn unknown(&mut self, path: &Path<'_>, member: &Member<'_>, known: &[&str]) {
        let near = nearest(&member.key, known.iter().copied());
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.mistake(&path.key(&member.key), member.key_at, format!("unknown key; {hint}"));
    }

    /// Reports that the object at `path` lacks a key it needs.
    pub(super) fn missing(&mut self, path: &Path<'_>, json: &Json<'_>, key: &str) {
        self.mistake(path, json.at, format!("the key `{key}` is missing"));
    }
}
