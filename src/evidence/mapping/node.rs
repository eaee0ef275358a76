//! JSON in the form that the path language needs: owned, with the place and the text of every
//! number.

use crate::evidence::json::{Json, Number, Value};
use jsonpath_rust::query::queryable::Queryable;

/// A value of a document, and the byte where it starts.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) value: Kind,
}

#[derive(Debug, Clone, Default)]
pub(super) enum Kind {
    #[default]
    Null,
    Bool(bool),
    /// A number as written, including NaN and infinities.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// The limits of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Values.
    pub(super) values: usize,
    /// Bytes of the paths to all values: a wildcard writes out the path to each, and the name of a
    /// parent once for each child.
    pub(super) paths: usize,
}

/// About how many bytes an index takes in a path.
const INDEX: usize = 8;

/// Filters compare values, regardless of where they are and how a number is written.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Bool(a), Kind::Bool(b)) => a == b,
            (Kind::Number(a), Kind::Number(b)) => {
                let number = |text: &str| Number::parse(text).map(Number::value);
                a == b || number(a).is_some_and(|a| Some(a) == number(b))
            }
            (Kind::Text(a), Kind::Text(b)) => a == b,
            (Kind::List(a), Kind::List(b)) => a == b,
            (Kind::Map(a), Kind::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(key, value)| other.get(key) == Some(value))
            }
            _ => false,
        }
    }
}

impl Node {
    /// The tree of `json`; `None` if it does not fit into `room`. `path` is the length of the path
    /// to it.
    pub(super) fn of(json: &Json<'_>, path: usize, room: &mut Room) -> Option<Self> {
        room.values = room.values.checked_sub(1)?;
        room.paths = room.paths.checked_sub(path)?;
        let value = match &json.value {
            Value::Null => Kind::Null,
            Value::Bool(b) => Kind::Bool(*b),
            Value::Number(number) => Kind::Number(number.text().to_owned()),
            Value::NonFinite(text) => Kind::Number((*text).to_owned()),
            Value::String(text) => Kind::Text(text.to_string()),
            Value::Array(list) => Kind::List(
                list.iter()
                    .map(|json| Self::of(json, path + INDEX, room))
                    .collect::<Option<_>>()?,
            ),
            Value::Object(object) => Kind::Map(
                object
                    .iter()
                    .map(|member| {
                        Some((
                            member.key.to_string(),
                            Self::of(&member.value, path + member.key.len() + INDEX, room)?,
                        ))
                    })
                    .collect::<Option<_>>()?,
            ),
        };
        Some(Self { at: json.at, value })
    }

    /// The text of a scalar, as a cell of a table would have it; `None` for lists, objects and
    /// null.
    pub(super) fn text(&self) -> Option<String> {
        match &self.value {
            Kind::Bool(b) => Some(b.to_string()),
            Kind::Number(text) | Kind::Text(text) => Some(text.clone()),
            Kind::Null | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// What it is, as a sentence names it.
    pub(super) const fn kind(&self) -> &'static str {
        match &self.value {
            Kind::Null => "null",
            Kind::Bool(_) => "true or false",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "an object",
        }
    }

    fn new(value: Kind) -> Self {
        Self { at: 0, value }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::new(Kind::Text(text.to_owned()))
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::new(Kind::Text(text))
    }
}

impl From<bool> for Node {
    fn from(b: bool) -> Self {
        Self::new(Kind::Bool(b))
    }
}

impl From<i64> for Node {
    fn from(number: i64) -> Self {
        Self::new(Kind::Number(number.to_string()))
    }
}

impl From<f64> for Node {
    fn from(number: f64) -> Self {
        Self::new(Kind::Number(number.to_string()))
    }
}

impl From<Vec<Self>> for Node {
    fn from(list: Vec<Self>) -> Self {
        Self::new(Kind::List(list))
    }
}

impl Queryable for Node {
    fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Kind::Map(members) => {
                members.iter().find(|(name, _)| name == key).map(|(_, node)| node)
            }
            _ => None,
        }
    }

    fn as_array(&self) -> Option<&Vec<Self>> {
        if let Kind::List(list) = &self.value { Some(list) } else { None }
    }

    fn as_object(&self) -> Option<Vec<(&str, &Self)>> {
        match &self.value {
            Kind::Map(members) => {
                Some(members.iter().map(|(name, node)| (name.as_str(), node)).collect())
            }
            _ => None,
        }
    }

    fn as_str(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.value { Some(text) } else { None }
    }

    fn as_i64(&self) -> Option<i64> {
        if let Kind::Number(text) = &self.value { text.parse().ok() } else { None }
    }

    fn as_f64(&self) -> Option<f64> {
        if let Kind::Number(text) = &self.value {
            Number::parse(text).map(Number::value)
        } else {
            None
        }
    }

    fn as_bool(&self) -> Option<bool> {
        if let Kind::Bool(b) = self.value { Some(b) } else { None }
    }

    fn null() -> Self {
        Self::default()
    }
}
