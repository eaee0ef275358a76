//! An append-only tree, stored as its right edge.

use crate::ledger::{LedgerError, hash};
use hash::{Hash, node_hash};

/// The size of a tree and the roots of the full subtrees along its right edge: everything that
/// appending needs. At most 64 hashes, so it fits in a database row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    size: u64,
    /// One root for each set bit of `size`, the largest subtree first.
    edge: Vec<Hash>,
}

/// No log grows beyond this, so arithmetic on sizes cannot overflow.
const MAX_SIZE: u64 = 1 << 60;

impl Tree {
    /// The empty tree.
    pub const fn new() -> Self {
        Self { size: 0, edge: Vec::new() }
    }

    /// The number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends the leaf with this hash and returns its index.
    pub fn append(&mut self, leaf: Hash) -> u64 {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.edge.push(hash);
        let index = self.size;
        self.size = self.size.saturating_add(1);
        index
    }

    /// The root hash; for the empty tree, the hash of nothing.
    pub fn root(&self) -> Hash {
        hash::fold(&self.edge).unwrap_or_else(hash::empty_root)
    }

    /// The bytes to store: the size (8 bytes, big-endian) and the edge's hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.size.to_be_bytes().to_vec();
        out.extend(self.edge.iter().flatten());
        out
    }

    /// Reads the output of [`Tree::to_bytes`].
    ///
    /// # Errors
    /// If the number of hashes does not match the size.
    pub fn parse(bytes: &[u8]) -> Result<Self, LedgerError> {
        let error = || {
            LedgerError::malformed(
                "a tree's edge",
                format!("{} bytes do not fit its size", bytes.len()),
            )
        };
        let (size, rest) = bytes.split_first_chunk::<8>().ok_or_else(error)?;
        let size = u64::from_be_bytes(*size);
        let (edge, rest) = rest.as_chunks::<32>();
        let wanted = usize::try_from(size.count_ones()).map_err(|_| error())?;
        if size > MAX_SIZE || edge.len() != wanted || !rest.is_empty() {
            return Err(error());
        }
        Ok(Self { size, edge: edge.to_vec() })
    }
}
