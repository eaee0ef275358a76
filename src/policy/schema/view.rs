//! What a rule sees when it is judged, and where it says what it found.

use super::{Policy, Statistics};
use crate::{
    model::{Approval, Digest, Inputs, Submitted, Timestamp, number::round12},
    policy::{
        condition::Variables,
        index::{Entry, Index},
        judged::Judged,
        phrase::Reason,
    },
};
use std::sync::Arc;

/// The arguments of a verdict: everything it depends on.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The frozen inputs.
    pub inputs: &'a Inputs,
    /// The digest of the inputs, to which approvals refer.
    pub inputs_digest: Digest,
    /// The policies that apply; their order does not matter.
    pub policies: &'a [Arc<Policy>],
    /// The evidence; its order does not matter.
    pub evidence: &'a [Submitted],
    /// The champion's evidence; used only if the inputs name a champion.
    pub champion: &'a [Submitted],
    /// The reference's evidence; used only if the inputs name a reference.
    pub reference: &'a [Submitted],
    /// The approvals; their order does not matter.
    pub approvals: &'a [Approval],
    /// The moment of evaluation.
    pub now: Timestamp,
}

impl Case<'_> {
    /// Whether the first version of the semantics applies, so that decisions made with it can be
    /// recomputed to the byte. The second version changed this: an environment in which no policy
    /// enforces releases nothing, unless the namespace names it; numbers in sentences are never
    /// rounded onto the limit; a claim is compared with the computed counts that both have; numbers
    /// computed for one policy serve every policy whose columns they cover; there are budgets.
    pub(in crate::policy) fn is_first(&self) -> bool {
        self.inputs.engine < 2
    }

    /// Whether bounds decide as in the first two versions of the semantics: by any method, on any
    /// number of events. The third version decides by methods whose error was simulated, and only
    /// on as many events as the simulation needs.
    pub(in crate::policy) fn trusts_every_bound(&self) -> bool {
        self.inputs.engine < 3
    }
}

/// The error and the confidence of a policy before attempts are counted.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Base {
    pub(in crate::policy) alpha: f64,
    pub(in crate::policy) confidence: f64,
}

impl Base {
    /// The base of these settings.
    pub(in crate::policy) fn of(statistics: &Statistics) -> Self {
        let alpha = round12(1.0 - statistics.confidence);
        Self { alpha, confidence: round12(1.0 - alpha) }
    }
}

/// The data that a rule can read.
#[derive(Clone, Copy)]
pub(in crate::policy) struct View<'a> {
    pub(in crate::policy) case: &'a Case<'a>,
    pub(in crate::policy) policy: &'a Policy,
    pub(in crate::policy) index: &'a Index<'a>,
    /// The champion's evidence; `None` if there is no champion.
    pub(in crate::policy) champion: Option<&'a Index<'a>>,
    /// The reference's evidence; `None` if there is no reference.
    pub(in crate::policy) reference: Option<&'a Index<'a>>,
    /// Present if any rule has a condition.
    pub(in crate::policy) variables: Option<&'a Variables>,
    /// The settings of the policy's statistics.
    pub(in crate::policy) base: Base,
}

impl<'a> View<'a> {
    /// The view of `policy` on a case without baselines and conditions.
    pub(in crate::policy) fn new(
        case: &'a Case<'a>,
        policy: &'a Policy,
        index: &'a Index<'a>,
    ) -> Self {
        let base = Base::of(&policy.statistics);
        Self { case, policy, index, champion: None, reference: None, variables: None, base }
    }
}

/// The findings of one policy's rules, and what the rules read.
#[derive(Debug, Default)]
pub(in crate::policy) struct Findings<'a> {
    pub(in crate::policy) list: Vec<(Judged<'a>, Reason)>,
    /// The length of the list at which rules stop.
    pub(in crate::policy) full: usize,
    /// The documents that rules read, by position in the index.
    pub(in crate::policy) read: Vec<usize>,
    /// The data sets of the measurements that rules read, each with its document.
    pub(in crate::policy) datasets: Vec<(usize, Option<&'a str>)>,
}

impl<'a> Findings<'a> {
    /// Records what a rule has read.
    pub(in crate::policy) fn note(&mut self, entries: &[Entry<'a>]) {
        for entry in entries {
            self.note_document(entry.document);
            let place = (entry.document, entry.dataset);
            if self.datasets.last() != Some(&place) {
                self.datasets.push(place);
            }
        }
    }

    /// Records that a rule has read a document.
    pub(in crate::policy) fn note_document(&mut self, at: usize) {
        if self.read.last() != Some(&at) {
            self.read.push(at);
        }
    }

    /// Whether the maximum number of findings is reached.
    pub(in crate::policy) fn is_full(&self) -> bool {
        self.list.len() >= self.full
    }

    /// Adds a finding. Its sentence will be made from its numbers and `reason`.
    pub(in crate::policy) fn say(&mut self, finding: Judged<'a>, reason: Reason) {
        self.list.push((finding, reason));
    }
}
