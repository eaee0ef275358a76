//! What a decision was made for.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a decision was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// The request of the release.
    Submission,
    /// A person's approval or rejection.
    Approval,
    /// A waiver that was given, or that expired.
    Waiver,
    /// The time that an allow is valid for, or that evidence may be old.
    Schedule,
    /// What monitoring observed of the released model.
    Monitor,
    /// A policy, the champion, the reference or the engine, which changed.
    Policy,
    /// A person who asked for it.
    Person,
}

impl Trigger {
    /// The word in JSON and on pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submission => "submission",
            Self::Approval => "approval",
            Self::Waiver => "waiver",
            Self::Schedule => "schedule",
            Self::Monitor => "monitor",
            Self::Policy => "policy",
            Self::Person => "person",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
