//! Names and identifiers. They are ASCII only, so that two different names cannot look the same.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr, sync::Arc};

/// The error for text that is not a valid name or identifier of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct IdError {
    text: String,
    wanted: &'static str,
}

fn refuse(text: &str, wanted: &'static str) -> IdError {
    IdError { text: text.chars().take(120).flat_map(char::escape_default).collect(), wanted }
}

fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.len() <= 100
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && text.bytes().all(inner)
}

fn is_namespace(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.len() <= 63 && is_name(text) && text.bytes().all(inner)
}

fn is_identifier(text: &str) -> bool {
    text.len() <= 64
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:path, $wanted:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                if $check(text) { Ok(Self(text.into())) } else { Err(refuse(text, $wanted)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

text_id! {
    /// A tenant: the first part of every model's name, and the owner of one log.
    Namespace, is_namespace, "a namespace: expected 1 to 63 of a-z, 0-9 and `-`, starting with a letter or digit"
}
text_id! {
    /// The target of a release: `staging`, `production`, …
    Environment, is_name, "an environment: expected 1 to 100 of A-Z, a-z, 0-9, `.`, `_` and `-`"
}
text_id! {
    /// A request to put one artifact into one environment.
    ReleaseId, is_identifier, "a release id"
}
text_id! {
    /// A signed verdict.
    DecisionId, is_identifier, "a decision id"
}
text_id! {
    /// One person's vote.
    ApprovalId, is_identifier, "an approval id"
}

/// A model: `namespace/name`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId {
    namespace: Namespace,
    name: Arc<str>,
}

impl ModelId {
    /// The tenant that owns the model.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The part after the slash.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for ModelId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error =
            || refuse(text, "a model: expected `namespace/name`, such as `acme/credit-risk`");
        let (namespace, name) = text.split_once('/').ok_or_else(error)?;
        if !is_name(name) {
            return Err(error());
        }
        Ok(Self { namespace: namespace.parse()?, name: name.into() })
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl fmt::Debug for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ModelId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ModelId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_a_namespace_and_a_name() {
        let model: ModelId = "acme/credit-risk_v2.1".parse().unwrap();
        assert_eq!((model.namespace().as_str(), model.name()), ("acme", "credit-risk_v2.1"));
        assert_eq!(model.to_string(), "acme/credit-risk_v2.1");
    }

    #[test]
    fn lookalikes_and_paths_are_refused() {
        for bad in [
            "acme",
            "acme/",
            "/x",
            "Acme/x",
            "acme/x/y",
            "acme/..",
            "acme/a b",
            "\u{430}cme/x",
            "acme/x\u{200b}",
            "acme/.x",
        ] {
            assert!(bad.parse::<ModelId>().is_err(), "{bad}");
        }
    }
}
