//! The verdict: the same JSON in `check`, `gate`, the API and the record.

use super::{Digest, Environment, Finding, ModelId, Namespace, Severity, Status, Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The outcome of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The artifact can be released to the environment.
    Allow,
    /// The artifact cannot be released to the environment.
    Deny,
    /// Every rule holds, but approvals are missing.
    Pending,
    /// It was allowed, but no longer is.
    Revoked,
}

impl Outcome {
    /// Every outcome, in the order in which lists show them.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Deny, Self::Pending, Self::Revoked];

    /// The word in JSON, SQL and on pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Pending => "pending",
            Self::Revoked => "revoked",
        }
    }
}

/// The text is not the word of an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no verdict; it must be allow, deny, pending or revoked")]
pub struct UnknownOutcome(String);

impl std::str::FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(word: &str) -> Result<Self, UnknownOutcome> {
        let known = Self::ALL.into_iter().find(|outcome| outcome.as_str() == word);
        known.ok_or_else(|| UnknownOutcome(word.to_owned()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a policy blocks releases or only observes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It blocks.
    #[default]
    Enforce,
    /// It is recorded and shown, and never blocks.
    Observe,
}

/// The setting of a namespace for an environment in which policies only observe and none enforces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObserveOnly {
    /// Every release is denied there.
    #[default]
    Deny,
    /// Every release is allowed there, because no policy has to enforce there yet.
    Allow,
}

/// The observe-only settings, by namespace and environment.
pub type ObserveOnlyBy = BTreeMap<Namespace, BTreeMap<Environment, ObserveOnly>>;

/// A policy that was applied, as the verdict lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySummary {
    /// Its name.
    pub name: String,
    /// The digest of its TOML bytes.
    pub digest: Digest,
    /// Whether it blocks.
    pub mode: Mode,
}

/// The progress of one approval requirement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalCount {
    /// The policy that requires it.
    pub policy: String,
    /// The id of the requirement in that policy.
    pub id: String,
    /// The role that can approve.
    pub role: String,
    /// How many people are needed.
    pub needed: u64,
    /// The number of counted approvals, at most as many as are needed.
    pub given: u64,
    /// How many rejected; one is enough to deny.
    pub rejected: u64,
    /// The stable ids of the people whose approvals are counted here; each person serves one
    /// requirement of a policy. Empty if an earlier engine counted.
    pub people: Vec<String>,
    /// The moment from which the approvals are too few, if they expire. Only if the requirement is
    /// met.
    pub until: Option<Timestamp>,
}

impl ApprovalCount {
    /// `1 of 2 people with the role model-risk approved`.
    pub fn sentence(&self) -> String {
        let noun = if self.needed == 1 { "person" } else { "people" };
        format!(
            "{} of {} {noun} with the role {} approved",
            self.given.min(self.needed),
            self.needed,
            self.role
        )
    }
}

/// The engine that computed the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// The number of its semantics.
    pub semantics: u32,
}

/// The verdict on one release.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What was decided.
    pub verdict: Outcome,
    /// The model, if given.
    pub model: Option<ModelId>,
    /// The artifact, if given.
    pub artifact: Option<Digest>,
    /// The environment, if given.
    pub environment: Option<Environment>,
    /// The digest of all inputs.
    pub inputs_digest: Digest,
    /// The policies that were applied.
    pub policies: Vec<PolicySummary>,
    /// The results of all rules, in the order of the policies' files.
    pub findings: Vec<Finding>,
    /// The progress of every approval requirement.
    pub approvals: Vec<ApprovalCount>,
    /// The engine that computed the verdict.
    pub engine: Engine,
}

/// The rule id of the finding that reports that no policy enforces. It belongs to no policy.
pub const NO_POLICY: &str = "no-policy";

impl Verdict {
    /// Whether any policy enforces, so that an allow is backed by a rule.
    pub fn is_enforced(&self) -> bool {
        self.policies.iter().any(|p| p.mode == Mode::Enforce)
    }

    /// The number of rules in observing policies that would have blocked this release.
    pub fn observed_to_fail(&self) -> usize {
        let rules: BTreeSet<(&str, &str)> =
            self.observed_failures().map(|f| (f.policy.as_str(), f.rule.as_str())).collect();
        rules.len()
    }

    /// The findings of observing policies that would block this release if those enforced.
    pub fn observed_failures(&self) -> impl Iterator<Item = &Finding> {
        let observing =
            |name: &str| self.policies.iter().any(|p| p.name == name && p.mode == Mode::Observe);
        self.findings.iter().filter(move |f| {
            f.severity == Severity::Block && !f.status.holds() && observing(&f.policy)
        })
    }

    /// Whether `finding` blocks this release: it is blocking, it does not hold, and its policy
    /// enforces.
    pub fn is_blocking(&self, finding: &Finding) -> bool {
        let observed = |p: &PolicySummary| p.name == finding.policy && p.mode == Mode::Observe;
        finding.severity == Severity::Block
            && !finding.status.holds()
            && !self.policies.iter().any(observed)
    }

    /// The findings that block this release.
    pub fn blocking(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| self.is_blocking(f))
    }

    /// Whether a person with a required role rejected it.
    pub fn is_rejected(&self) -> bool {
        self.approvals.iter().any(|a| a.rejected > 0)
    }

    /// Everyone whose approval is counted, each once, even if they serve several requirements.
    /// Empty if an earlier engine counted.
    pub fn people(&self) -> BTreeSet<&str> {
        self.approvals.iter().flat_map(|a| a.people.iter().map(String::as_str)).collect()
    }

    /// The moment from which an allow has too few approvals, if they expire. Unknown if an earlier
    /// engine counted.
    pub fn until(&self) -> Option<Timestamp> {
        self.approvals.iter().filter_map(|a| a.until).min()
    }

    /// The exit code that every command uses for this verdict: 0 allow; 1 denied because of a
    /// `fail`, an `error` or a rejection, or revoked; 3 pending; 4 denied for any other reason.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Outcome::Allow => 0,
            Outcome::Pending => 3,
            Outcome::Revoked => 1,
            Outcome::Deny => {
                let broken = |f: &Finding| matches!(f.status, Status::Fail | Status::Error);
                if self.is_rejected() || self.blocking().any(broken) { 1 } else { 4 }
            }
        }
    }
}
