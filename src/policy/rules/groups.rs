//! `slices`: every group of an attribute must hold, and together they must cover all rows.

use super::{Findings, View, blank, choose, digests, select, select::Entries};
use crate::{
    model::{Measurement, Slice, Status},
    policy::{
        judged::Judged,
        phrase::Reason,
        schema::{Rule, Target},
    },
};
use std::{borrow::Cow, collections::BTreeSet};

/// The findings of a rule on every group of the attribute `key`, and the check that the groups
/// cover all rows.
pub(super) fn each<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    target: &'a Target,
    key: &str,
    out: &mut Findings<'a>,
    mut judge: impl FnMut(Slice, &mut Findings<'a>),
) {
    let found = select::groups(view, target, &[key]);
    let groups = declared(view, key, &found);
    if groups.is_empty() {
        let finding = Judged { unit: target.unit, ..blank(view, rule, Status::Missing) };
        out.say(finding, Reason::NoGroups(key.to_owned()));
        return;
    }
    for group in groups {
        if out.is_full() {
            return;
        }
        judge(group, out);
    }
    everybody(view, rule, target, &[key], &found, out);
}

/// The declared groups of `key` in the order of declaration, then the others.
pub(super) fn declared(view: &View<'_>, key: &str, found: &[Slice]) -> Vec<Slice> {
    let declared = view.policy.groups.get(key).map(Vec::as_slice).unwrap_or_default();
    let mut groups: Vec<Slice> = declared.iter().map(|group| Slice::one(key, group)).collect();
    let known: BTreeSet<&Slice> = groups.iter().collect();
    let others = found.iter().filter(|g| !known.contains(g)).cloned().collect::<Vec<_>>();
    groups.extend(others);
    groups
}

/// Checks that the rows of all groups add up to all rows. Otherwise some rows are in no group, and
/// nothing is known about them.
pub(super) fn everybody<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    target: &Target,
    keys: &[&str],
    groups: &[Slice],
    out: &mut Findings<'a>,
) {
    if groups.is_empty() {
        return;
    }
    let whole = select::of_slice(view, target, &Slice::overall());
    let parts: Vec<Entries<'_>> =
        groups.iter().map(|g| select::of_slice(view, target, g)).collect();
    let sizes: Vec<_> = parts.iter().map(|part| choose::counted(view, target, part)).collect();
    let Some(reason) = left_out(&keys.join(" × "), &choose::counted(view, target, &whole), &sizes)
    else {
        return;
    };
    let documents =
        whole.iter().chain(parts.iter().flat_map(|part| part.iter())).map(|e| e.document);
    let finding = Judged {
        unit: target.unit,
        quantile: target.selector.quantile,
        evidence: digests(view, documents),
        ..blank(view, rule, Status::Inconclusive)
    };
    out.say(finding, reason);
}

/// The way rows are counted: by `n`, else by trials.
type Count = fn(&Measurement) -> Option<u64>;

fn left_out(
    key: &str,
    whole: &[Cow<'_, Measurement>],
    parts: &[Vec<Cow<'_, Measurement>>],
) -> Option<Reason> {
    let counts: [Count; 2] = [|m| m.n, Measurement::known_trials];
    let mut uncounted = false;
    for count in counts {
        let totals: Vec<u64> = whole.iter().filter_map(|m| count(m)).collect();
        if totals.is_empty() {
            continue;
        }
        let part = |all: &Vec<Cow<'_, Measurement>>| all.iter().find_map(|m| count(m));
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
