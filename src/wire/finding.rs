//! Findings on the wire.

use crate::model::{
    Against, Digest, Finding, GroupRate, Op, Required, Severity, Slice, Status, Unit, mirror,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The result of one rule for one group. Numbers are in `unit`; an unknown number is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FindingV1 {
    /// The policy's name.
    pub policy: String,
    /// The rule's id; `evidence.*` for the requirements in `[evidence]`.
    pub rule: String,
    /// `pass`, `fail`, `inconclusive`, `missing`, `error`, `waived` or `skipped`.
    #[schema(value_type = String)]
    pub status: Status,
    /// `block` or `warn`.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// The metric or check of the rule.
    pub metric: Option<String>,
    /// The quantile, for latencies.
    pub quantile: Option<f64>,
    /// The unit of every number in this finding.
    #[schema(value_type = Option<String>)]
    pub unit: Option<Unit>,
    /// The group, attribute by attribute; empty for the whole data set.
    #[schema(value_type = BTreeMap<String, String>)]
    pub slice: Slice,
    /// The point estimate.
    pub observed: Option<f64>,
    /// The lower one-sided bound.
    pub lower: Option<f64>,
    /// The upper one-sided bound.
    pub upper: Option<f64>,
    /// What the rule requires.
    pub required: Option<RequiredV1>,
    /// The number of rows.
    pub n: Option<u64>,
    /// The denominator of the proportion.
    pub trials: Option<u64>,
    /// The numerator of the proportion.
    pub successes: Option<u64>,
    /// The method that computed the bounds.
    pub method: Option<String>,
    /// Whether the method is approximate: right by simulation, not by a proof.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approximate: bool,
    /// How many events the number rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// The one-sided confidence of the bounds.
    pub confidence: Option<f64>,
    /// Further samples that would settle the rule at the observed rate with power 0.8; null if no
    /// number of samples would.
    pub samples_needed: Option<u64>,
    /// The number of failures allowed with that many samples.
    pub allowed_failures: Option<u64>,
    /// The attributes whose groups are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The compared rates, group by group; includes groups that are too small.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupV1>,
    /// `champion` or `reference`: what the value is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub against: Option<Against>,
    /// The candidate's own value in a comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The baseline's value in a comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// How many artifacts were evaluated on the same data set under this policy, this one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u64>,
    /// The digests of the documents that were read.
    #[schema(value_type = Vec<String>)]
    pub evidence: Vec<Digest>,
    /// The result as a sentence.
    pub message: String,
}

/// What a rule requires of a value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RequiredV1 {
    /// `>=` or `<=`.
    #[schema(value_type = String)]
    pub op: Op,
    /// The limit, in the finding's unit.
    pub value: f64,
}

/// The rate of one group, among the rates that a finding compares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupV1 {
    /// The metric of the rate.
    pub metric: String,
    /// The group, attribute by attribute.
    #[schema(value_type = BTreeMap<String, String>)]
    pub slice: Slice,
    /// The rate; null if it is undefined.
    pub rate: Option<f64>,
    /// The denominator of the rate.
    pub trials: Option<u64>,
    /// The numerator of the rate, if known.
    pub successes: Option<u64>,
    /// The ratio to the highest rate, for impact ratios.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
}

mirror!(RequiredV1 = Required { op, value });
mirror!(GroupV1 = GroupRate { metric, slice, rate, trials, successes, ratio });
mirror!(
    FindingV1 = Finding {
        policy,
        rule,
        status,
        severity,
        metric,
        quantile,
        unit,
        slice,
        observed,
        lower,
        upper,
        required: maybe,
        n,
        trials,
        successes,
        method,
        approximate,
        events,
        confidence,
        samples_needed,
        allowed_failures,
        by,
        groups: each,
        against,
        value,
        baseline,
        tries,
        evidence,
        message,
    }
);
