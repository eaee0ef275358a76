//! The hashes of a log's Merkle tree (RFC 6962, section 2.1).

use aws_lc_rs::digest::{Context, SHA256, digest};

/// A SHA-256 hash in the Merkle tree.
pub type Hash = [u8; 32];

const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];

fn hash(parts: [&[u8]; 3]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    to_hash(context.finish().as_ref())
}

fn to_hash(bytes: &[u8]) -> Hash {
    let mut out = [0; 32];
    out.copy_from_slice(bytes);
    out
}

/// The hash of one entry: SHA-256 of a zero byte and the entry.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    hash([&LEAF, entry, &[]])
}

/// The hash of an inner node: SHA-256 of a one byte and its children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    hash([&NODE, left, right])
}

/// The root of the empty tree: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    to_hash(digest(&SHA256, &[]).as_ref())
}

/// The root over neighbouring subtrees, the largest first, as RFC 6962 combines them. `None` if the
/// list is empty.
pub(crate) fn fold(subtrees: &[Hash]) -> Option<Hash> {
    subtrees.iter().rev().copied().reduce(|right, left| node_hash(&left, &right))
}
