//! Proofs of inclusion and consistency (RFC 6962, sections 2.1.1 and 2.1.2), made from the roots of full subtrees.
//!
//! A store reads asynchronously and this code does not. So each proof takes two steps: first
//! compute which nodes it needs; then, after the caller has read them, make the proof.

use crate::ledger::{LedgerError, hash};
use hash::Hash;

/// A full subtree: the leaves from `index << level` to `(index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Binary level; 0 for a leaf.
    pub level: u8,
    /// Index within the level.
    pub index: u64,
}

/// A source of the roots of full subtrees.
pub trait HashReader {
    /// The root of this full subtree; `None` if it was not read.
    fn hash(&self, node: Node) -> Option<Hash>;
}

impl<F: Fn(Node) -> Option<Hash>> HashReader for F {
    fn hash(&self, node: Node) -> Option<Hash> {
        self(node)
    }
}

/// The leaves from `lo` up to but not including `hi`. Because of how RFC 6962 splits a tree, `lo`
/// is aligned to every full subtree in the range.
type Range = (u64, u64);

/// The largest power of two smaller than `n`, for `n` of at least 2.
const fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

fn inclusion_ranges(index: u64, size: u64) -> Option<Vec<Range>> {
    if index >= size {
        return None;
    }
    let (mut lo, mut hi) = (0, size);
    let mut out = Vec::new();
    while hi - lo > 1 {
        let middle = lo + split(hi - lo);
        if index < middle {
            out.push((middle, hi));
            hi = middle;
        } else {
            out.push((lo, middle));
            lo = middle;
        }
    }
    out.reverse();
    Some(out)
}

fn consistency_ranges(old: u64, new: u64) -> Option<Vec<Range>> {
    if old > new {
        return None;
    }
    let mut out = Vec::new();
    if old == 0 || old == new {
        return Some(out);
    }
    let (mut lo, mut hi) = (0, new);
    while old != hi {
        let middle = lo + split(hi - lo);
        if old <= middle {
            out.push((middle, hi));
            hi = middle;
        } else {
            out.push((lo, middle));
            lo = middle;
        }
    }
    // The verifier knows the old root, so it needs the last subtree only if that is not the whole
    // old tree.
    if lo > 0 {
        out.push((lo, hi));
    }
    out.reverse();
    Some(out)
}

/// The full subtrees that make up a range, the largest first.
fn nodes((lo, hi): Range) -> Vec<Node> {
    let mut at = lo;
    let mut out = Vec::new();
    while at < hi {
        let level = (hi - at).ilog2();
        out.push(Node { level: u8::try_from(level).unwrap_or(u8::MAX), index: at >> level });
        at += 1 << level;
    }
    out
}

fn range_hash<R: HashReader + ?Sized>(range: Range, reader: &R) -> Result<Hash, LedgerError> {
    let read =
        |n: Node| reader.hash(n).ok_or(LedgerError::MissingHash { level: n.level, index: n.index });
    let subtrees = nodes(range).into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(hash::fold(&subtrees).unwrap_or_else(hash::empty_root))
}

/// The nodes that the inclusion proof of leaf `index` in the tree of `size` leaves needs.
///
/// # Errors
/// If the tree has no such leaf.
pub fn inclusion_nodes(index: u64, size: u64) -> Result<Vec<Node>, LedgerError> {
    let ranges = inclusion_ranges(index, size).ok_or(LedgerError::OutOfRange { size, index })?;
    Ok(ranges.into_iter().flat_map(nodes).collect())
}

/// The nodes that the consistency proof between the trees of `old` and of `new` leaves needs.
///
/// # Errors
/// If `old` is larger than `new`.
pub fn consistency_nodes(old: u64, new: u64) -> Result<Vec<Node>, LedgerError> {
    let ranges =
        consistency_ranges(old, new).ok_or(LedgerError::OutOfRange { size: new, index: old })?;
    Ok(ranges.into_iter().flat_map(nodes).collect())
}

/// The proof that leaf `index` is in the tree of `size` leaves: the hashes from the leaf's sibling
/// up to the root's child.
///
/// # Errors
/// If the tree has no such leaf, or the reader lacks a node of [`inclusion_nodes`].
pub fn prove_inclusion<R: HashReader + ?Sized>(
    index: u64,
    size: u64,
    reader: &R,
) -> Result<Vec<Hash>, LedgerError> {
    let ranges = inclusion_ranges(index, size).ok_or(LedgerError::OutOfRange { size, index })?;
    ranges.into_iter().map(|range| range_hash(range, reader)).collect()
}

/// The proof that the tree of `old` leaves is the beginning of the tree of `new` leaves. Empty if
/// `old` is 0 or equals `new`.
///
/// # Errors
/// If `old` is larger than `new`, or the reader lacks a node of [`consistency_nodes`].
pub fn prove_consistency<R: HashReader + ?Sized>(
    old: u64,
    new: u64,
    reader: &R,
) -> Result<Vec<Hash>, LedgerError> {
    let ranges =
        consistency_ranges(old, new).ok_or(LedgerError::OutOfRange { size: new, index: old })?;
    ranges.into_iter().map(|range| range_hash(range, reader)).collect()
}

/// The root of the tree of the first `size` leaves.
///
/// # Errors
/// If the reader lacks one of the full subtrees along the tree's right edge.
pub fn root_of<R: HashReader + ?Sized>(size: u64, reader: &R) -> Result<Hash, LedgerError> {
    range_hash((0, size), reader)
}

/// The nodes that the root of the tree of the first `size` leaves needs.
pub fn root_nodes(size: u64) -> Vec<Node> {
    nodes((0, size))
}
