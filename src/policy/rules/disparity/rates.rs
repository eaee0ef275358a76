//! The rates of every group that a disparity compares.

use super::super::{
    View, choose, groups,
    judging::{Judging, judging},
    select,
    weigh::{Method, Weighed, weigh},
};
use super::{Disparity, DisparityRule, Rate, phrase::Why};
use crate::{
    model::{Measurement, Slice, Status},
    policy::{index::Entry, phrase::Reason, schema::Target},
};

/// The reason why a disparity cannot be evaluated.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) status: Status,
    pub(super) reason: Reason,
}

impl Problem {
    pub(super) fn new(status: Status, reason: Reason) -> Self {
        Self { status, reason }
    }
}

/// The rate of one group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) slice: Slice,
    pub(super) value: Option<f64>,
    pub(super) trials: Option<u64>,
    /// The least and the greatest count that are consistent with the value.
    pub(super) counts: Option<(u64, u64)>,
    /// One-sided bounds of the rate itself.
    pub(super) bounds: Option<(f64, f64)>,
}

/// One rate of every group.
pub(super) struct Rates<'a> {
    /// The metric that it was read from, by our name.
    pub(super) name: &'static str,
    pub(super) target: Target,
    /// The groups and their numbers.
    pub(super) groups: Vec<Group>,
    /// The groups that occur in a document.
    pub(super) found: Vec<Slice>,
    /// The measurements that were read.
    pub(super) entries: Vec<Entry<'a>>,
    /// The first problem that prevents the evaluation.
    pub(super) problem: Option<Problem>,
}

impl Rates<'_> {
    /// The statistics settings for these numbers: those of the first document.
    pub(super) fn judging(&self, view: &View<'_>) -> Judging {
        let first = self.entries.first();
        judging(view, first.map_or(usize::MAX, |e| e.document), first.and_then(|e| e.dataset))
    }
}

/// The names of a rate; a name after `!` is its complement.
fn names(rate: Rate) -> &'static [&'static str] {
    match rate {
        Rate::Selection => &["selection_rate"],
        Rate::TruePositive => &["true_positive_rate", "recall", "!false_negative_rate"],
        Rate::FalsePositive => &["false_positive_rate", "!true_negative_rate", "!specificity"],
        Rate::Precision => &["precision"],
    }
}

/// Reads all rates that the rule compares, for the groups of exactly these attributes.
pub(super) fn read<'a>(view: &View<'a>, rule: &DisparityRule, keys: &[&str]) -> Vec<Rates<'a>> {
    let rates: Vec<&'static [&'static str]> = match &rule.measure {
        Disparity::Difference(rates) | Disparity::Ratio(rates) => {
            rates.iter().map(|r| names(*r)).collect()
        }
        Disparity::Impact => vec![names(Rate::Selection)],
        Disparity::Worst(metric) => {
            let known = crate::model::Metric::find(metric).map(|m| std::slice::from_ref(&m.name));
            known.into_iter().collect()
        }
    };
    rates.into_iter().map(|names| of_names(view, rule, keys, names)).collect()
}

fn of_names<'a>(
    view: &View<'a>,
    rule: &DisparityRule,
    keys: &[&str],
    names: &'static [&'static str],
) -> Rates<'a> {
    let target = |name: &str| Target {
        metric: name.trim_start_matches('!').to_owned(),
        selector: rule.selector.clone(),
        unit: None,
        point_estimate: false,
    };
    let found = |name: &&'static str| {
        let target = target(name);
        let found = select::groups(view, &target, keys);
        (!found.is_empty()).then_some((*name, target, found))
    };
    let first = names.first().copied().unwrap_or_default();
    let (name, target, found) =
        names.iter().find_map(found).unwrap_or_else(|| (first, target(first), Vec::new()));
    let mut out = Rates {
        name: name.trim_start_matches('!'),
        target,
        groups: Vec::new(),
        found: found.clone(),
        entries: Vec::new(),
        problem: None,
    };
    // Crossed groups can be empty for good reasons; whether people are missing is seen from the
    // rows.
    let wanted = match keys {
        [key] => groups::declared(view, key, &found),
        _ => found,
    };
    for slice in wanted {
        one(view, &mut out, slice, name.starts_with('!'));
    }
    out
}

fn one<'a>(view: &View<'a>, out: &mut Rates<'a>, slice: Slice, complement: bool) {
    let entries = select::of_slice(view, &out.target, &slice);
    out.entries.extend(entries.iter());
    let problem = |out: &mut Rates<'a>, status, reason| {
        out.problem.get_or_insert(Problem::new(status, reason));
    };
    let none =
        Group { slice: slice.clone(), value: None, trials: None, counts: None, bounds: None };
    match choose::one(view, &out.target, &entries) {
        Err(places) => {
            problem(out, Status::Error, Reason::Conflict(places));
            out.groups.push(none);
        }
        Ok(None) => {
            let reason =
                Reason::own(Why::GroupMissing { metric: out.target.metric.clone(), group: slice });
            problem(out, Status::Missing, reason);
            out.groups.push(none);
        }
        Ok(Some(chosen)) => {
            let judging = judging(view, chosen.document, chosen.dataset);
            let computed = choose::computed(view, chosen.document);
            let weighed = weigh(&out.target, &judging, &chosen.measurement, computed);
            if let Some((status, why)) = unusable(&weighed, &chosen.measurement) {
                let metric = out.target.metric.clone();
                problem(
                    out,
                    status,
                    Reason::own(Why::GroupUnusable { metric, group: slice.clone(), why }),
                );
            }
            out.groups.push(group(slice, &weighed, complement));
        }
    }
}

fn group(slice: Slice, weighed: &Weighed, complement: bool) -> Group {
    let flip = |x: f64| if complement { crate::model::number::round12(1.0 - x) } else { x };
    let counts = weighed.counts.zip(weighed.trials).map(|((least, most), n)| {
        if complement { (n.saturating_sub(most), n.saturating_sub(least)) } else { (least, most) }
    });
    let bounds = weighed.lower.zip(weighed.upper);
    Group {
        slice,
        value: weighed.observed.map(flip),
        trials: weighed.trials,
        counts,
        bounds: bounds.map(|(l, u)| if complement { (flip(u), flip(l)) } else { (l, u) }),
    }
}

/// The reason why a group's rate cannot be compared, if so.
fn unusable(weighed: &Weighed, m: &Measurement) -> Option<(Status, String)> {
    let unsettled = |why: &str| Some((Status::Inconclusive, why.to_owned()));
    match &weighed.method {
        Method::Counts(_) => None,
        Method::Wrong(why) => Some((Status::Error, why.clone())),
        Method::NoSamples => {
            unsettled("it is undefined, because there is nobody that it could count")
        }
        Method::NoValue if m.trials == Some(0) => {
            unsettled("it is undefined, because there is nobody that it could count")
        }
        Method::NoValue => unsettled("it has no value"),
        Method::NoCount => unsettled("no whole number of successes gives this value"),
        _ => unsettled("of how many trials it is not known; state `trials` and `successes`"),
    }
}
