//! The reference: proposed by one person, approved by another.

use super::{Document, Fact};
use crate::model::{Digest, Environment, ModelId, Person, ReleaseId, Timestamp};
use serde::{Deserialize, Serialize};

/// A person proposed to pin an artifact as the reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceProposed {
    /// The proposal's id.
    pub proposal: String,
    /// The model.
    pub model: ModelId,
    /// The environment in which it is the reference.
    pub environment: Environment,
    /// The artifact.
    pub artifact: Digest,
    /// The release that allowed it there.
    pub release: ReleaseId,
    /// The reason.
    pub comment: String,
    /// Who proposed it.
    pub proposed_by: Person,
    /// When.
    pub proposed_at: Timestamp,
}

/// Another person approved the proposal: the artifact is the reference from this entry on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceApproved {
    /// The proposal's id.
    pub proposal: String,
    /// The model.
    pub model: ModelId,
    /// The environment.
    pub environment: Environment,
    /// The artifact.
    pub artifact: Digest,
    /// The approver's comment.
    pub comment: String,
    /// The approver.
    pub approved_by: Person,
    /// The roles that they held.
    pub roles: Vec<String>,
    /// When.
    pub approved_at: Timestamp,
}

impl Document for ReferenceProposed {
    const FACT: Fact = Fact::ReferenceProposed;

    fn subject(&self) -> &str {
        &self.proposal
    }
}

impl Document for ReferenceApproved {
    const FACT: Fact = Fact::ReferenceApproved;

    fn subject(&self) -> &str {
        &self.proposal
    }
}
