//! The changes of a batch, by the log that they belong to.

use super::change::{Change, Committed};
use crate::model::Namespace;
use std::collections::BTreeMap;

/// The changes of one namespace in a batch.
pub(super) struct Batch<'a> {
    pub(super) namespace: &'a Namespace,
    /// Their places among all changes.
    pub(super) members: Vec<usize>,
    pub(super) changes: &'a [Change],
}

impl<'a> Batch<'a> {
    /// The changes with their places.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &'a Change)> {
        let changes = self.changes;
        self.members.iter().filter_map(move |member| Some((*member, changes.get(*member)?)))
    }

    /// The same without those that have an outcome already.
    pub(super) fn without(&self, outcomes: &[Option<Committed>]) -> Self {
        let open = |member: &usize| outcomes.get(*member).is_some_and(Option::is_none);
        Self { members: self.members.iter().copied().filter(open).collect(), ..*self }
    }
}

/// The changes of a batch by namespace.
pub(super) fn by_namespace(changes: &[Change]) -> BTreeMap<&Namespace, Vec<usize>> {
    let mut groups: BTreeMap<&Namespace, Vec<usize>> = BTreeMap::new();
    for (i, change) in changes.iter().enumerate() {
        groups.entry(&change.namespace).or_default().push(i);
    }
    groups
}
