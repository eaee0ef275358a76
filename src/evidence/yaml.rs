//! YAML, read as the JSON that it represents, with the place of every value. Anchors, aliases and
//! tags are refused: no report needs them, and they can expand a small document into a huge one.

use super::json::{Json, JsonError, MAX_DEPTH, MAX_VALUES, Member, Number, Object, Place, Value};
use std::{borrow::Cow, collections::HashMap};
use yaml_rust2::{
    parser::{Event, Parser},
    scanner::{Marker, ScanError, TScalarStyle},
};

/// The most bytes of YAML that are read: headers of documents are a few kilobytes.
pub const MAX_YAML_BYTES: usize = 1 << 20;

/// The YAML between the first line `---` and the next one.
///
/// # Errors
/// When the text does not start with such lines, or as [`parse`].
pub fn front_matter(text: &str) -> Result<Json<'_>, JsonError> {
    let none = || JsonError::Syntax {
        place: Place { line: 1, column: 1 },
        message: "no YAML between two lines of `---` at the start".to_owned(),
    };
    let start =
        ["---\n", "---\r\n"].iter().find(|open| text.starts_with(**open)).ok_or_else(none)?.len();
    let mut at = start;
    for line in text.get(start..).unwrap_or("").split_inclusive('\n') {
        if line.trim_end() == "---" {
            return parse(text, start, at);
        }
        at += line.len();
    }
    Err(none())
}

/// Reads the YAML in `text` between the bytes `from` and `to`.
///
/// # Errors
/// When it is broken, too large or too deep, has an anchor, an alias, a tag or more than one document, or gives a key
/// twice.
pub fn parse(text: &str, from: usize, to: usize) -> Result<Json<'_>, JsonError> {
    let yaml = text.get(from..to).unwrap_or("");
    let mut reader = Reader { text, from, yaml, chars: 0, bytes: 0, values: 0 };
    if yaml.len() > MAX_YAML_BYTES {
        return Err(reader.error(from, "more than 1 MiB of YAML; split it"));
    }
    let mut parser = Parser::new_from_str(yaml);
    let mut stack: Vec<Open<'_>> = Vec::new();
    let mut root = None;
    loop {
        let (event, marker) = parser.next_token().map_err(|error| reader.broken(&error))?;
        let at = reader.byte(marker);
        let done = match event {
            Event::StreamEnd => break,
            Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
            Event::DocumentStart if root.is_none() => continue,
            Event::DocumentStart => return Err(reader.error(at, "a second document")),
            Event::Alias(_) => return Err(reader.error(at, "an alias; write the value out")),
            Event::Scalar(_, _, anchor, ref tag) if anchor > 0 || tag.is_some() => {
                return Err(reader.error(at, "an anchor or a tag; write the value out"));
            }
            Event::SequenceStart(anchor, ref tag) | Event::MappingStart(anchor, ref tag)
                if anchor > 0 || tag.is_some() =>
            {
                return Err(reader.error(at, "an anchor or a tag; write the value out"));
            }
            Event::Scalar(said, style, ..) => reader.scalar(at, said, style)?,
            Event::SequenceStart(..) => {
                reader.enter(at, &mut stack, Open::List { at, elements: Vec::new() })?;
                continue;
            }
            Event::MappingStart(..) => {
                reader.enter(at, &mut stack, Open::Map { at, members: Vec::new(), key: None })?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                Some(open) => reader.close(open)?,
                None => continue,
            },
        };
        match stack.last_mut() {
            None => root = Some(done),
            Some(Open::List { elements, .. }) => elements.push(done),
            Some(Open::Map { members, key, .. }) => match (key.take(), done.value) {
                (None, Value::String(name)) => *key = Some((done.at, name)),
                (None, Value::Number(number)) => *key = Some((done.at, number.text().into())),
                (None, Value::Bool(b)) => *key = Some((done.at, b.to_string().into())),
                (None, _) => return Err(reader.error(at, "a key that is no text")),
                (Some((key_at, name)), value) => {
                    members.push(Member { key: name, key_at, value: Json { at: done.at, value } });
                }
            },
        }
    }
    root.ok_or_else(|| reader.error(from, "nothing"))
}

/// A list or a mapping that is not closed yet.
enum Open<'a> {
    List { at: usize, elements: Vec<Json<'a>> },
    Map { at: usize, members: Vec<Member<'a>>, key: Option<(usize, Cow<'a, str>)> },
}

