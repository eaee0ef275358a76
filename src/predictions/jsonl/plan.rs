//! Which keys of a row are wanted, and what to do with their values.

use crate::predictions::block::Wanted;

/// What to do with the value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Skip,
    /// It is the value of the columns at this index of `Plan::leaves`.
    Leaf(usize),
    /// It is an object, and some of its keys are wanted.
    Inner(usize),
}

/// An object that has wanted keys.
#[derive(Debug, Default)]
struct Node {
    keys: Vec<(Vec<u8>, Action)>,
}

/// The wanted columns as nested keys. The first node is the row itself.
#[derive(Debug, Default)]
pub(super) struct Plan {
    nodes: Vec<Node>,
    pub(super) leaves: Vec<Vec<usize>>,
}

impl Plan {
    /// A plan for these columns: `a.b` is the key `b` of the object `a`, or the key `a.b`.
    pub(super) fn new(wanted: &[Wanted]) -> Self {
        let mut plan = Self { nodes: vec![Node::default()], leaves: Vec::new() };
        for (column, wanted) in wanted.iter().enumerate() {
            let leaf = if let Action::Leaf(leaf) = plan.action(0, wanted.name.as_bytes()) {
                leaf
            } else {
                plan.leaves.push(Vec::new());
                plan.leaves.len() - 1
            };
            if let Some(columns) = plan.leaves.get_mut(leaf) {
                columns.push(column);
            }
            plan.add(0, wanted.name.as_bytes(), Action::Leaf(leaf));
            let mut node = 0;
            let mut parts = wanted.name.split('.').peekable();
            while let Some(part) = parts.next() {
                if parts.peek().is_none() {
                    plan.add(node, part.as_bytes(), Action::Leaf(leaf));
                } else {
                    node = plan.inner(node, part.as_bytes());
                }
            }
        }
        plan
    }

    /// How many objects the plan has.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// What to do with this key of this object.
    pub(super) fn action(&self, node: usize, key: &[u8]) -> Action {
        let keys = self.nodes.get(node).map_or(&[][..], |node| &node.keys);
        keys.iter().find(|(name, _)| name == key).map_or(Action::Skip, |(_, action)| *action)
    }

    fn add(&mut self, node: usize, key: &[u8], action: Action) {
        if let Some(node) = self.nodes.get_mut(node)
            && !node.keys.iter().any(|known| known.0 == key && known.1 == action)
        {
            node.keys.push((key.to_vec(), action));
        }
    }

    fn inner(&mut self, node: usize, key: &[u8]) -> usize {
        if let Action::Inner(inner) = self.action(node, key) {
            return inner;
        }
        self.nodes.push(Node::default());
        let inner = self.nodes.len() - 1;
        self.add(node, key, Action::Inner(inner));
        inner
    }
}
