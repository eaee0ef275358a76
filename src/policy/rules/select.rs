//! Selects the measurements that a rule is about.

use super::View;
use crate::{
    model::{Columns, Computed, Slice, number::round12},
    policy::{
        index::{Document, Entry, Index},
        phrase::Near,
        schema::{Recompute, Target},
    },
};
use std::{ops::Deref, slice};

/// Whether an entry matches everything the rule names except the slice: data set, source, quantile.
/// Numbers that modelgate computed are used for the policies whose columns mean the same.
fn fits(view: &View<'_>, rule: &Target, entry: &Entry<'_>) -> bool {
    let (index, selector) = (view.index, &rule.selector);
    let quantile = match (selector.quantile, entry.measurement.quantile) {
        (None, found) => found.is_none() || rule.metric != entry.measurement.metric,
        (Some(wanted), Some(found)) => alike(wanted, found),
        (Some(_), None) => false,
    };
    quantile
        && index.document(entry.document).is_some_and(|d| ours(view, d))
        && selector.dataset.as_deref().is_none_or(|wanted| entry.dataset == Some(wanted))
        && selector.source.as_deref().is_none_or(|wanted| is_from(index, entry, wanted))
}

/// Whether a policy can use a document. It can use every claimed document, and the documents that
/// modelgate computed by the policy's own columns. If there are none by its own columns, it can use
/// those computed for another policy that cover every column that this one names: the same rows
/// were read in the same way. By the first semantics it never can.
pub(super) fn ours(view: &View<'_>, document: &Document<'_>) -> bool {
    let Some(computed) = computed(document) else { return true };
    let labelled = |recompute: &Recompute, document: &Document<'_>| {
        recompute.labels.as_deref().is_none_or(|name| document.dataset == Some(name))
    };
    let Some(recompute) = &view.policy.recompute else {
        return !view.case.is_first() && of_one_mind(view, document);
    };
    if !labelled(recompute, document) {
        return false;
    }
    let by_its_own = |d: &Document<'_>| {
        labelled(recompute, d) && self::computed(d).is_some_and(|c| c.columns == recompute.columns)
    };
    if by_its_own(document) {
        return true;
    }
    !view.case.is_first()
        && covers(&computed.columns, &recompute.columns)
        && !view.index.documents.iter().any(by_its_own)
}

/// Whether all documents that modelgate computed on this data set were computed by the same
/// columns. A policy without columns cannot say which of two results it means; then it evaluates
/// the claims, as it does if nothing was computed.
fn of_one_mind(view: &View<'_>, document: &Document<'_>) -> bool {
    let Some(own) = computed(document).map(|c| &c.columns) else { return true };
    let same = |other: &Columns| {
        (&own.label, &own.prediction, &own.score, &own.latency, &own.energy)
            == (&other.label, &other.prediction, &other.score, &other.latency, &other.energy)
            && (&own.positive, &own.cluster, &own.task, &own.na_keep)
                == (&other.positive, &other.cluster, &other.task, &other.na_keep)
    };
    let beside = view.index.documents.iter().filter(|other| other.dataset == document.dataset);
    beside.filter_map(computed).all(|other| same(&other.columns))
}

/// The sources of a computed document; `None` if modelgate did not compute it.
fn computed<'d>(document: &'d Document<'_>) -> Option<&'d Computed> {
    document.evidence().computed.as_ref().filter(|_| document.is_computed())
}

/// Whether numbers by the columns `has` are those that a policy with the columns `asked` means.
/// Everything that changes a number in both must be the same; additional groups or quantities
/// change none.
fn covers(has: &Columns, asked: &Columns) -> bool {
    fn named<T: PartialEq>(asked: Option<&T>, has: Option<&T>) -> bool {
        asked.is_none() || asked == has
    }
    named(asked.label.as_ref(), has.label.as_ref())
        && named(asked.prediction.as_ref(), has.prediction.as_ref())
        && named(asked.score.as_ref(), has.score.as_ref())
        && named(asked.latency.as_ref(), has.latency.as_ref())
        && named(asked.energy.as_ref(), has.energy.as_ref())
        && named(asked.id.as_ref(), has.id.as_ref())
        && (&asked.positive, &asked.cluster, &asked.task, &asked.na_keep)
            == (&has.positive, &has.cluster, &has.task, &has.na_keep)
        && asked.groups.iter().all(|group| has.groups.contains(group))
}

/// Whether two quantiles are equal, regardless of how they were written.
pub(super) fn alike(a: f64, b: f64) -> bool {
    round12(a).to_bits() == round12(b).to_bits()
}

