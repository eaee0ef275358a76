//! The result of one rule for one slice.

use super::{Against, Digest, Slice, Unit};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The status of one rule for one slice. Only `pass`, `waived` and `skipped` let a release through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The bound clears the limit.
    Pass,
    /// The opposite bound breaks the limit.
    Fail,
    /// The evidence is too weak to decide.
    Inconclusive,
    /// No evidence answers the rule.
    Missing,
    /// The rule or its evidence is invalid.
    Error,
    /// A waiver replaces the pass.
    Waived,
    /// The rule's `when` does not hold.
    Skipped,
}

impl Status {
    /// The word in JSON, SQL and on pages.
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

    /// Whether this status lets a release through.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Pass | Self::Waived | Self::Skipped)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a rule that does not hold blocks the release.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It blocks the release.
    #[default]
    Block,
    /// It is shown, but does not block.
    Warn,
}

/// The comparison operator of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Op {
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
}

/// What a rule requires of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Required {
    /// The operator.
    pub op: Op,
    /// The limit, in the finding's unit.
    pub value: f64,
}

/// The result of one rule for one slice. Numbers are in `unit`; derived numbers are rounded to 12
/// significant digits. An unknown number is `None`, never NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The policy's name.
    pub policy: String,
    /// The rule's id; `evidence.*` for the requirements in `[evidence]`.
    pub rule: String,
    /// The status.
    pub status: Status,
    /// Whether it blocks the release.
    pub severity: Severity,
    /// The metric or check of the rule.
    pub metric: Option<String>,
    /// The quantile, for latencies.
    pub quantile: Option<f64>,
    /// The unit of every number in this finding.
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
    /// The number of rows.
    pub n: Option<u64>,
    /// The denominator of the proportion.
    pub trials: Option<u64>,
    /// The numerator of the proportion.
    pub successes: Option<u64>,
    /// The method that computed the bounds.
    pub method: Option<String>,
    /// Whether the method is approximate: right by simulation, not by a proof.
    pub approximate: bool,
    /// How many events the number rests on: the trials of a share; for other metrics the rows of
    /// the rarest class that they depend on, as many as independent rows would be.
    pub events: Option<u64>,
    /// The one-sided confidence of the bounds.
    pub confidence: Option<f64>,
    /// Further samples that would settle the rule at the observed rate with power 0.8; `None` if no
    /// number of samples would.
    pub samples_needed: Option<u64>,
    /// The number of failures allowed with that many samples.
    pub allowed_failures: Option<u64>,
    /// The attributes whose groups are compared: `sex`, `sex × age_band`.
    pub by: Option<String>,
    /// The compared rates, group by group; includes groups that are too small.
    pub groups: Vec<GroupRate>,
    /// The artifact that the value is compared with; then `observed` and the bounds describe the
    /// difference.
    pub against: Option<Against>,
    /// The candidate's own value in a comparison.
    pub value: Option<f64>,
    /// The baseline's value in a comparison.
    pub baseline: Option<f64>,
    /// How many artifacts were evaluated on the same data set under this policy, this one included.
    pub tries: Option<u64>,
    /// The digests of the documents that were read.
    pub evidence: Vec<Digest>,
    /// The result as a sentence.
    pub message: String,
}

/// The rate of one group, among the rates that a finding compares.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRate {
    /// The metric of the rate.
    pub metric: String,
    /// The group.
    pub slice: Slice,
    /// The rate; `None` if it is undefined.
    pub rate: Option<f64>,
    /// The denominator of the rate.
    pub trials: Option<u64>,
    /// The numerator of the rate, if known.
    pub successes: Option<u64>,
    /// The ratio to the highest rate, for impact ratios; `None` for groups that the comparison
    /// leaves out.
    pub ratio: Option<f64>,
}

impl Finding {
    /// A finding of `rule` in `policy` with every other field empty: it blocks, and it is about the
    /// whole data set.
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
            approximate: false,
            events: None,
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
