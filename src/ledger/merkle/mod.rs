//! The Merkle tree of a log (RFC 6962): appending, making proofs, checking proofs.

mod check;
mod prove;
mod tree;

#[cfg(test)]
mod tests;

pub use super::hash::{Hash, empty_root, leaf_hash, node_hash};
pub use check::{check_consistency, check_inclusion, root_of_inclusion};
pub use prove::{
    HashReader, Node, consistency_nodes, inclusion_nodes, prove_consistency, prove_inclusion,
    root_nodes, root_of,
};
pub use tree::Tree;
