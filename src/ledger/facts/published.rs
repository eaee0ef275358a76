//! What a namespace published under a name.

use super::{Document, Fact};
use crate::model::{Digest, Person, Timestamp};
use serde::{Deserialize, Serialize};

/// A policy is the current one of its name. Version 1 of this fact is the policy itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyPublished {
    /// Its name.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Who published it.
    pub published_by: Person,
    /// When.
    pub published_at: Timestamp,
}

/// A mapping is the current one of its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingPublished {
    /// Its name.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Who published it.
    pub published_by: Person,
    /// When.
    pub published_at: Timestamp,
}

/// A data set has a name, permanently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetRegistered {
    /// Its name.
    pub name: String,
    /// The digest of the upload with its rows.
    pub digest: Digest,
    /// The column that rows are joined on.
    pub id: String,
    /// The column of labels.
    pub label: Option<String>,
    /// The columns of groups.
    pub groups: Vec<String>,
    /// Who registered it.
    pub registered_by: Person,
    /// When.
    pub registered_at: Timestamp,
}

impl Document for PolicyPublished {
    const FACT: Fact = Fact::PolicyPublished;

    fn subject(&self) -> &str {
        &self.name
    }
}

impl Document for MappingPublished {
    const FACT: Fact = Fact::MappingPublished;

    fn subject(&self) -> &str {
        &self.name
    }
}

impl Document for DatasetRegistered {
    const FACT: Fact = Fact::DatasetRegistered;

    fn subject(&self) -> &str {
        &self.name
    }
}
