//! The evidence of a case, put in one order and found by metric.

use crate::{
    model::{COMPUTED, Comparison, Evidence, Measurement, Slice, Submitted, Timestamp},
    policy::diagnostic,
};
use std::{cell::RefCell, collections::HashMap};

/// A document with what its submission said of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Document<'a> {
    pub(in crate::policy) submitted: &'a Submitted,
    /// Its data set: what it states, else what was claimed.
    pub(in crate::policy) dataset: Option<&'a str>,
    /// When it was made: what it states, else what was claimed.
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

    /// What looks at its data set are counted by: the name, else the digest, else nothing.
    pub(in crate::policy) fn dataset_key(&self) -> String {
        let digest = || self.evidence().dataset.as_ref().and_then(|d| d.digest).map(|d| d.to_string());
        self.dataset.map(ToOwned::to_owned).or_else(digest).unwrap_or_default()
    }

    /// Whether we computed it ourselves.
    pub(in crate::policy) fn is_computed(&self) -> bool {
        self.evidence().format == COMPUTED && self.evidence().computed.is_some()
    }

    /// The document itself.
    pub(in crate::policy) fn evidence(&self) -> &'a Evidence {
        &self.submitted.evidence
    }
}

/// One measurement and the document it stands in.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Entry<'a> {
    pub(in crate::policy) document: usize,
    pub(in crate::policy) measurement: &'a Measurement,
    /// The data set of this very number.
    pub(in crate::policy) dataset: Option<&'a str>,
}

/// Comparisons, each with its document.
type BySlice<'a> = HashMap<&'a Slice, Vec<(usize, &'a Comparison)>>;

#[cfg(test)]
thread_local! {
    /// How many measurements this thread was handed out: what a rule does with many groups must not grow with their
    /// square.
    pub(super) static HANDED_OUT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Tells tests that a measurement is handed out.
fn told<T>(_: &T) {
    #[cfg(test)]
    HANDED_OUT.with(|count| count.set(count.get() + 1));
}

/// The evidence of a case.
#[derive(Debug)]
pub(in crate::policy) struct Index<'a> {
    /// By digest, then by what was claimed.
    pub(in crate::policy) documents: Vec<Document<'a>>,
    /// By the name a rule may use; within a name in the order of the documents.
    by_name: Vec<(&'a str, Entry<'a>)>,
    /// Places in `by_name`, by name and slice; within both in the order of the documents.
    by_slice: Vec<usize>,
    /// Comparisons that documents of ours made, each with its document, by metric and slice.
    comparisons: HashMap<&'a str, BySlice<'a>>,
    /// The name that was last looked for in vain, and the nearest one: every absent group asks the same.
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
        by_slice.sort_by_key(|at| by_name.get(*at).map(|(name, entry)| (*name, &entry.measurement.slice)));
        let mut comparisons: HashMap<&str, BySlice<'a>> = HashMap::new();
        for (at, document) in documents.iter().enumerate().filter(|(_, d)| d.is_computed()) {
            for one in &document.evidence().comparisons {
                comparisons.entry(one.metric.as_str()).or_default().entry(&one.slice).or_default().push((at, one));
            }
        }
        Self { documents, by_name, by_slice, comparisons, nearest: RefCell::default() }
    }

    /// What a rule finds at one place of `by_slice`.
    fn at(&self, place: usize) -> Option<(&'a str, &Entry<'a>)> {
        self.by_name.get(place).map(|(name, entry)| (*name, entry))
    }

    /// The part of `by_slice` about `name` and `slice`.
    fn places(&self, name: &str, slice: &Slice) -> &[usize] {
        let key = |place: &usize| self.at(*place).map(|(name, entry)| (name, &entry.measurement.slice));
        let start = self.by_slice.partition_point(|place| key(place) < Some((name, slice)));
        let rest = self.by_slice.get(start..).unwrap_or_default();
        let end = rest.partition_point(|place| key(place) <= Some((name, slice)));
        rest.get(..end).unwrap_or_default()
    }

    /// The measurements of exactly `slice` that go by `name`, in the order of the documents.
    pub(in crate::policy) fn of<'i>(
        &'i self,
        name: &str,
        slice: &Slice,
    ) -> impl Iterator<Item = &'i Entry<'a>> + use<'a, 'i> {
        self.places(name, slice).iter().inspect(told).filter_map(|place| self.at(*place)).map(|(_, entry)| entry)
    }

    /// The first few slices that there are of `name`, in their order.
    pub(in crate::policy) fn slices(&self, name: &str, most: usize) -> Vec<Slice> {
        let mut out: Vec<Slice> = Vec::new();
        let mut start = self.by_slice.partition_point(|place| self.at(*place).is_some_and(|(known, _)| known < name));
        while out.len() < most {
            let place = self.by_slice.get(start).and_then(|place| self.at(*place));
            let Some((_, entry)) = place.filter(|(known, _)| *known == name) else { break };
            start += self.places(name, &entry.measurement.slice).len().max(1);
            out.push(entry.measurement.slice.clone());
        }
        out
    }

    /// The comparisons of `metric` in `slice` that documents of ours made, each with its document.
    pub(in crate::policy) fn comparisons(&self, metric: &str, slice: &Slice) -> &[(usize, &'a Comparison)] {
        self.comparisons.get(metric).and_then(|by| by.get(slice)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The name nearest to one that no measurement goes by, among the first `most`.
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

    /// The measurements that go by `name`, ours or their source's.
    pub(in crate::policy) fn named<'i>(&'i self, name: &str) -> impl Iterator<Item = &'i Entry<'a>> + use<'a, 'i> {
        let start = self.by_name.partition_point(|(n, _)| *n < name);
        let rest = self.by_name.get(start..).unwrap_or_default();
        let end = rest.partition_point(|(n, _)| *n <= name);
        rest.get(..end).unwrap_or_default().iter().inspect(told).map(|(_, entry)| entry)
    }

    /// Every name that a rule could use, once and in order.
    fn names(&self) -> impl Iterator<Item = &'a str> {
        let mut last = None;
        self.by_name.iter().map(|(name, _)| *name).filter(move |name| last.replace(*name) != Some(*name))
    }

    /// The document that an entry stands in.
    pub(in crate::policy) fn document(&self, at: usize) -> Option<&Document<'a>> {
        self.documents.get(at)
    }
}

/// What puts documents in one order, whatever the order they were handed in.
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
