//! `[recompute]`: what is claimed must be what comes out of the raw predictions.

use super::{Findings, View, digests, select};
use crate::{
    model::{Finding, Measurement, Slice, Status, number::round12},
    policy::{
        evaluate::index::Document,
        phrase::{Claim, Reason, subject_of},
        schema::Recompute,
    },
};

const RULE: &str = "evidence.recompute";

/// What the rules of this policy stand on was computed by us, and no document says otherwise.
pub(super) fn judge(view: &View<'_>, out: &mut Findings<'_>) {
    let Some(recompute) = &view.policy.recompute else { return };
    let finding = |status| Finding::new(&view.policy.name, RULE, status);
    let documents: Vec<(usize, &Document<'_>)> = view.index.documents.iter().enumerate().collect();
    let computed: Vec<&(usize, &Document<'_>)> =
        documents.iter().filter(|(_, d)| d.is_computed() && select::ours(view, d)).collect();
    if computed.is_empty() {
        out.say(finding(Status::Missing), &Reason::NoPredictions);
        return;
    }
    let mut differing = Vec::new();
    let mut places = Vec::new();
    let mut compared = 0_u64;
    for (at, claiming) in documents.iter().filter(|(_, d)| !d.is_computed()) {
        for claim in &claiming.evidence().measurements {
            for (ours, source) in &computed {
                let data = claim.dataset.as_deref().or(claiming.dataset);
                if data.zip(source.dataset).is_some_and(|(a, b)| a != b) {
                    continue;
                }
                let Some(truth) = source.evidence().measurements.iter().find(|m| alike(m, claim)) else { continue };
                compared += 1;
                if let Some(claim) = differs(recompute, claim, truth) {
                    differing.push(claim);
                    places.extend([*at, *ours]);
                }
            }
        }
    }
    let evidence = if places.is_empty() { digests(view, computed.iter().map(|(at, _)| *at)) } else { digests(view, places) };
    let rows = computed.iter().find_map(|(_, d)| d.evidence().computed.as_ref()).map_or(0, |c| c.rows);
    let status = if differing.is_empty() { Status::Pass } else { Status::Fail };
    let finding = Finding { evidence, n: Some(rows), ..finding(status) };
    out.say(finding, &Reason::Recomputed { rows, compared, differing });
}

/// Whether two measurements are of one thing.
fn alike(a: &Measurement, b: &Measurement) -> bool {
    let quantile = match (a.quantile, b.quantile) {
        (None, None) => true,
        (Some(a), Some(b)) => select::alike(a, b),
        _ => false,
    };
    let by = a.slice != Slice::overall() || a.aggregate == b.aggregate;
    a.metric == b.metric && a.slice == b.slice && a.scope == b.scope && quantile && by
}

/// How a claim differs from what was computed, if it does: by more than its own rounding and what is tolerated.
fn differs(recompute: &Recompute, claim: &Measurement, truth: &Measurement) -> Option<Claim> {
    let scale = |x: f64| match (claim.unit, truth.unit) {
        (Some(from), Some(to)) => from.convert(x, to).unwrap_or(f64::NAN),
        (Some(crate::model::Unit::Percent), None) => x / 100.0,
        _ => x,
    };
    let value = claim.value.map(scale);
    let told = |what: &str, claimed: String, computed: String| {
        let subject = subject_of(&claim.metric, claim.quantile, &claim.slice);
        Some(Claim { what: format!("{what}{subject}"), claimed, computed })
    };
    let text = |x: Option<f64>| x.map_or_else(|| "undefined".to_owned(), |x| round12(x).to_string());
    let close = match (value, truth.value) {
        (Some(a), Some(b)) => (a - b).abs() <= scale(claim.rounding).abs() + recompute.tolerance + 4.0 * f64::EPSILON,
        (None, None) => true,
        _ => false,
    };
    if !close {
        return told("", text(value), text(truth.value));
    }
    let counts = [
        ("the rows of ", claim.n, truth.n),
        ("the trials of ", claim.trials, truth.trials),
        ("the successes of ", claim.successes, truth.successes),
    ];
    let other = counts.into_iter().find_map(|(what, a, b)| a.zip(b).filter(|(a, b)| a != b).map(|(a, b)| (what, a, b)));
    other.and_then(|(what, a, b)| told(what, a.to_string(), b.to_string()))
}
