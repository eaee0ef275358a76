//! Which measurements a rule is about.

use super::View;
use crate::{
    model::{Slice, number::round12},
    policy::{
        evaluate::index::{Document, Entry, Index},
        phrase::Near,
        schema::Target,
    },
};

/// Everything the rule names but for the slice: data set, source, quantile. What we computed counts for the policies
/// that asked for it, which say which column is what.
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

/// Whether a document may speak to this policy.
pub(super) fn ours(view: &View<'_>, document: &Document<'_>) -> bool {
    let Some(computed) = document.evidence().computed.as_ref().filter(|_| document.is_computed()) else { return true };
    let labelled = |name: &String| document.dataset == Some(name.as_str());
    let recompute = view.policy.recompute.as_ref();
    recompute.is_some_and(|r| r.columns == computed.columns && r.labels.as_ref().is_none_or(labelled))
}

/// Whether two quantiles are one, however they were written.
pub(super) fn alike(a: f64, b: f64) -> bool {
    round12(a).to_bits() == round12(b).to_bits()
}

/// Whether an entry stands in a document of that format or tool; `mlflow` names every format whose id starts so.
fn is_from(index: &Index<'_>, entry: &Entry<'_>, wanted: &str) -> bool {
    let Some(document) = index.document(entry.document).map(Document::evidence) else { return false };
    let tool = document.producer.as_ref().and_then(|p| p.tool.as_deref());
    let family = |rest: &str| rest.starts_with('-');
    document.format == wanted
        || document.format.strip_prefix(wanted).is_some_and(family)
        || tool.is_some_and(|t| t.eq_ignore_ascii_case(wanted))
}

/// Whether an average over groups is meant: only when its slice or its own name says so.
fn meant(rule: &Target, slice: &Slice, entry: &Entry<'_>) -> bool {
    !entry.measurement.aggregate || !slice.is_overall() || entry.measurement.metric != rule.metric
}

/// The measurements of exactly `slice` that the rule is about. What we computed stands in for what is claimed.
pub(super) fn of_slice<'a>(view: &View<'a>, rule: &Target, slice: &Slice) -> Vec<Entry<'a>> {
    let here = |e: &&Entry<'a>| fits(view, rule, e) && meant(rule, slice, e);
    let mut found: Vec<Entry<'a>> = view.index.of(&rule.metric, slice).filter(here).copied().collect();
    let computed = |e: &Entry<'_>| view.index.document(e.document).is_some_and(Document::is_computed);
    if found.iter().any(computed) {
        found.retain(computed);
    }
    found
}

/// The groups of exactly these attributes, averages left out, each once and in order.
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

/// So many names are looked through for one that is nearly that of a rule.
const MOST_NAMES: usize = 1_000;

/// What there is instead of what was looked for.
pub(super) fn near(view: &View<'_>, rule: &Target, slice: &Slice) -> Near {
    let index = view.index;
    if index.named(&rule.metric).next().is_none() {
        let most = if view.case.is_first() { usize::MAX } else { MOST_NAMES };
        return index.nearest(&rule.metric, most).map_or(Near::Nothing, |name| Near::Name(name.to_owned()));
    }
    let of_slice: Vec<&Entry<'_>> = index.of(&rule.metric, slice).take(4).collect();
    if of_slice.is_empty() {
        return Near::Slices(index.slices(&rule.metric, 4));
    }
    let selector = &rule.selector;
    let mut other = Vec::new();
    for entry in &of_slice {
        match (selector.quantile, entry.measurement.quantile) {
            (Some(wanted), Some(found)) if !alike(wanted, found) => other.push(format!("quantile {found}")),
            (Some(_), None) => other.push("no quantile".to_owned()),
            (None, Some(found)) => other.push(format!("quantile {found}")),
            _ if selector.dataset.as_deref().is_some_and(|d| entry.dataset != Some(d)) => other.push(
                entry.dataset.map_or_else(|| "no data set".to_owned(), |d| format!("data set {d}")),
            ),
            _ => other.extend(index.document(entry.document).map(|d| format!("format {}", d.evidence().format))),
        }
    }
    other.sort_unstable();
    other.dedup();
    Near::Other(other)
}
