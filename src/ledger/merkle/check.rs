//! Checking proofs (RFC 9162, sections 2.1.3.2 and 2.1.4.2).

use crate::ledger::{LedgerError, hash};
use hash::{Hash, node_hash};

/// The root that `path` leads to from the leaf at `index` in a tree of `size` leaves; `None` if the
/// path is too short or too long, or the tree has no such leaf.
pub fn root_of_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut at, mut last, mut root) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            root = node_hash(sibling, &root);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            root = node_hash(&root, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// Checks that the leaf is at `index` in the tree of `size` leaves with this root.
///
/// # Errors
/// If the path does not show it.
pub fn check_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), LedgerError> {
    match root_of_inclusion(leaf, index, size, path) {
        Some(found) if found == *root => Ok(()),
        _ => Err(LedgerError::NotIncluded),
    }
}

/// Checks that the tree of `old` leaves is the beginning of the tree of `new` leaves.
///
/// # Errors
/// If the path does not show it.
pub fn check_consistency(
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    path: &[Hash],
) -> Result<(), LedgerError> {
    let holds = match (old, path.split_first()) {
        (_, None) if old == new => {
            old_root == new_root && (old > 0 || *old_root == hash::empty_root())
        }
        (0, None) => *old_root == hash::empty_root(),
        (_, Some((first, rest))) if old > 0 && old < new => {
            // If its size is a power of two, the old root is itself a node of the new tree.
            let (first, rest) =
                if old.is_power_of_two() { (old_root, path) } else { (first, rest) };
            roots_of_consistency(old, new, first, rest) == Some((*old_root, *new_root))
        }
        _ => false,
    };
    if holds { Ok(()) } else { Err(LedgerError::NotConsistent) }
}

fn roots_of_consistency(old: u64, new: u64, first: &Hash, path: &[Hash]) -> Option<(Hash, Hash)> {
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut old_root, mut new_root) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            old_root = node_hash(sibling, &old_root);
            new_root = node_hash(sibling, &new_root);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new_root = node_hash(&new_root, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some((old_root, new_root))
}
