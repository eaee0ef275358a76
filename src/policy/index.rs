//! An index of the evidence in a case: sorted, and searchable by metric.

use crate::{
    model::{COMPUTED, Comparison, Evidence, Measurement, Slice, Submitted, Timestamp},
    policy::diagnostic,
};
use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
};

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
    /// The measurements by every name that a rule can use, in the order of the documents.
    entries: Vec<(&'a str, Entry<'a>)>,
    /// For each entry, the hash of its name and slice in the upper half and its position in the
    /// lower half, in order. Entries with the same hash and another name or slice are sorted by
    /// these, so that no choice of names makes a search slow.
    places: Vec<u64>,
    /// Positions sorted by name, made for the first rule that needs them.
    by_name: OnceCell<ByName>,
    /// The comparisons from documents that modelgate computed, by metric and slice, each with its
    /// document.
    comparisons: HashMap<&'a str, BySlice<'a>>,
    /// The name that was last searched without a result, and the nearest name. Kept because every
    /// absent group repeats the same search.
    nearest: RefCell<Option<(String, Option<&'a str>)>>,
}

/// Positions of entries, sorted by name.
#[derive(Debug)]
struct ByName {
    /// Within a name, in the order of the documents.
    documents: Vec<usize>,
    /// Within a name, by slice, then in the order of the documents.
    slices: Vec<usize>,
}

/// The hash of a name and a slice, in the upper half.
fn hash(name: &str, slice: &Slice) -> u64 {
    let texts = slice.0.iter().flat_map(|(key, group)| [key.as_str(), group.as_str()]);
    texts.fold(mixed(0, name), mixed) & UPPER
}

const UPPER: u64 = 0xffff_ffff_0000_0000;

/// `hash`, continued with `text`.
fn mixed(hash: u64, text: &str) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let rest = rest.iter().fold(0x100, |word: u64, byte| (word << 8) | u64::from(*byte));
    let words = words.iter().map(|word| u64::from_le_bytes(*word)).chain([rest]);
    words.fold(hash, |hash, word| (hash.rotate_left(29) ^ word).wrapping_mul(ODD))
}

/// The position in the lower half of a place.
fn position(place: u64) -> usize {
    usize::try_from(place & !UPPER).unwrap_or(usize::MAX)
}

impl<'a> Index<'a> {
    pub(in crate::policy) fn new(evidence: &'a [Submitted]) -> Self {
        let mut documents: Vec<_> = evidence.iter().map(Document::new).collect();
        documents.sort_by(|a, b| order(a.submitted).cmp(&order(b.submitted)));
        documents.dedup_by(|a, b| a.submitted == b.submitted);
        let count = documents.iter().map(|d| d.evidence().measurements.len()).sum();
        let (mut entries, mut places) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut add = |name: &'a str, entry: Entry<'a>| {
            let at = u64::try_from(entries.len()).unwrap_or(u64::MAX);
            places.push(hash(name, &entry.measurement.slice) | at);
            entries.push((name, entry));
        };
        for (document, entry) in documents.iter().enumerate() {
            for measurement in &entry.evidence().measurements {
                let dataset = measurement.dataset.as_deref().or(entry.dataset);
                let found = Entry { document, measurement, dataset };
                add(measurement.metric.as_str(), found);
                if measurement.source_name != measurement.metric {
                    add(measurement.source_name.as_str(), found);
                }
            }
        }
        places.sort_unstable();
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
        let (by_name, nearest) = (OnceCell::new(), RefCell::default());
        let mut index = Self { documents, entries, places, by_name, comparisons, nearest };
        index.part_collisions();
        index
    }

    /// Sorts the places with equal hashes by name and slice, if these differ.
    fn part_collisions(&mut self) {
        let mut places = std::mem::take(&mut self.places);
        for same in places.chunk_by_mut(|a, b| a & UPPER == b & UPPER).filter(|c| c.len() > 1) {
            let first = same.first().and_then(|place| self.key(*place));
            if same.iter().any(|place| self.key(*place) != first) {
                same.sort_by(|a, b| self.key(*a).cmp(&self.key(*b)));
            }
        }
        self.places = places;
    }

    /// The name and the slice at a place.
    fn key(&self, place: u64) -> Option<(&'a str, &'a Slice)> {
        self.entries.get(position(place)).map(|(name, entry)| (*name, &entry.measurement.slice))
    }

