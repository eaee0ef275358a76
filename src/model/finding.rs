//! What one rule said of one slice.

use super::{Against, Digest, Slice, Unit};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The answer of one rule for one slice. Only `pass`, `waived` and `skipped` let a release through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The bound clears the limit.
    Pass,
    /// The opposite bound breaks the limit.
    Fail,
    /// The evidence does not settle it.
    Inconclusive,
    /// Nothing answers the rule.
    Missing,
    /// The rule or its evidence is in error.
    Error,
    /// A waiver stands in for a pass.
    Waived,
    /// The rule's `when` does not hold.
    Skipped,
}

impl Status {
    /// The word in JSON, SQL and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Missing => "missing",
            Self::Error => "error",
            Self::Waived => "waived",
            Self::Skipped => "skipped",
        }
    }

    /// Whether a release may go through with this answer.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Pass | Self::Waived | Self::Skipped)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a rule that does not hold stops the release.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does.
    #[default]
    Block,
    /// It is shown, and does not.
    Warn,
}

/// A comparison that a rule makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Op {
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
}

/// What a rule requires of the value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Required {
    /// The comparison.
    pub op: Op,
    /// The limit, in the finding's unit.
    pub value: f64,
}

/// What one rule said of one slice. Numbers are in `unit`, derived ones rounded to 12 significant digits; what is
/// not known is `None`, never NaN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The policy's name.
    pub policy: String,
    /// The rule's id; `evidence.*` for the requirements of `[evidence]`.
    pub rule: String,
    /// The answer.
    pub status: Status,
    /// Whether it stops the release.
    pub severity: Severity,
    /// The metric or check that the rule is about.
    pub metric: Option<String>,
    /// The quantile, for latencies.
    pub quantile: Option<f64>,
    /// The unit of every number here.
    pub unit: Option<Unit>,
    /// The group.
    pub slice: Slice,
    /// The point estimate.
    pub observed: Option<f64>,
    /// The lower one-sided bound.
    pub lower: Option<f64>,
    /// The upper one-sided bound.
    pub upper: Option<f64>,
    /// What the rule requires.
    pub required: Option<Required>,
    /// Rows.
    pub n: Option<u64>,
    /// The proportion's denominator.
    pub trials: Option<u64>,
    /// The proportion's numerator.
    pub successes: Option<u64>,
    /// How the bounds were computed.
    pub method: Option<String>,
    /// Their one-sided confidence.
    pub confidence: Option<f64>,
    /// Further samples that would settle it at the observed rate with power 0.8; `None` if none would.
    pub samples_needed: Option<u64>,
    /// Failures allowed at that size.
    pub allowed_failures: Option<u64>,
    /// The attributes whose groups are compared: `sex`, `sex × age_band`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The rates that were compared, group by group; too small groups among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRate>,
    /// With whom the value is compared; then `observed` and the bounds are those of the difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
    /// The candidate's own value in a comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The baseline's value in a comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// How many artifacts were held against the same data set under this policy, this one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u64>,
    /// The documents it was read from.
    pub evidence: Vec<Digest>,
    /// The answer as a sentence.
    pub message: String,
}

/// A rate of one group, among the rates that a finding compares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupRate {
    /// Which rate.
    pub metric: String,
    /// The group.
    pub slice: Slice,
    /// Its value; `None` where it is undefined.
    pub rate: Option<f64>,
    /// Its denominator.
    pub trials: Option<u64>,
    /// Its numerator, where known.
    pub successes: Option<u64>,
    /// Its ratio to the highest rate, for impact ratios; `None` for groups that are left out of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
}

impl Finding {
    /// The answer of `rule` in `policy`, with nothing else known: it blocks, and is about the whole data set.
    pub fn new(policy: &str, rule: &str, status: Status) -> Self {
        Self {
            policy: policy.to_owned(),
            rule: rule.to_owned(),
            status,
            severity: Severity::Block,
            metric: None,
            quantile: None,
            unit: None,
            slice: Slice::overall(),
            observed: None,
            lower: None,
            upper: None,
            required: None,
            n: None,
            trials: None,
            successes: None,
            method: None,
            confidence: None,
            samples_needed: None,
            allowed_failures: None,
            by: None,
            groups: Vec::new(),
            against: None,
            value: None,
            baseline: None,
            tries: None,
            evidence: Vec::new(),
            message: String::new(),
        }
    }
}
