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
    pub const fn overall() -> Self {
        Self(BTreeMap::new())
    }

    /// The group where `key` has the value `value`.
    pub fn one(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self(BTreeMap::from([(key.into(), value.into())]))
    }

    /// Appends the text of this slice, as `Display` writes it.
    pub fn push(&self, out: &mut String) {
        self.parts(|text| out.push_str(text));
    }

    /// Passes the parts of the text to `put`: `overall`, or `sex = female, region = north`.
    fn parts(&self, mut put: impl FnMut(&str)) {
        if self.is_overall() {
            put("overall");
        }
        for (i, (key, value)) in self.0.iter().enumerate() {
            if i > 0 {
                put(", ");
            }
            put(key);
            put(" = ");
            put(value);
        }
    }

    /// Whether this is the whole data set.
    pub fn is_overall(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Slice {
    /// `overall`, or `sex = female, region = north`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = Ok(());
        self.parts(|text| written = written.and_then(|()| f.write_str(text)));
        written
    }
}
