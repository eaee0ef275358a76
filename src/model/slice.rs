//! The group that a measurement applies to.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// The group that a measurement applies to: `{}` is the whole data set, `{"sex":"female"}` is one
/// group of one attribute. Values are opaque text and can be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slice(pub BTreeMap<String, String>);

impl Slice {
    /// The whole data set.
    pub fn overall() -> Self {
        Self::default()
    }

    /// The group where `key` has the value `value`.
    pub fn one(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self(BTreeMap::from([(key.into(), value.into())]))
    }

    /// Whether this is the whole data set.
    pub fn is_overall(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Slice {
    /// `overall`, or `sex = female, region = north`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_overall() {
            return f.write_str("overall");
        }
        for (i, (key, value)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{key} = {value}")?;
        }
        Ok(())
    }
}
