//! Whether an entry is whole: its kind and document against its leaf.

use crate::{ledger::Entry, model::Digest, store::StoredEntry};

/// Whether a leaf and the document stored with it have the same kind and digest.
pub(in crate::app) fn fact_holds(entry: &StoredEntry) -> bool {
    match Entry::parse(&entry.body) {
        Ok(Entry::Fact { fact, hash }) => {
            fact.as_str() == entry.kind
                && entry.fact.as_ref().is_none_or(|document| Digest::of(document) == hash)
        }
        Ok(Entry::Signed(_)) => entry.fact.is_none(),
        Err(_) => false,
    }
}
