//! A finding, as a verdict states it.

use crate::model::{
    Against, Digest, Finding, GroupRate, Op, Required, Severity, Slice, Status, Unit, mirror,
};
use serde::{Deserialize, Serialize};

/// The result of one rule for one slice; see [`Finding`] for what each field means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingDocument {
    policy: String,
    rule: String,
    status: Status,
    severity: Severity,
    metric: Option<String>,
    quantile: Option<f64>,
    unit: Option<Unit>,
    slice: Slice,
    observed: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    required: Option<RequiredDocument>,
    n: Option<u64>,
    trials: Option<u64>,
    successes: Option<u64>,
    method: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    approximate: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    events: Option<u64>,
    confidence: Option<f64>,
    samples_needed: Option<u64>,
    allowed_failures: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<GroupDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    against: Option<Against>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    baseline: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tries: Option<u64>,
    evidence: Vec<Digest>,
    message: String,
}

/// What a rule requires of a value; see [`Required`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RequiredDocument {
    op: Op,
    value: f64,
}

/// The rate of one group; see [`GroupRate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupDocument {
    metric: String,
    slice: Slice,
    rate: Option<f64>,
    trials: Option<u64>,
    successes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

mirror!(RequiredDocument = Required { op, value });
mirror!(GroupDocument = GroupRate { metric, slice, rate, trials, successes, ratio });
mirror!(
    FindingDocument = Finding {
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
