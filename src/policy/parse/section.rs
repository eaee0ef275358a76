//! Reads one TOML table: typed fields, each mistake reported at its place.

use crate::policy::diagnostic::{Collector, listed, nearest, quote, suggest};
use std::{collections::BTreeSet, ops::Range};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A value and its position.
#[derive(Debug, Clone)]
pub(in crate::policy) struct At<T> {
    pub(in crate::policy) value: T,
    pub(in crate::policy) span: Range<usize>,
}

/// One table of the text.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Section<'t> {
    table: &'t DeTable<'t>,
    /// The position of the table's header.
    pub(in crate::policy) span: Range<usize>,
    /// The name in messages: `[evidence]`, "this rule".
    pub(in crate::policy) name: &'static str,
}

type Value<'t> = &'t Spanned<DeValue<'t>>;

impl<'t> Section<'t> {
    pub(in crate::policy) fn new(
        table: &'t DeTable<'t>,
        span: Range<usize>,
        name: &'static str,
    ) -> Self {
        Self { table, span, name }
    }

    /// Reports every key that is not in `known`.
    pub(in crate::policy) fn only(&self, found: &mut Collector<'_>, known: &[&str]) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let help = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("{} can have {}", self.name, listed(known)),
                };
                found.help(
                    "unknown-key",
                    key.span(),
                    format!("{} has no key {}", self.name, quote(name)),
                    help,
                );
            }
        }
    }

    /// Every key with its value, in the order of the text.
    pub(in crate::policy) fn entries(&self) -> Vec<(At<&'t str>, Value<'t>)> {
        let entry = |(key, value): (&'t Spanned<std::borrow::Cow<'t, str>>, Value<'t>)| {
            (At { value: &**key.get_ref(), span: key.span() }, value)
        };
        let mut list: Vec<_> = self.table.iter().map(entry).collect();
        list.sort_by_key(|(key, _)| key.span.start);
        list
    }

    pub(in crate::policy) fn get(&self, key: &str) -> Option<Value<'t>> {
        self.table.get(key)
    }

    pub(in crate::policy) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The position of `key`, or else of the section.
    pub(in crate::policy) fn place(&self, key: &str) -> Range<usize> {
        let found = self.table.keys().find(|k| k.get_ref() == key);
        found.map_or_else(|| self.span.clone(), Spanned::span)
    }

    /// A text that is required and not empty.
    pub(in crate::policy) fn required(
        &self,
        found: &mut Collector<'_>,
        key: &str,
        example: &str,
    ) -> Option<At<&'t str>> {
        if !self.has(key) {
            let message = format!("{} needs `{key}`", self.name);
            found.help(
                "missing-key",
                self.span.clone(),
                message,
                format!("add `{key} = {example}`"),
            );
            return None;
        }
        self.text(found, key)
    }

    /// An optional text that is not empty.
    pub(in crate::policy) fn text(
        &self,
        found: &mut Collector<'_>,
        key: &str,
    ) -> Option<At<&'t str>> {
        let text = text(found, key, self.get(key)?)?;
        if text.value.trim().is_empty() {
            found.add("empty", text.span, format!("`{key}` is empty"));
            return None;
        }
        Some(text)
    }

    /// One of these words; `None` if absent or invalid.
    pub(in crate::policy) fn word(
        &self,
        found: &mut Collector<'_>,
        key: &str,
        words: &[&'static str],
    ) -> Option<&'static str> {
        let text = text(found, key, self.get(key)?)?;
        let known = words.iter().find(|w| **w == text.value).copied();
        if known.is_none() {
            let message = format!("`{key}` cannot be {}", quote(text.value));
            found.help("unknown-word", text.span, message, suggest(text.value, words));
        }
        known
    }

    /// A list of texts without empty ones and duplicates. An empty list is a mistake, because it
    /// requires nothing.
    pub(in crate::policy) fn texts(
        &self,
        found: &mut Collector<'_>,
        key: &str,
    ) -> Option<Vec<At<&'t str>>> {
        let value = self.get(key)?;
        let list = texts(found, key, value)?;
        if list.is_empty() {
            found.help(
                "empty",
                value.span(),
                format!("`{key}` is empty"),
                "leave out the key, or list at least one value",
            );
        }
        Some(list)
    }

    /// A finite number.
    pub(in crate::policy) fn number(
        &self,
        found: &mut Collector<'_>,
        key: &str,
    ) -> Option<At<f64>> {
        let value = self.get(key)?;
        let number = finite(value.get_ref());
        match number {
            Some(number) => Some(At { value: number, span: value.span() }),
            None if matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_)) => {
                found.add("out-of-range", value.span(), format!("`{key}` is not a finite number"));
                None
            }
            None => wrong_type(found, key, "a number", value),
        }
    }

    /// A whole number of at least 0.
    pub(in crate::policy) fn count(&self, found: &mut Collector<'_>, key: &str) -> Option<At<u64>> {
        let value = self.get(key)?;
        let DeValue::Integer(digits) = value.get_ref() else {
            return wrong_type(found, key, "a whole number", value);
        };
        match u64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(count) if count <= 1 << 53 => Some(At { value: count, span: value.span() }),
            _ => {
                found.add(
                    "out-of-range",
                    value.span(),
                    format!("`{key}` must be a whole number from 0 to 2^53"),
                );
                None
            }
        }
    }

    /// A boolean.
    pub(in crate::policy) fn boolean(&self, found: &mut Collector<'_>, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(answer) => Some(*answer),
            _ => wrong_type(found, key, "true or false", value),
        }
    }

    /// A table.
    pub(in crate::policy) fn table(
        &self,
        found: &mut Collector<'_>,
        key: &str,
        name: &'static str,
    ) -> Option<Section<'t>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Section::new(table, value.span(), name)),
            _ => wrong_type(found, key, "a table", value),
        }
    }

    /// A list of tables: `[[key]]`.
    pub(in crate::policy) fn tables(
        &self,
        found: &mut Collector<'_>,
        key: &str,
        name: &'static str,
    ) -> Vec<Section<'t>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(list) = value.get_ref() else {
            let message =
                format!("`{key}` must be a list of tables, found {}", kind(value.get_ref()));
            found.help(
                "wrong-type",
                value.span(),
                message,
                format!("write `[[{key}]]` above each"),
            );
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in list {
            match item.get_ref() {
                DeValue::Table(table) => out.push(Section::new(table, item.span(), name)),
                _ => drop(wrong_type::<()>(found, key, "a list of tables", item)),
            }
        }
        out
    }
}

