//! The evidence of a case, put in one order and found by metric.

use crate::model::{COMPUTED, Evidence, Measurement, Submitted, Timestamp};

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

/// The evidence of a case.
#[derive(Debug)]
pub(in crate::policy) struct Index<'a> {
    /// By digest, then by what was claimed.
    pub(in crate::policy) documents: Vec<Document<'a>>,
    /// By the name a rule may use; within a name in the order of the documents.
    by_name: Vec<(&'a str, Entry<'a>)>,
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
        Self { documents, by_name }
    }

    /// The measurements that go by `name`, ours or their source's.
    pub(in crate::policy) fn named<'i>(&'i self, name: &str) -> impl Iterator<Item = &'i Entry<'a>> + use<'a, 'i> {
        let start = self.by_name.partition_point(|(n, _)| *n < name);
        let rest = self.by_name.get(start..).unwrap_or_default();
        let end = rest.partition_point(|(n, _)| *n <= name);
        rest.get(..end).unwrap_or_default().iter().map(|(_, entry)| entry)
    }

    /// Every name that a rule could use.
    pub(in crate::policy) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.by_name.iter().map(|(name, _)| *name)
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
