//! A policy as it is once read: nothing unknown, nothing impossible, conditions compiled.

use super::{condition::Condition, glob::Glob};
use crate::model::{Against, Age, Columns, Digest, Op, Severity, Slice, Unit, metric::Better, verdict::Mode};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// One policy. Immutable; share it as `Arc<Policy>`.
#[derive(Debug)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Whether it blocks.
    pub mode: Mode,
    /// What it is for: [`super::applies`].
    pub applies_to: AppliesTo,
    /// What it requires of the evidence as such.
    pub evidence: Requirements,
    /// How numbers are judged.
    pub statistics: Statistics,
    /// Declared groups, by attribute.
    pub groups: BTreeMap<String, Vec<String>>,
    /// The rules, in the file's order.
    pub rules: Vec<Rule>,
    /// What is recomputed from raw predictions, if anything.
    pub recompute: Option<Recompute>,
    /// Whose approval is needed, in the file's order.
    pub approvals: Vec<ApprovalRule>,
    /// By what it asks for more than is ever judged, if it does.
    pub over_budget: Option<String>,
    /// The text.
    pub source: Arc<str>,
}

/// Where a policy applies. An empty list is no restriction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppliesTo {
    /// Patterns of models.
    pub models: Vec<Glob>,
    /// Patterns of environments.
    pub environments: Vec<Glob>,
}

/// What a policy requires of the documents that its rules read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// How old they may be.
    pub max_age: Option<Age>,
    /// The data sets that measurements must come from; empty is any.
    pub datasets: Vec<String>,
    /// Kinds of links (`model-card`) that must be present.
    pub require: Vec<String>,
}

/// How numbers are judged.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
pub struct Statistics {
    /// One-sided confidence of every bound, in (0.5, 1).
    pub confidence: f64,
    /// How proportions are bounded.
    pub interval: IntervalMethod,
    /// Whether an interval that the file brings may decide where no exact bound can be computed.
    pub claimed_intervals: bool,
    /// Whether a bare number may decide where there is no bound at all.
    pub point_estimates: bool,
    /// Whether an inconclusive finding on enough samples only warns.
    pub inconclusive_warns: bool,
    /// Whether the k-th artifact tried on one data set gets only its share of the error that is allowed.
    pub spend: bool,
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            confidence: 0.95,
            interval: IntervalMethod::ClopperPearson,
            claimed_intervals: false,
            point_estimates: false,
            inconclusive_warns: false,
            spend: false,
        }
    }
}

/// How a proportion is bounded from its counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalMethod {
    /// Exact: errs at most as often as the confidence says.
    ClopperPearson,
    /// Wilson's score interval: approximate.
    Wilson,
    /// The posterior under Jeffreys' prior: approximate.
    Jeffreys,
}

impl IntervalMethod {
    /// The word in policies and findings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClopperPearson => "clopper-pearson",
            Self::Wilson => "wilson",
            Self::Jeffreys => "jeffreys",
        }
    }
}

/// One requirement.
#[derive(Debug)]
pub struct Rule {
    /// Its id, unique in the policy.
    pub id: String,
    /// Whether it blocks.
    pub severity: Severity,
    /// When it is asked at all.
    pub when: Option<Condition>,
    /// What it asks.
    pub kind: RuleKind,
    /// Where its id stands, in bytes of the source.
    pub span: Range<usize>,
}

/// What a rule asks; one file of `rules/` for each.
#[derive(Debug)]
pub enum RuleKind {
    /// A metric is held against limits.
    Threshold(Threshold),
    /// A metric is compared with that of another artifact.
    Comparison(ComparisonRule),
    /// The rates of groups are compared with each other.
    Disparity(DisparityRule),
    /// Checks must have passed.
    Check(CheckRule),
}

/// The number that a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Our name of the metric, or a source's own.
    pub metric: String,
    /// Which measurements it is about.
    pub selector: Selector,
    /// The unit of the limits, which is that of the findings.
    pub unit: Option<Unit>,
    /// Whether a bare number may decide.
    pub point_estimate: bool,
}

