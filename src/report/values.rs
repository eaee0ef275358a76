//! The small values that every page and document shows: moments, digests, links of keys and values.

use crate::model::{Digest, Timestamp};
use serde::Serialize;

/// A moment, for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// RFC 3339, as `<time datetime>` takes it.
    pub iso: String,
    /// `2026-11-20 12:00 UTC`.
    pub text: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let iso = at.to_string();
        let text = match (iso.get(..10), iso.get(10..11), iso.get(11..16)) {
            (Some(day), Some("T"), Some(minute)) => format!("{day} {minute} UTC"),
            _ => iso.clone(),
        };
        Self { iso, text }
    }
}

/// A digest, whole and short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hash {
    /// `sha256:` and 64 hex digits.
    pub full: String,
    /// The first twelve hex digits.
    pub short: String,
}

impl From<&Digest> for Hash {
    fn from(digest: &Digest) -> Self {
        Self { full: digest.to_string(), short: digest.hex().chars().take(12).collect() }
    }
}

/// A name and its value, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The name.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Pair {
    /// A name and its value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

/// `1 rule`, `2 rules`: a count and its noun.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    let digits = crate::model::number::grouped(u64::try_from(count).unwrap_or(u64::MAX));
    format!("{digits} {}", if count == 1 { one } else { many })
}

/// Texts as a sentence lists them: `a`, `a and b`, `a, b and c`.
pub fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_to_the_minute_in_utc() {
        let moment = Moment::from("2026-11-20T13:00:59.5+01:00".parse::<Timestamp>().unwrap());
        assert_eq!(
            (moment.text.as_str(), moment.iso.as_str()),
            ("2026-11-20 12:00 UTC", "2026-11-20T12:00:59.5Z")
        );
        assert!(Moment::from(Timestamp::from_micros(i64::MAX)).text.ends_with("us"));
    }

    #[test]
    fn lists_and_counts_read_as_sentences() {
        assert_eq!(listed(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(
            (counted(1, "rule", "rules"), counted(1200, "rule", "rules")),
            ("1 rule".into(), "1,200 rules".into())
        );
    }
}
