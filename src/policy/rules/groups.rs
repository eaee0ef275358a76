//! `slices`: every group of an attribute must hold, and together they must be everybody.

use super::{Findings, View, blank, digests, select, threshold};
use crate::{
    model::{Finding, Measurement, Slice, Status},
    policy::{
        evaluate::index::Entry,
        phrase::Reason,
        schema::{Rule, Threshold},
    },
};

/// What the rule says of every group of its attributes, each attribute in turn.
pub(super) fn judge<'a>(view: &View<'a>, rule: &Rule, threshold: &Threshold, out: &mut Findings<'a>) {
    for key in &threshold.slices {
        let found = select::groups(view.index, threshold, key);
        let declared = view.policy.groups.get(key).map(Vec::as_slice).unwrap_or_default();
        let undeclared = found.iter().copied().filter(|g| !declared.iter().any(|d| d == g));
        let groups: Vec<&str> = declared.iter().map(String::as_str).chain(undeclared).collect();
        if groups.is_empty() {
            let finding = Finding { unit: threshold.unit, ..blank(view, rule, Status::Missing) };
            out.say(finding, &Reason::NoGroups(key.clone()));
            continue;
        }
        for group in groups {
            threshold::slice(view, rule, threshold, &Slice::one(key, group), out);
        }
        if !found.is_empty() {
            everybody(view, rule, threshold, key, &found, out);
        }
    }
}

/// The rows of all groups must be all rows; otherwise somebody is left out, and nothing is known of them.
fn everybody<'a>(
    view: &View<'a>,
    rule: &Rule,
    threshold: &Threshold,
    key: &str,
    groups: &[&str],
    out: &mut Findings<'a>,
) {
    let whole = select::of_slice(view.index, threshold, &Slice::overall());
    let parts: Vec<Vec<Entry<'_>>> =
        groups.iter().map(|g| select::of_slice(view.index, threshold, &Slice::one(key, *g))).collect();
    let Some(reason) = left_out(key, &whole, &parts) else { return };
    let documents = whole.iter().chain(parts.iter().flatten()).map(|e| e.document);
    let finding = Finding {
        unit: threshold.unit,
        quantile: threshold.selector.quantile,
        evidence: digests(view, documents),
        ..blank(view, rule, Status::Inconclusive)
    };
    out.say(finding, &reason);
}

/// How rows are counted: by `n`, else by trials.
type Count = fn(&Measurement) -> Option<u64>;

fn left_out(key: &str, whole: &[Entry<'_>], parts: &[Vec<Entry<'_>>]) -> Option<Reason> {
    let counts: [Count; 2] = [|m| m.n, Measurement::known_trials];
    let mut uncounted = false;
    for count in counts {
        let totals: Vec<u64> = whole.iter().filter_map(|e| count(e.measurement)).collect();
        if totals.is_empty() {
            continue;
        }
        let part = |entries: &Vec<Entry<'_>>| entries.iter().find_map(|e| count(e.measurement));
        let Some(sizes) = parts.iter().map(part).collect::<Option<Vec<u64>>>() else {
            uncounted = true;
            continue;
        };
        let covered = sizes.into_iter().fold(0, u64::saturating_add);
        let other = totals.into_iter().find(|t| *t != covered);
        return other.map(|overall| Reason::HiddenRows { key: key.to_owned(), covered, overall });
    }
    uncounted.then(|| Reason::UncountedRows(key.to_owned()))
}
