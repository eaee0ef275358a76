//! What policies need in addition to the submitted evidence: baselines, and numbers computed from
//! raw predictions.

use super::schema::{ComparisonRule, DisparityRule, Margin, Policy, RuleKind, Selector};
use crate::{
    model::{Against, Contrast, Digest, Plan, Submitted, metric::Better, number::round12},
    policy::evaluate::index::Index,
    stats::multiplicity,
};
use std::collections::BTreeSet;

/// The baselines that the rules of these policies compare with.
pub fn baselines<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> BTreeSet<Against> {
    let against = |r: &super::Rule| match &r.kind {
        RuleKind::Comparison(comparison) => Some(comparison.against),
        _ => None,
    };
    policies.into_iter().flat_map(|p| p.rules.iter().filter_map(against)).collect()
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
    let mut plan = Plan {
        seed: seed(policy, predictions),
        confidences: vec![confidence(policy, tries)],
        ..Plan::default()
    };
    let groups = policy.recompute.as_ref().map(|r| r.columns.groups.as_slice()).unwrap_or_default();
    let mut slices: BTreeSet<Vec<String>> = groups.iter().map(|g| vec![g.clone()]).collect();
    let mut drift = BTreeSet::new();
    for rule in &policy.rules {
        match &rule.kind {
            RuleKind::Threshold(threshold) => {
                selected(&threshold.target.selector, &mut slices, &mut drift, groups);
                quantile(&threshold.target.selector, &mut plan.quantiles);
            }
            RuleKind::Comparison(comparison) => {
                quantile(&comparison.target.selector, &mut plan.quantiles);
                plan.contrasts.extend(contrasts(comparison));
            }
            RuleKind::Disparity(DisparityRule { by, intersection: true, .. }) => {
                slices.insert(by.clone());
            }
            RuleKind::Disparity(_) | RuleKind::Check(_) => {}
        }
    }
    plan.slices = slices.into_iter().collect();
    plan.drift = drift.into_iter().collect();
    plan
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

fn quantile(selector: &Selector, quantiles: &mut Vec<f64>) {
    if let Some(q) = selector.quantile
        && !quantiles.iter().any(|known| round12(*known).to_bits() == round12(q).to_bits())
    {
        quantiles.push(q);
        quantiles.sort_by(f64::total_cmp);
    }
}

/// Collects the crossings and the features that a rule names.
fn selected(
    selector: &Selector,
    slices: &mut BTreeSet<Vec<String>>,
    drift: &mut BTreeSet<String>,
    groups: &[String],
) {
    if let Some(feature) = selector.slice.0.get("feature") {
        drift.insert(feature.clone());
    }
    let keys: Vec<String> = selector.slice.0.keys().cloned().collect();
    if keys.len() > 1 && keys.iter().all(|k| groups.contains(k)) {
        slices.insert(keys);
    }
}

fn contrasts(rule: &ComparisonRule) -> Vec<Contrast> {
    let sign = if rule.better == Better::Higher { 1.0 } else { -1.0 };
    let mut factors: Vec<f64> = Vec::new();
    for margin in &rule.margins {
        let factor = match margin {
            Margin::LossRatio(share) => round12(1.0 - sign * share),
            Margin::Loss(_) | Margin::Gain(_) => 1.0,
        };
        if !factors.iter().any(|f| f.to_bits() == factor.to_bits()) {
            factors.push(factor);
        }
    }
    let mut keys: Vec<Vec<String>> = rule.slices.iter().map(|key| vec![key.clone()]).collect();
    if keys.is_empty() {
        keys.push(rule.target.selector.slice.0.keys().cloned().collect());
    }
    let one = |(slices, factor): (Vec<String>, f64)| Contrast {
        against: rule.against,
        metric: rule.target.metric.clone(),
        quantile: rule.target.selector.quantile,
        slices,
        factor,
    };
    keys.iter().flat_map(|k| factors.iter().map(|f| (k.clone(), *f))).map(one).collect()
}
