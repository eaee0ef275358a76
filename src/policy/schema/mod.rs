//! A policy after it was read: it has no unknown or impossible parts, and its conditions are
//! compiled.

pub(in crate::policy) mod kind;
mod view;

pub(in crate::policy) use kind::{Kind, Limits, Needs, as_kind};
pub use view::Case;
pub(in crate::policy) use view::{Base, Findings, View};

use super::{condition::Condition, glob::Glob};
use crate::model::{Age, Columns, Digest, Op, Severity, Slice, Unit, verdict::Mode};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// One policy. Immutable; share it as `Arc<Policy>`.
#[derive(Debug)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The purpose of the policy.
    pub description: Option<String>,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Whether it blocks.
    pub mode: Mode,
    /// The models and environments it applies to; see `policy::applies`.
    pub applies_to: AppliesTo,
    /// The requirements on the evidence itself.
    pub evidence: Requirements,
    /// The settings for statistics.
    pub statistics: Statistics,
    /// Declared groups, by attribute.
    pub groups: BTreeMap<String, Vec<String>>,
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// The columns to recompute from raw predictions, if any.
    pub recompute: Option<Recompute>,
    /// The required approvals, in the order of the file.
    pub approvals: Vec<ApprovalRule>,
    /// The limit that the policy exceeds, if it exceeds its budget.
    pub over_budget: Option<String>,
    /// The source text.
    pub source: Arc<str>,
}

/// The scope of a policy. An empty list means no restriction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppliesTo {
    /// The patterns of models.
    pub models: Vec<Glob>,
    /// The patterns of environments.
    pub environments: Vec<Glob>,
}

/// The requirements on the documents that a policy's rules read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// The maximum age of a document.
    pub max_age: Option<Age>,
    /// The data sets that measurements must come from; empty means any.
    pub datasets: Vec<String>,
    /// The kinds of links (`model-card`) that must be present.
    pub require: Vec<String>,
}

/// The settings for statistics.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
pub struct Statistics {
    /// One-sided confidence of every bound, in (0.5, 1).
    pub confidence: f64,
    /// The method for bounds of proportions.
    pub interval: IntervalMethod,
    /// Whether an interval that the document states can decide if no exact bound can be computed.
    pub claimed_intervals: bool,
    /// Whether a bare number can decide if there is no bound at all.
    pub point_estimates: bool,
    /// Whether an inconclusive finding on enough samples only warns.
    pub inconclusive_warns: bool,
    /// Whether the k-th artifact evaluated on one data set gets only its share of the allowed
    /// error.
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

/// The method that bounds a proportion from its counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalMethod {
    /// Exact: errs at most as often as the confidence allows.
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

/// A rule of a policy.
#[derive(Debug)]
pub struct Rule {
    /// Its id, unique in the policy.
    pub id: String,
    /// Whether it blocks.
    pub severity: Severity,
    /// The condition for evaluating the rule; `None` means always.
    pub when: Option<Condition>,
    /// The kind of rule, with its parameters.
    pub(super) kind: Box<dyn Kind>,
    /// The position of its id, as a byte range of the source.
    pub span: Range<usize>,
}

/// The number that a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The metric, by our name or by a source's own name.
    pub metric: String,
    /// The measurements it is about.
    pub selector: Selector,
    /// The unit of the limits and of the findings.
    pub unit: Option<Unit>,
    /// Whether a bare number can decide.
    pub point_estimate: bool,
}

/// Selects the measurements of a metric that a rule is about.
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
    /// The direction: at least or at most.
    pub op: Op,
    /// The number.
    pub value: f64,
}

/// The columns to recompute from raw predictions, and the tolerance for claims.
#[derive(Debug, Clone, PartialEq)]
pub struct Recompute {
    /// The meaning of each column.
    pub columns: Columns,
    /// The registered data set with the labels and groups, if the predictions contain none.
    pub labels: Option<String>,
    /// The accepted distance between a claimed and a recomputed number, in addition to the claim's
    /// rounding.
    pub tolerance: f64,
}

/// A required approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRule {
    /// Its id, unique in the policy.
    pub id: String,
    /// The role that can approve.
    pub role: String,
    /// The number of people.
    pub count: u64,
    /// How long an approval is valid; `None` means permanently.
    pub expires: Option<Age>,
}
