//! An index of the evidence in a case: sorted, and searchable by metric.

use crate::{
    model::{COMPUTED, Comparison, Evidence, Measurement, Slice, Submitted, Timestamp},
    policy::diagnostic,
};
use std::{cell::RefCell, collections::HashMap};

/// A document and what its submission states about it.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Document<'a> {
    pub(in crate::policy) submitted: &'a Submitted,
    /// The data set that the document states, or else the claimed one.
    pub(in crate::policy) dataset: Option<&'a str>,
    /// The time of creation that the document states, or else the claimed one.
    pub(in crate::policy) produced_at: Option<Timestamp>,
}

impl<'a> Document<'a> {
    fn new(submitted: &'a Submitted) -> Self {
        let (evidence, claimed) = (&submitted.evidence, &submitted.claimed);
        let stated = evidence.dataset.as_ref().and_then(|d| d.name.as_deref());
        Self {
            submitted,
            dataset: stated.or(claimed.dataset.as_deref()),
            produced_at: evidence.produced_at.or(claimed.produced_at),
        }
    }

    /// The key under which attempts on its data set are counted: the name, else the digest, else
    /// empty.
    pub(in crate::policy) fn dataset_key(&self) -> String {
        let digest =
            || self.evidence().dataset.as_ref().and_then(|d| d.digest).map(|d| d.to_string());
        self.dataset.map(ToOwned::to_owned).or_else(digest).unwrap_or_default()
    }

    /// Whether modelgate computed it.
    pub(in crate::policy) fn is_computed(&self) -> bool {
        self.evidence().format == COMPUTED && self.evidence().computed.is_some()
    }

    /// The document itself.
    pub(in crate::policy) fn evidence(&self) -> &'a Evidence {
        &self.submitted.evidence
    }
}

/// A measurement and its document.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Entry<'a> {
    pub(in crate::policy) document: usize,
    pub(in crate::policy) measurement: &'a Measurement,
    /// The data set of this number.
    pub(in crate::policy) dataset: Option<&'a str>,
}

