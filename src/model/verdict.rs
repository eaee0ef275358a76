//! The verdict: the same JSON in `check`, `gate`, the API and the record.

use super::{Digest, Environment, Finding, ModelId, Namespace, Severity, Status, Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The artifact may go to the environment.
    Allow,
    /// It may not.
    Deny,
    /// Every rule holds; approvals are missing.
    Pending,
    /// It was allowed, and is no longer.
    Revoked,
}

impl Outcome {
    /// The word in JSON, SQL and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Pending => "pending",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a policy blocks or only watches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It blocks.
    #[default]
    Enforce,
    /// It is recorded and shown, and never blocks.
    Observe,
}

/// What a namespace says of an environment in which no policy enforces, although some observe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObserveOnly {
    /// Nothing is released there.
    #[default]
    Deny,
    /// Everything is, as nothing has to be enforced there yet.
    Allow,
}

/// What the service was told of environments that no policy has to enforce yet, by namespace.
pub type ObserveOnlyBy = BTreeMap<Namespace, BTreeMap<Environment, ObserveOnly>>;

/// A policy that took part, as the verdict names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySummary {
    /// Its name.
    pub name: String,
    /// The digest of its TOML bytes.
    pub digest: Digest,
    /// Whether it blocks.
    pub mode: Mode,
}

/// How far one approval requirement is met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalCount {
    /// The policy that asks.
    pub policy: String,
    /// The requirement's id in it.
    pub id: String,
    /// The role that may answer.
    pub role: String,
    /// How many people are needed.
    pub needed: u64,
    /// How many people count here, at most as many as are needed.
    pub given: u64,
    /// How many rejected; one is enough to deny.
    pub rejected: u64,
    /// The stable ids of the people who count here; each serves one requirement of a policy. Empty where an earlier
    /// engine counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// The moment from which these approvals are too few, where they expire. Only where the requirement is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl ApprovalCount {
    /// `1 of 2 people with the role model-risk approved`.
    pub fn sentence(&self) -> String {
        let noun = if self.needed == 1 { "person" } else { "people" };
        format!("{} of {} {noun} with the role {} approved", self.given.min(self.needed), self.needed, self.role)
    }
}

/// The engine that judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// The number of its semantics.
    pub semantics: u32,
}

/// The verdict on one release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What was decided.
    pub verdict: Outcome,
    /// The model, where told.
    pub model: Option<ModelId>,
    /// The artifact, where told.
    pub artifact: Option<Digest>,
    /// The environment, where told.
    pub environment: Option<Environment>,
    /// The digest of everything that went in.
    pub inputs_digest: Digest,
    /// The policies that took part.
    pub policies: Vec<PolicySummary>,
    /// What every rule said, in the order of the policies' files.
    pub findings: Vec<Finding>,
    /// How far every approval requirement is met.
    pub approvals: Vec<ApprovalCount>,
    /// The engine that judged.
    pub engine: Engine,
}

/// The rule of the finding that says that no policy enforces. It belongs to no policy.
pub const NO_POLICY: &str = "no-policy";

impl Verdict {
    /// Whether any policy enforces, so that an allow vouches for something.
    pub fn is_enforced(&self) -> bool {
        self.policies.iter().any(|p| p.mode == Mode::Enforce)
    }

    /// How many rules of policies that only observe would have stopped this release.
    pub fn observed_to_fail(&self) -> usize {
        let observing = |name: &str| self.policies.iter().any(|p| p.name == name && p.mode == Mode::Observe);
        let fails = |f: &&Finding| f.severity == Severity::Block && !f.status.holds() && observing(&f.policy);
        let rules: BTreeSet<(&str, &str)> =
            self.findings.iter().filter(fails).map(|f| (f.policy.as_str(), f.rule.as_str())).collect();
        rules.len()
    }

    /// Whether `finding` stands in the way of this release: it blocks, it does not hold, its policy enforces.
    pub fn is_blocking(&self, finding: &Finding) -> bool {
        let observed = |p: &PolicySummary| p.name == finding.policy && p.mode == Mode::Observe;
        finding.severity == Severity::Block && !finding.status.holds() && !self.policies.iter().any(observed)
    }

    /// The findings that stand in the way.
    pub fn blocking(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| self.is_blocking(f))
    }

    /// Whether somebody whose role is asked for said no.
    pub fn is_rejected(&self) -> bool {
        self.approvals.iter().any(|a| a.rejected > 0)
    }

    /// Everybody whose approval counts, each once, however many requirements they serve. Empty where an earlier engine
    /// counted.
    pub fn people(&self) -> BTreeSet<&str> {
        self.approvals.iter().flat_map(|a| a.people.iter().map(String::as_str)).collect()
    }

    /// The moment from which the approvals of an allow are too few, where they expire. Unknown where an earlier engine
    /// counted.
    pub fn until(&self) -> Option<Timestamp> {
        self.approvals.iter().filter_map(|a| a.until).min()
    }

    /// The exit code that every command gives for this verdict: 0 allow; 1 denied by a `fail`, an `error` or a
    /// rejection, or revoked; 3 pending; 4 denied for any other reason.
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
