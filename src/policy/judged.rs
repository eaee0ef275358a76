//! Findings before they are worded: everything that was decided, borrowed from the policies and the
//! evidence. Wording copies it into a [`Finding`] and adds the sentence.

use super::phrase::{self, Reason};
use crate::model::{Against, Digest, Finding, GroupRate, Required, Severity, Slice, Status, Unit};
use std::borrow::Cow;

/// A finding without its sentence. The fields are those of [`Finding`].
#[derive(Debug, Clone)]
pub(super) struct Judged<'a> {
    pub(super) policy: &'a str,
    pub(super) rule: &'a str,
    pub(super) status: Status,
    pub(super) severity: Severity,
    pub(super) metric: Option<&'a str>,
    pub(super) quantile: Option<f64>,
    pub(super) unit: Option<Unit>,
    pub(super) slice: Cow<'a, Slice>,
    pub(super) required: Option<Required>,
    pub(super) numbers: Numbers,
    pub(super) samples_needed: Option<u64>,
    pub(super) allowed_failures: Option<u64>,
    pub(super) tries: Option<u64>,
    pub(super) groups: Option<Box<Groups>>,
    pub(super) versus: Option<Box<Versus>>,
    pub(super) evidence: Cow<'a, [Digest]>,
}

/// The numbers that a rule reads or computes.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    pub(super) observed: Option<f64>,
    pub(super) lower: Option<f64>,
    pub(super) upper: Option<f64>,
    pub(super) n: Option<u64>,
    pub(super) trials: Option<u64>,
    pub(super) successes: Option<u64>,
    pub(super) method: Option<Cow<'static, str>>,
    pub(super) approximate: bool,
    pub(super) events: Option<u64>,
    pub(super) confidence: Option<f64>,
}

/// The groups that a finding compares.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    pub(super) by: String,
    pub(super) rates: Vec<GroupRate>,
}

/// The artifact that a finding compares with.
#[derive(Debug, Clone)]
pub(super) struct Versus {
    pub(super) against: Against,
    pub(super) value: Option<f64>,
    pub(super) baseline: Option<f64>,
}

/// The whole data set, for findings that are about no group.
static OVERALL: Slice = Slice::overall();

impl<'a> Judged<'a> {
    /// A finding of `rule` in `policy` with every other field empty, like [`Finding::new`].
    #[inline]
    pub(super) fn new(policy: &'a str, rule: &'a str, status: Status) -> Self {
        Self {
            policy,
            rule,
            status,
            severity: Severity::Block,
            metric: None,
            quantile: None,
            unit: None,
            slice: Cow::Borrowed(&OVERALL),
            required: None,
            numbers: Numbers::default(),
            samples_needed: None,
            allowed_failures: None,
            tries: None,
            groups: None,
            versus: None,
            evidence: Cow::Borrowed(&[]),
        }
    }

    /// Whether it blocks, if its policy enforces.
    pub(super) fn blocks(&self) -> bool {
        self.severity == Severity::Block && !self.status.holds()
    }

    /// The finding with its sentence, which is made from its numbers and `reason`; `first` selects
    /// the wording of the first semantics.
    pub(super) fn worded(self, reason: &Reason, first: bool) -> Finding {
        let numbers = self.numbers;
        let (by, groups) = self.groups.map_or((None, Vec::new()), |g| (Some(g.by), g.rates));
        let mut finding = Finding {
            policy: self.policy.to_owned(),
            rule: self.rule.to_owned(),
            status: self.status,
            severity: self.severity,
            metric: self.metric.map(ToOwned::to_owned),
            quantile: self.quantile,
            unit: self.unit,
            slice: self.slice.into_owned(),
            observed: numbers.observed,
            lower: numbers.lower,
            upper: numbers.upper,
            required: self.required,
            n: numbers.n,
            trials: numbers.trials,
            successes: numbers.successes,
            method: numbers.method.map(Cow::into_owned),
            approximate: numbers.approximate,
            events: numbers.events,
            confidence: numbers.confidence,
            samples_needed: self.samples_needed,
            allowed_failures: self.allowed_failures,
            by,
            groups,
            against: self.versus.as_ref().map(|versus| versus.against),
            value: self.versus.as_ref().and_then(|versus| versus.value),
            baseline: self.versus.as_ref().and_then(|versus| versus.baseline),
            tries: self.tries,
            evidence: self.evidence.into_owned(),
            message: String::new(),
        };
        finding.message = phrase::sentence(&finding, reason, first);
        finding
    }
}