/// The comparisons of each slice, each with its document.
type BySlice<'a> = HashMap<&'a Slice, Vec<(usize, &'a Comparison)>>;

#[cfg(test)]
thread_local! {
    /// The number of measurements returned on this thread. The work of a rule on many groups must
    /// not grow with the square of their number.
    pub(super) static HANDED_OUT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts a returned measurement, for tests.
fn told<T>(_: &T) {
    #[cfg(test)]
    HANDED_OUT.with(|count| count.set(count.get() + 1));
}

/// The index of the evidence in a case.
#[derive(Debug)]
pub(in crate::policy) struct Index<'a> {
    /// The documents, sorted by digest, then by claims.
    pub(in crate::policy) documents: Vec<Document<'a>>,
    /// The measurements, sorted by the name that a rule can use; within a name, in the order of the
    /// documents.
    by_name: Vec<(&'a str, Entry<'a>)>,
    /// Positions in `by_name`, sorted by name and slice; within both, in the order of the
    /// documents.
    by_slice: Vec<usize>,
    /// The comparisons from documents that modelgate computed, by metric and slice, each with its
    /// document.
    comparisons: HashMap<&'a str, BySlice<'a>>,
    /// The name that was last searched without a result, and the nearest name. Kept because every
    /// absent group repeats the same search.
    nearest: RefCell<Option<(String, Option<&'a str>)>>,
}

impl<'a> Index<'a> {
    pub(in crate::policy) fn new(evidence: &'a [Submitted]) -> Self {
        let mut documents: Vec<_> = evidence.iter().map(Document::new).collect();
        documents.sort_by(|a, b| order(a.submitted).cmp(&order(b.submitted)));
        documents.dedup_by(|a, b| a.submitted == b.submitted);
        let mut by_name = Vec::new();
        for (document, entry) in documents.iter().enumerate() {
            for measurement in &entry.evidence().measurements {
                let dataset = measurement.dataset.as_deref().or(entry.dataset);
                let found = Entry { document, measurement, dataset };
                by_name.push((measurement.metric.as_str(), found));
                if measurement.source_name != measurement.metric {
                    by_name.push((measurement.source_name.as_str(), found));
                }
            }
        }
        by_name.sort_by_key(|(name, _)| *name);
        let mut by_slice: Vec<usize> = (0..by_name.len()).collect();
        by_slice.sort_by_key(|at| {
            by_name.get(*at).map(|(name, entry)| (*name, &entry.measurement.slice))
        });
        let mut comparisons: HashMap<&str, BySlice<'a>> = HashMap::new();
        for (at, document) in documents.iter().enumerate().filter(|(_, d)| d.is_computed()) {
            for one in &document.evidence().comparisons {
                comparisons
                    .entry(one.metric.as_str())
                    .or_default()
                    .entry(&one.slice)
                    .or_default()
                    .push((at, one));
            }
        }
        Self { documents, by_name, by_slice, comparisons, nearest: RefCell::default() }
    }

    /// The name and the entry at one position of `by_slice`.
    fn at(&self, place: usize) -> Option<(&'a str, &Entry<'a>)> {
        self.by_name.get(place).map(|(name, entry)| (*name, entry))
    }

    /// The part of `by_slice` for `name` and `slice`.
    fn places(&self, name: &str, slice: &Slice) -> &[usize] {
        let key =
            |place: &usize| self.at(*place).map(|(name, entry)| (name, &entry.measurement.slice));
        let start = self.by_slice.partition_point(|place| key(place) < Some((name, slice)));
        let rest = self.by_slice.get(start..).unwrap_or_default();
        let end = rest.partition_point(|place| key(place) <= Some((name, slice)));
        rest.get(..end).unwrap_or_default()
    }

    /// The measurements with this name for exactly `slice`, in the order of the documents.
    pub(in crate::policy) fn of<'i>(
        &'i self,
        name: &str,
        slice: &Slice,
    ) -> impl Iterator<Item = &'i Entry<'a>> + use<'a, 'i> {
        self.places(name, slice)
            .iter()
            .inspect(told)
            .filter_map(|place| self.at(*place))
            .map(|(_, entry)| entry)
    }

    /// The first `most` slices that measurements of `name` have, in order.
    pub(in crate::policy) fn slices(&self, name: &str, most: usize) -> Vec<Slice> {
        let mut out: Vec<Slice> = Vec::new();
        let mut start = self
            .by_slice
            .partition_point(|place| self.at(*place).is_some_and(|(known, _)| known < name));
        while out.len() < most {
            let place = self.by_slice.get(start).and_then(|place| self.at(*place));
            let Some((_, entry)) = place.filter(|(known, _)| *known == name) else { break };
            start += self.places(name, &entry.measurement.slice).len().max(1);
            out.push(entry.measurement.slice.clone());
        }
        out
    }

    /// The comparisons of `metric` in `slice` from documents that modelgate computed, each with its
    /// document.
    pub(in crate::policy) fn comparisons(
        &self,
        metric: &str,
        slice: &Slice,
    ) -> &[(usize, &'a Comparison)] {
        self.comparisons
            .get(metric)
            .and_then(|by| by.get(slice))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The name nearest to `name`, which no measurement has, among the first `most` names.
    pub(in crate::policy) fn nearest(&self, name: &str, most: usize) -> Option<&'a str> {
        let mut kept = self.nearest.borrow_mut();
        match kept.as_ref() {
            Some((asked, near)) if asked == name => *near,
            _ => {
                let near = diagnostic::nearest(name, self.names().take(most));
                *kept = Some((name.to_owned(), near));
                near
            }
        }
    }

    /// The measurements with this name, whether it is ours or the source's.
    pub(in crate::policy) fn named<'i>(
        &'i self,
        name: &str,
    ) -> impl Iterator<Item = &'i Entry<'a>> + use<'a, 'i> {
        let start = self.by_name.partition_point(|(n, _)| *n < name);
        let rest = self.by_name.get(start..).unwrap_or_default();
        let end = rest.partition_point(|(n, _)| *n <= name);
        rest.get(..end).unwrap_or_default().iter().inspect(told).map(|(_, entry)| entry)
    }

    /// Every name that a rule can use, without duplicates, in order.
    fn names(&self) -> impl Iterator<Item = &'a str> {
        let mut last = None;
        self.by_name
            .iter()
            .map(|(name, _)| *name)
            .filter(move |name| last.replace(*name) != Some(*name))
    }

    /// The document of an entry.
    pub(in crate::policy) fn document(&self, at: usize) -> Option<&Document<'a>> {
        self.documents.get(at)
    }
}

/// The order of documents, which does not depend on the order of submission.
fn order(s: &Submitted) -> impl Ord + '_ {
    let subject = s.claimed.subject.as_ref();
    (
        s.evidence.digest,
        &s.evidence.format,
        s.mapping,
        s.claimed.dataset.as_deref(),
        s.claimed.produced_at,
        subject.map(|u| (u.model.clone(), u.version.clone(), u.digest)),
    )
}