struct Reader<'a> {
    text: &'a str,
    from: usize,
    yaml: &'a str,
    /// How far the text was read, in characters; the next field has the same in bytes. Markers
    /// count characters and never go back far.
    chars: usize,
    bytes: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    /// The byte of the whole text that the marker points at. Most markers come after the previous
    /// one. The marker of a mapping goes back to its first key, which may be far, but never further
    /// than the text passed since then.
    fn byte(&mut self, marker: Marker) -> usize {
        if marker.index() < self.chars {
            let back = self.chars - marker.index();
            let passed = self.yaml.get(..self.bytes).unwrap_or("");
            self.bytes = passed.char_indices().rev().nth(back - 1).map_or(0, |(at, _)| at);
        } else {
            let rest = self.yaml.get(self.bytes..).unwrap_or("");
            let ahead = marker.index() - self.chars;
            self.bytes += rest.char_indices().nth(ahead).map_or(rest.len(), |(at, _)| at);
        }
        self.chars = marker.index();
        self.from + self.bytes
    }

    fn error(&self, at: usize, message: &str) -> JsonError {
        JsonError::Syntax { place: Place::of(self.text, at), message: format!("YAML: {message}") }
    }

    fn broken(&mut self, error: &ScanError) -> JsonError {
        let at = self.byte(*error.marker());
        self.error(at, error.info())
    }

    fn count(&mut self, at: usize) -> Result<(), JsonError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(JsonError::TooMany { place: Place::of(self.text, at), limit: MAX_VALUES });
        }
        Ok(())
    }

    fn enter(
        &mut self,
        at: usize,
        stack: &mut Vec<Open<'a>>,
        open: Open<'a>,
    ) -> Result<(), JsonError> {
        self.count(at)?;
        if stack.len() >= MAX_DEPTH {
            return Err(JsonError::TooDeep { place: Place::of(self.text, at), limit: MAX_DEPTH });
        }
        stack.push(open);
        Ok(())
    }

    fn close(&self, open: Open<'a>) -> Result<Json<'a>, JsonError> {
        match open {
            Open::List { at, elements } => Ok(Json { at, value: Value::Array(elements) }),
            Open::Map { at, members, .. } => {
                let mut seen: HashMap<&str, usize> = HashMap::with_capacity(members.len());
                for member in &members {
                    if let Some(first) = seen.insert(&member.key, member.key_at) {
                        return Err(JsonError::DuplicateKey {
                            key: member.key.to_string(),
                            place: Place::of(self.text, member.key_at),
                            first: Place::of(self.text, first),
                        });
                    }
                }
                Ok(Json { at, value: Value::Object(Object::new(members)) })
            }
        }
    }

    /// A scalar by the core schema of YAML 1.2.
    fn scalar(
        &mut self,
        at: usize,
        said: String,
        style: TScalarStyle,
    ) -> Result<Json<'a>, JsonError> {
        self.count(at)?;
        let value = match said.as_str() {
            _ if style != TScalarStyle::Plain => Value::String(said.into()),
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            ".nan" | ".NaN" | ".NAN" => Value::NonFinite("NaN"),
            ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::NonFinite("Infinity"),
            "-.inf" | "-.Inf" | "-.INF" => Value::NonFinite("-Infinity"),
            plain => {
                let written = self
                    .text
                    .get(at..)
                    .and_then(|rest| rest.get(..plain.len()))
                    .filter(|w| *w == plain);
                written
                    .and_then(Number::parse)
                    .map_or_else(|| Value::String(said.clone().into()), Value::Number)
            }
        };
        Ok(Json { at, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_read_as_the_json_it_stands_for() {
        let text = "---\nmödel-index:\n- name: x\n  v: 0.910\n  w: '0.91'\n  u: .nan\n  t: [1, yes, ~]\n---\n# Model\n";
        let json = front_matter(text).unwrap();
        let one = json.get("mödel-index").and_then(|list| list.as_array()?.first()).unwrap();
        assert_eq!(one.get("v").unwrap().as_number().unwrap().text(), "0.910");
        assert_eq!(Place::of(text, one.get("v").unwrap().at), Place { line: 4, column: 6 });
        assert_eq!(one.get("w").unwrap().as_str(), Some("0.91"));
        assert_eq!(one.get("u").unwrap().value, Value::NonFinite("NaN"));
        assert_eq!(one.get("t").unwrap().as_array().unwrap()[1].as_str(), Some("yes"));
    }

    #[test]
    fn bombs_duplicates_and_depth_are_refused_with_a_place() {
        for (yaml, says) in [
            ("a: &x [1]\nb: *x\n", "anchor"),
            ("a: !!python/object:os.system x\n", "tag"),
            ("a: 1\nb: 2\na: 3\n", "given twice"),
            ("a: [1, 2\n", "YAML"),
            (&"[".repeat(500), "recursion limit"),
            (&format!("{}x", "- ".repeat(200)), "nested deeper"),
        ] {
            let text = format!("---\n{yaml}\n---\n");
            let error = front_matter(&text).unwrap_err().to_string();
            assert!(error.contains(says) && error.starts_with("line "), "{yaml:.20}: {error}");
        }
        assert!(front_matter("---\na: 1\n").is_err());
    }
}