/// The number in `value`, if it is a finite number.
pub(in crate::policy) fn finite(value: &DeValue<'_>) -> Option<f64> {
    let number: f64 = match value {
        DeValue::Integer(digits) if digits.radix() == 10 => digits.as_str().parse().ok()?,
        DeValue::Float(digits) => digits.as_str().parse().ok()?,
        _ => return None,
    };
    Some(number).filter(|n| n.is_finite())
}

/// `value` as text.
pub(in crate::policy) fn text<'t>(
    found: &mut Collector<'_>,
    key: &str,
    value: Value<'t>,
) -> Option<At<&'t str>> {
    match value.get_ref() {
        DeValue::String(text) => Some(At { value: &**text, span: value.span() }),
        _ => wrong_type(found, key, "text in quotes", value),
    }
}

/// `value` as a list of texts without empty ones and duplicates.
pub(in crate::policy) fn texts<'t>(
    found: &mut Collector<'_>,
    key: &str,
    value: Value<'t>,
) -> Option<Vec<At<&'t str>>> {
    let DeValue::Array(list) = value.get_ref() else {
        return wrong_type(found, key, "a list of texts", value);
    };
    let mut out: Vec<At<&str>> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for item in list {
        let Some(text) = text(found, key, item) else { continue };
        if text.value.trim().is_empty() {
            found.add("empty", text.span, format!("`{key}` contains an empty text"));
        } else if !seen.insert(text.value) {
            found.add("duplicate", text.span, format!("{} is in `{key}` twice", quote(text.value)));
        } else {
            out.push(text);
        }
    }
    Some(out)
}

pub(in crate::policy) fn wrong_type<T>(
    found: &mut Collector<'_>,
    key: &str,
    wanted: &str,
    value: Value<'_>,
) -> Option<T> {
    let got = kind(value.get_ref());
    found.add("wrong-type", value.span(), format!("`{key}` must be {wanted}, found {got}"));
    None
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