/// Whether an entry is from a document of this format or tool; `mlflow` names every format whose id
/// starts with it.
fn is_from(index: &Index<'_>, entry: &Entry<'_>, wanted: &str) -> bool {
    let Some(document) = index.document(entry.document).map(Document::evidence) else {
        return false;
    };
    let tool = document.producer.as_ref().and_then(|p| p.tool.as_deref());
    let family = |rest: &str| rest.starts_with('-');
    document.format == wanted
        || document.format.strip_prefix(wanted).is_some_and(family)
        || tool.is_some_and(|t| t.eq_ignore_ascii_case(wanted))
}

/// Whether the rule means an average over groups: only if its slice or its name says so.
fn meant(rule: &Target, slice: &Slice, entry: &Entry<'_>) -> bool {
    !entry.measurement.aggregate || !slice.is_overall() || entry.measurement.metric != rule.metric
}

/// The measurements of exactly `slice` that the rule is about. A computed number replaces a claimed
/// one.
pub(super) fn of_slice<'a>(view: &View<'a>, rule: &Target, slice: &Slice) -> Entries<'a> {
    let here = |e: &&Entry<'a>| fits(view, rule, e) && meant(rule, slice, e);
    let mut list = view.index.of(&rule.metric, slice).filter(here).copied();
    let Some(first) = list.next() else { return Entries::Several(Vec::new()) };
    let Some(second) = list.next() else { return Entries::One(first) };
    let mut found: Vec<Entry<'a>> = [first, second].into_iter().chain(list).collect();
    let computed =
        |e: &Entry<'_>| view.index.document(e.document).is_some_and(Document::is_computed);
    if found.iter().any(computed) {
        found.retain(computed);
    }
    Entries::Several(found)
}

/// The measurements that a rule selects; usually one.
#[derive(Debug)]
pub(super) enum Entries<'a> {
    One(Entry<'a>),
    Several(Vec<Entry<'a>>),
}

impl<'a> Deref for Entries<'a> {
    type Target = [Entry<'a>];

    fn deref(&self) -> &[Entry<'a>] {
        match self {
            Self::One(entry) => slice::from_ref(entry),
            Self::Several(list) => list,
        }
    }
}

/// The groups of exactly these attributes, without averages and duplicates, in order.
pub(super) fn groups(view: &View<'_>, rule: &Target, keys: &[&str]) -> Vec<Slice> {
    let group = |entry: &Entry<'_>| {
        let slice = &entry.measurement.slice;
        let exactly = slice.0.len() == keys.len() && keys.iter().all(|k| slice.0.contains_key(*k));
        (exactly && !entry.measurement.aggregate && fits(view, rule, entry)).then(|| slice.clone())
    };
    let mut list: Vec<Slice> = view.index.named(&rule.metric).filter_map(group).collect();
    list.sort_unstable();
    list.dedup();
    list
}

/// The maximum number of names that are searched for one similar to the rule's.
const MOST_NAMES: usize = 1_000;

/// The nearest alternatives to what was searched.
pub(super) fn near(view: &View<'_>, rule: &Target, slice: &Slice) -> Near {
    let index = view.index;
    if index.named(&rule.metric).next().is_none() {
        let most = if view.case.is_first() { usize::MAX } else { MOST_NAMES };
        return index
            .nearest(&rule.metric, most)
            .map_or(Near::Nothing, |name| Near::Name(name.to_owned()));
    }
    let of_slice: Vec<&Entry<'_>> = index.of(&rule.metric, slice).take(4).collect();
    if of_slice.is_empty() {
        return Near::Slices(index.slices(&rule.metric, 4));
    }
    let selector = &rule.selector;
    let mut other = Vec::new();
    for entry in &of_slice {
        match (selector.quantile, entry.measurement.quantile) {
            (Some(wanted), Some(found)) if !alike(wanted, found) => {
                other.push(format!("quantile {found}"));
            }
            (Some(_), None) => other.push("no quantile".to_owned()),
            (None, Some(found)) => other.push(format!("quantile {found}")),
            _ if selector.dataset.as_deref().is_some_and(|d| entry.dataset != Some(d)) => {
                other.push(
                    entry
                        .dataset
                        .map_or_else(|| "no data set".to_owned(), |d| format!("data set {d}")),
                );
            }
            _ => other.extend(
                index.document(entry.document).map(|d| format!("format {}", d.evidence().format)),
            ),
        }
    }
    other.sort_unstable();
    other.dedup();
    Near::Other(other)
}
