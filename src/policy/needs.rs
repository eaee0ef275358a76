//! What policies need in addition to the submitted evidence: baselines, and numbers computed from
//! raw predictions.

use super::{
    schema::Needs,
    schema::{Policy, Selector},
};
use crate::{
    model::{Against, Digest, Plan, Submitted, number::round12},
    policy::index::Index,
    stats::multiplicity,
};
use std::collections::BTreeSet;

/// The baselines that the rules of these policies compare with.
pub fn baselines<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> BTreeSet<Against> {
    policies.into_iter().flat_map(|p| p.rules.iter().filter_map(|r| r.kind.baseline())).collect()
}

/// The data sets of the evidence, as keys for counting attempts: the name, else the digest, else
/// empty.
pub fn datasets(evidence: &[Submitted]) -> BTreeSet<String> {
    let index = Index::new(evidence);
    let mut out = BTreeSet::new();
    for document in &index.documents {
        out.insert(document.dataset_key());
        out.extend(document.evidence().measurements.iter().filter_map(|m| m.dataset.clone()));
    }
    out
}

/// The plan of what to compute from raw predictions with these digests for the rules of `policy`.
/// `tries` is the number of artifacts evaluated on their data set so far, including this one (1 if
/// attempts are not counted).
pub fn plan(policy: &Policy, predictions: &[Digest], tries: u64) -> Plan {
    let groups = policy.recompute.as_ref().map(|r| r.columns.groups.as_slice()).unwrap_or_default();
    let mut needs = Needs {
        plan: Plan {
            seed: seed(policy, predictions),
            confidences: vec![confidence(policy, tries)],
            ..Plan::default()
        },
        slices: groups.iter().map(|g| vec![g.clone()]).collect(),
        drift: BTreeSet::new(),
        groups,
    };
    for rule in &policy.rules {
        rule.kind.plan(&mut needs);
    }
    Plan {
        slices: needs.slices.into_iter().collect(),
        drift: needs.drift.into_iter().collect(),
        ..needs.plan
    }
}

/// The first eight bytes of a hash of the policy and the predictions, so that no one can choose the
/// seed.
fn seed(policy: &Policy, predictions: &[Digest]) -> u64 {
    let mut sorted = predictions.to_vec();
    sorted.sort_unstable();
    let text: Vec<String> =
        std::iter::once(&policy.digest).chain(&sorted).map(ToString::to_string).collect();
    let hash = Digest::of(text.join("\n").as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

fn confidence(policy: &Policy, tries: u64) -> f64 {
    let alpha = round12(1.0 - policy.statistics.confidence);
    let alpha = if policy.statistics.spend { multiplicity::spend(alpha, tries) } else { alpha };
    round12(1.0 - alpha)
}

impl Needs<'_> {
    /// Adds the quantile that a rule selects.
    pub(super) fn quantile(&mut self, selector: &Selector) {
        let quantiles = &mut self.plan.quantiles;
        if let Some(q) = selector.quantile
            && !quantiles.iter().any(|known| round12(*known).to_bits() == round12(q).to_bits())
        {
            quantiles.push(q);
            quantiles.sort_by(f64::total_cmp);
        }
    }

    /// Adds the crossings and the features that a rule selects.
    pub(super) fn selected(&mut self, selector: &Selector) {
        if let Some(feature) = selector.slice.0.get("feature") {
            self.drift.insert(feature.clone());
        }
        let keys: Vec<String> = selector.slice.0.keys().cloned().collect();
        if keys.len() > 1 && keys.iter().all(|k| self.groups.contains(k)) {
            self.slices.insert(keys);
        }
    }
}