/// A metric held against limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// What it is about.
    pub target: Target,
    /// The attributes whose every group must hold; empty for a rule about one slice.
    pub slices: Vec<String>,
    /// The limits, `min` first; never empty.
    pub limits: Vec<Limit>,
    /// The least number of samples.
    pub min_samples: Option<u64>,
}

/// A metric compared with that of another artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonRule {
    /// What it is about.
    pub target: Target,
    /// The attributes whose every group must hold; empty for a rule about one slice.
    pub slices: Vec<String>,
    /// With whom.
    pub against: Against,
    /// What may be lost or must be gained; never empty.
    pub margins: Vec<Margin>,
    /// Which way is better.
    pub better: Better,
    /// What happens while there is nobody to compare with.
    pub first_release: FirstRelease,
    /// The least number of samples.
    pub min_samples: Option<u64>,
}

/// What may be lost against a baseline, or must be gained. Never negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Margin {
    /// At most that much worse, in the rule's unit.
    Loss(f64),
    /// At most that share of the baseline's value worse.
    LossRatio(f64),
    /// At least that much better, in the rule's unit.
    Gain(f64),
}

/// What a comparison says while there is nobody to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstRelease {
    /// The approvals of the policy decide.
    Review,
    /// It lets through.
    Allow,
    /// It blocks.
    Deny,
}

/// The rates of groups compared with each other.
#[derive(Debug, Clone, PartialEq)]
pub struct DisparityRule {
    /// The metric's name, as written.
    pub metric: String,
    /// What is compared.
    pub measure: Disparity,
    /// The attributes; each is judged by itself.
    pub by: Vec<String>,
    /// Whether the attributes are crossed instead.
    pub intersection: bool,
    /// Only from these documents; the slice is overall and there is no quantile.
    pub selector: Selector,
    /// The limit: `min` for ratios and worst groups, `max` for differences.
    pub limit: Limit,
    /// The least number of trials in each group.
    pub min_samples: Option<u64>,
    /// Groups below this share of all rows have no ratio of their own (impact ratios only).
    pub exclude_below: Option<f64>,
}

/// What of groups is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disparity {
    /// The greatest difference between the rates of any two groups, over all of these rates.
    Difference(Vec<Rate>),
    /// The least ratio of the rates of any two groups, over all of these rates.
    Ratio(Vec<Rate>),
    /// Each group's selection rate over the highest one, as New York City's rule for hiring tools has it.
    Impact,
    /// The rate of the group that fares worst, by our name of the metric.
    Worst(String),
}

/// A rate of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Predicted positives among all.
    Selection,
    /// Predicted positives among positives.
    TruePositive,
    /// Predicted positives among negatives.
    FalsePositive,
    /// Positives among predicted positives.
    Precision,
}

/// Which measurements of a metric a rule is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selector {
    /// Exactly this slice.
    pub slice: Slice,
    /// Only from this data set.
    pub dataset: Option<String>,
    /// Only from this format or tool.
    pub source: Option<String>,
    /// Exactly this quantile.
    pub quantile: Option<f64>,
}

/// One limit, in the rule's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// At least or at most.
    pub op: Op,
    /// The number.
    pub value: f64,
}

/// Checks that must have passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRule {
    /// A pattern of their names.
    pub pattern: Glob,
}

/// What is recomputed from raw predictions, and how far a claim may be from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recompute {
    /// Which columns are what.
    pub columns: Columns,
    /// The registered data set that has the labels and groups, where the predictions come without.
    pub labels: Option<String>,
    /// How far a claimed number may be from the recomputed one, beside its own rounding.
    pub tolerance: f64,
}

/// Whose approval is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRule {
    /// Its id, unique in the policy.
    pub id: String,
    /// The role that may answer.
    pub role: String,
    /// How many people.
    pub count: u64,
    /// How long an approval counts; for ever without.
    pub expires: Option<Age>,
}
