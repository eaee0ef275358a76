//! The values of a JSON document.

use super::number::Number;
use std::borrow::Cow;

/// A value and where it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Json<'a> {
    /// The byte where it starts; [`Place::of`](super::Place::of) converts it to a line and a column.
    pub at: usize,
    /// The value itself.
    pub value: Value<'a>,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number that a double can hold.
    Number(Number<'a>),
    /// `NaN`, `Infinity`, `-Infinity`, or a number beyond the range of a double such as `1e999`, as written.
    NonFinite(&'a str),
    /// Text.
    String(Cow<'a, str>),
    /// A list.
    Array(Vec<Json<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// An object: its members in the order of the file, no key twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object<'a> {
    members: Vec<Member<'a>>,
}

/// One key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Member<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// The byte where the key starts.
    pub key_at: usize,
    /// The value.
    pub value: Json<'a>,
}

impl<'a> Object<'a> {
    /// An object with these members. The caller guarantees that the keys differ.
    pub(in crate::evidence) const fn new(members: Vec<Member<'a>>) -> Self {
        Self { members }
    }

    /// The value of `key`. Takes time linear in the number of members: to read many keys, go through [`Self::iter`].
    pub fn get(&self, key: &str) -> Option<&Json<'a>> {
        self.members.iter().find(|m| m.key == key).map(|m| &m.value)
    }

    /// Whether there is such a key.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The text of `key`, unless it is empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Json::as_str).filter(|text| !text.is_empty())
    }

    /// The members, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Member<'a>> {
        self.members.iter()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl<'o, 'a> IntoIterator for &'o Object<'a> {
    type Item = &'o Member<'a>;
    type IntoIter = std::slice::Iter<'o, Member<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> Json<'a> {
    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        if let Value::Object(object) = &self.value { Some(object) } else { None }
    }

    /// The elements, if it is a list.
    pub fn as_array(&self) -> Option<&[Json<'a>]> {
        if let Value::Array(elements) = &self.value { Some(elements) } else { None }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The number, if it is a finite one.
    pub fn as_number(&self) -> Option<Number<'a>> {
        if let Value::Number(number) = self.value { Some(number) } else { None }
    }

    /// The value of `key`, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Json<'a>> {
        self.as_object().and_then(|object| object.get(key))
    }

    /// The value at the end of a path of keys.
    pub fn at_path(&self, path: &[&str]) -> Option<&Json<'a>> {
        path.iter().try_fold(self, |json, key| json.get(key))
    }

    /// The text of `key`, unless it is empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.as_object().and_then(|object| object.text(key))
    }

    /// Every finite number below it, and itself if it is one, in no particular order.
    pub fn numbers(&self) -> Vec<Number<'a>> {
        let (mut numbers, mut open) = (Vec::new(), vec![self]);
        while let Some(json) = open.pop() {
            match &json.value {
                Value::Number(number) => numbers.push(*number),
                Value::Array(list) => open.extend(list),
                Value::Object(object) => open.extend(object.iter().map(|member| &member.value)),
                Value::Null | Value::Bool(_) | Value::NonFinite(_) | Value::String(_) => {}
            }
        }
        numbers
    }

    /// What it is, as a sentence names it: `a number`.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(true) => "true",
            Value::Bool(false) => "false",
            Value::Number(_) => "a number",
            Value::NonFinite(_) => "not a finite number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}