    /// The measurements with this name for exactly `slice`, in the order of the documents.
    pub(in crate::policy) fn of<'i>(
        &'i self,
        name: &str,
        slice: &Slice,
    ) -> impl Iterator<Item = &'i Entry<'a>> + use<'a, 'i> {
        let (wanted, hash) = (Some((name, slice)), hash(name, slice));
        let start = self.places.partition_point(|place| *place < hash);
        let mut rest = self.places.get(start..).unwrap_or_default();
        let same = |place: &u64| place & UPPER == hash && self.key(*place) == wanted;
        let mut count = usize::from(rest.first().is_some_and(same));
        if count == 0 {
            // Perhaps another name or slice has the same hash.
            let before = |place: &u64| place & UPPER == hash && self.key(*place) < wanted;
            rest = rest.get(rest.partition_point(before)..).unwrap_or_default();
        }
        count += rest.iter().skip(count).take_while(|place| same(place)).count();
        let found = rest.get(..count).unwrap_or_default();
        found
            .iter()
            .inspect(told)
            .filter_map(|place| self.entries.get(position(*place)))
            .map(|(_, entry)| entry)
    }

    /// The positions of entries, sorted by name.
    fn by_name(&self) -> &ByName {
        self.by_name.get_or_init(|| {
            let name = |at: &usize| self.entries.get(*at).map(|(name, _)| *name);
            let slice = |at: &usize| self.entries.get(*at).map(|(_, e)| &e.measurement.slice);
            let mut documents: Vec<usize> = (0..self.entries.len()).collect();
            documents.sort_by_key(name);
            let mut slices = documents.clone();
            slices.sort_by_key(|at| (name(at), slice(at)));
            ByName { documents, slices }
        })
    }

    /// The entries with this name, in the order of `sorted`.
    fn within<'i>(&'i self, sorted: &'i [usize], name: &str) -> &'i [usize] {
        let known = |at: &usize| self.entries.get(*at).map_or("", |(name, _)| *name);
        let start = sorted.partition_point(|at| known(at) < name);
        let rest = sorted.get(start..).unwrap_or_default();
        rest.get(..rest.partition_point(|at| known(at) <= name)).unwrap_or_default()
    }

    /// The first `most` slices that measurements of `name` have, in order.
    pub(in crate::policy) fn slices(&self, name: &str, most: usize) -> Vec<Slice> {
        let mut rest = self.within(&self.by_name().slices, name);
        let mut out: Vec<Slice> = Vec::new();
        while let Some((_, entry)) = rest.first().and_then(|at| self.entries.get(*at)) {
            if out.len() >= most {
                break;
            }
            let slice = &entry.measurement.slice;
            let same = |at: &usize| {
                self.entries.get(*at).is_some_and(|(_, e)| e.measurement.slice == *slice)
            };
            rest = rest.get(rest.partition_point(same).max(1)..).unwrap_or_default();
            out.push(slice.clone());
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
        self.within(&self.by_name().documents, name)
            .iter()
            .inspect(told)
            .filter_map(|at| self.entries.get(*at))
            .map(|(_, entry)| entry)
    }

    /// Every name that a rule can use, without duplicates, in order.
    fn names(&self) -> impl Iterator<Item = &'a str> {
        let mut last = None;
        let sorted = self.by_name().documents.iter();
        sorted
            .filter_map(|at| self.entries.get(*at).map(|(name, _)| *name))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Claimed, Digest};

    /// Two names with the same hash.
    fn colliding() -> (String, String) {
        let mut seen: HashMap<u64, String> = HashMap::new();
        let names = (0..400_000_u64).map(|i| format!("{i:08}{}", i * i % 999_983));
        let found = names.into_iter().find_map(|name| {
            let hash = hash(&name, &Slice::overall());
            seen.insert(hash, name.clone()).map(|other| (other, name))
        });
        found.unwrap()
    }

    #[test]
    fn names_with_the_same_hash_are_told_apart() {
        let (one, other) = colliding();
        let measured = |metric: &str, n| Measurement {
            n: Some(n),
            ..Measurement::new(metric, metric, Some(0.5))
        };
        let document = |n: u64| {
            let mut evidence =
                Evidence::new(Digest::from_bytes([u8::try_from(n).unwrap(); 32]), "native");
            evidence.measurements = vec![
                measured(&other, n),
                measured(&one, 10 + n),
                measured(&other, 20 + n),
                measured("x", n),
            ];
            Submitted { evidence, claimed: Claimed::default(), mapping: None }
        };
        let evidence = [document(2), document(1), document(3)];
        let index = Index::new(&evidence);
        let found = |name: &str| -> Vec<u64> {
            index.of(name, &Slice::overall()).filter_map(|e| e.measurement.n).collect()
        };
        assert_eq!(found(&one), [11, 12, 13]);
        assert_eq!(found(&other), [1, 21, 2, 22, 3, 23]);
        assert_eq!(found("x"), [1, 2, 3]);
        assert_eq!(found("y"), [0_u64; 0]);
        assert_eq!(index.of(&one, &Slice::one("a", "b")).count(), 0);
    }
}
