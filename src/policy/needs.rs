//! What policies need beside the evidence that was handed in: baselines, and numbers computed from raw predictions.

use super::schema::Policy;
use crate::model::{Against, Digest, Plan};
use std::collections::BTreeSet;

/// The baselines that any rule of these policies compares with.
pub fn baselines<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> BTreeSet<Against> {
    let _ = policies.into_iter().count();
    BTreeSet::new()
}

/// What to compute from raw predictions of these digests for the rules of `policy`. `tries` is how many artifacts
/// were held against their data set so far, this one included (1 when nobody counts).
pub fn plan(policy: &Policy, predictions: &[Digest], tries: u64) -> Plan {
    let _ = (policy, predictions, tries);
    Plan::default()
}
