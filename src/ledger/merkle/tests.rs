use super::*;
use crate::ledger::tile::{self, Tiles};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::LazyLock};

/// A log of `count` entries, kept the way the store keeps it: leaf hashes, full tiles, and the
/// tree's edge.
pub struct Log {
    pub tree: Tree,
    pub leaves: Vec<Hash>,
    full: BTreeMap<(u8, u64), Vec<Hash>>,
    roots: Vec<Hash>,
    nodes: BTreeMap<Node, Hash>,
}

static LOG: LazyLock<Log> = LazyLock::new(|| Log::grown(3_000));

impl Log {
    pub fn grown(count: u64) -> Self {
        let (leaves, roots) = (vec![], vec![empty_root()]);
        let mut log = Self {
            tree: Tree::new(),
            leaves,
            roots,
            full: BTreeMap::new(),
            nodes: BTreeMap::new(),
        };
        for i in 0..count {
            let leaf = leaf_hash(format!("entry {i}").as_bytes());
            assert_eq!(log.tree.append(leaf), i);
            log.leaves.push(leaf);
            log.roots.push(log.tree.root());
            let mut node = Node { level: 0, index: i };
            let mut hash = leaf;
            log.nodes.insert(node, hash);
            while node.index % 2 == 1 {
                let left = log.nodes[&Node { index: node.index - 1, ..node }];
                hash = node_hash(&left, &hash);
                node = Node { level: node.level + 1, index: node.index / 2 };
                log.nodes.insert(node, hash);
            }
            for done in tile::completed(i, i + 1) {
                let hashes = log.hashes(done.level, done.index, 256);
                log.full.insert((done.level, done.index), hashes);
            }
        }
        log
    }

    /// The hashes of a tile: leaf hashes at level 0, roots of full tiles above.
    fn hashes(&self, level: u8, index: u64, width: u16) -> Vec<Hash> {
        let range = index * 256..index * 256 + u64::from(width);
        match level {
            0 => range.map(|i| self.leaves[i as usize]).collect(),
            _ => range.map(|i| tile::tile_root(&self.full[&(level - 1, i)]).unwrap()).collect(),
        }
    }

    pub fn tiles(&self, nodes: &[Node], size: u64) -> Tiles {
        let mut tiles = Tiles::default();
        for id in tile::holding(nodes, size) {
            tiles.insert(id.level, id.index, self.hashes(id.level, id.index, id.width));
        }
        tiles
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        prove_inclusion(index, size, &|node| self.nodes.get(&node).copied()).unwrap()
    }

    fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        prove_consistency(old, new, &|node| self.nodes.get(&node).copied()).unwrap()
    }
}

/// The reference: `tlog_tiles`, over all of its stored hashes.
struct Reference(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Reference {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|i| self.0[*i as usize]).collect())
    }
}

impl Reference {
    fn grown(count: u64) -> Self {
        let mut stored = Self(vec![]);
        for i in 0..count {
            let more =
                tlog_tiles::stored_hashes(i, format!("entry {i}").as_bytes(), &stored).unwrap();
            stored.0.extend(more);
        }
        stored
    }
}

fn plain(hashes: Vec<tlog_tiles::Hash>) -> Vec<Hash> {
    hashes.into_iter().map(|h| h.0).collect()
}

#[test]
fn roots_agree_with_both_oracles_at_every_size() {
    const SIZE: u64 = 1_100;
    let (log, reference) = (&*LOG, Reference::grown(SIZE));
    let mut ct = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    for size in 0..=SIZE {
        let root = log.roots[size as usize];
        assert_eq!(ct.root().as_bytes().as_slice(), root, "size {size}");
        if size > 0 {
            assert_eq!(tlog_tiles::tree_hash(size, &reference).unwrap().0, root, "size {size}");
        }
        assert_eq!(root_of(size, &|node| log.nodes.get(&node).copied()), Ok(root), "size {size}");
        ct.push(format!("entry {size}").into_bytes());
    }
}

#[test]
fn a_log_only_grows() {
    const SIZE: u64 = 1_100;
    let (log, reference) = (&*LOG, Reference::grown(SIZE));
    for new in 1..=SIZE {
        // Every prefix of a small tree; for a large tree every seventh, and all sizes near full
        // tiles.
        for old in (0..=new)
            .filter(|old| new < 140 || (old + new) % 7 == 0 || old % 256 < 2 || new - old < 2)
        {
            let proof = log.consistency(old, new);
            let (old_root, new_root) = (log.roots[old as usize], log.roots[new as usize]);
            check_consistency((old, &old_root), (new, &new_root), &proof).unwrap();
            if old > 0 && (new < 70 || (new + 3 * old) % 64 == 0) {
                assert_eq!(
                    proof,
                    plain(tlog_tiles::prove_tree(new, old, &reference).unwrap()),
                    "{old} in {new}"
                );
            }
        }
    }
}

#[test]
fn a_changed_past_is_never_a_prefix() {
    let log = &*LOG;
    for (old, new) in [(1, 2), (3, 7), (4, 8), (128, 256), (255, 257), (256, 300), (299, 300)] {
        let proof = log.consistency(old, new);
        let (old_root, new_root) = (log.roots[old as usize], log.roots[new as usize]);
        let check = |o: u64, or: &Hash, n: u64, nr: &Hash, p: &[Hash]| {
            check_consistency((o, or), (n, nr), p).is_ok()
        };
        assert!(check(old, &old_root, new, &new_root, &proof));
        let other = log.roots[old as usize - 1];
        assert!(!check(old, &other, new, &new_root, &proof));
        assert!(!check(old, &old_root, new, &log.roots[new as usize - 1], &proof));
        assert!(!check(new, &new_root, old, &old_root, &proof));
        assert!(!check(old, &old_root, new, &new_root, &proof[1..]));
        assert!(!check(old, &old_root, new, &new_root, &[proof.clone(), vec![other]].concat()));
        for i in 0..proof.len() {
            let mut changed = proof.clone();
            changed[i][7] ^= 1;
            assert!(!check(old, &old_root, new, &new_root, &changed));
        }
    }
    assert!(check_consistency((5, &log.roots[5]), (5, &log.roots[6]), &[]).is_err());
    assert!(check_consistency((0, &log.roots[0]), (0, &log.roots[0]), &[]).is_ok());
    assert!(check_consistency((0, &log.roots[1]), (0, &log.roots[1]), &[]).is_err());
    assert!(check_consistency((5, &log.roots[5]), (5, &log.roots[5]), &[]).is_ok());
    assert!(check_consistency((0, &log.roots[1]), (5, &log.roots[5]), &[]).is_err());
    assert!(check_consistency((0, &log.roots[0]), (5, &log.roots[5]), &[log.roots[1]]).is_err());
}

#[test]
fn inclusion_agrees_with_both_oracles() {
    const SIZE: u64 = 1_100;
    let (log, reference) = (&*LOG, Reference::grown(SIZE));
    let mut ct = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    for size in 1..=SIZE {
        ct.push(format!("entry {}", size - 1).into_bytes());
        for index in (0..size).filter(|i| size < 40 || (i * 31 + size) % 97 == 0 || size - i < 2) {
            let proof = log.inclusion(index, size);
            check_inclusion(
                &log.leaves[index as usize],
                index,
                size,
                &proof,
                &log.roots[size as usize],
            )
            .unwrap();
            assert_eq!(
                proof,
                plain(tlog_tiles::prove_record(size, index, &reference).unwrap()),
                "{index} of {size}"
            );
            if index % 5 == 0 {
                assert_eq!(
                    ct.prove_inclusion(index as usize).as_bytes(),
                    proof.concat(),
                    "{index} of {size}"
                );
            }
        }
    }
}

#[test]
fn an_entry_is_nowhere_else() {
    let log = &*LOG;
    for (index, size) in [(0, 1), (0, 2), (5, 8), (6, 7), (63, 64), (64, 65), (17, 70)] {
        let proof = log.inclusion(index, size);
        let (leaf, root) = (log.leaves[index as usize], log.roots[size as usize]);
        assert!(check_inclusion(&leaf, index, size, &proof, &root).is_ok());
        for other in (0..size).filter(|i| *i != index) {
            assert!(check_inclusion(&leaf, other, size, &proof, &root).is_err());
            assert!(
                check_inclusion(&log.leaves[other as usize], index, size, &proof, &root).is_err()
            );
        }
        assert!(check_inclusion(&leaf, size, size, &proof, &root).is_err());
        assert!(
            check_inclusion(&leaf, index, size, &[proof.clone(), vec![root]].concat(), &root)
                .is_err()
        );
        if !proof.is_empty() {
            assert!(check_inclusion(&leaf, index, size, &proof[1..], &root).is_err());
        }
    }
}

#[test]
fn the_edge_survives_storage() {
    let mut tree = Tree::new();
    for i in 0..600_u64 {
        let bytes = tree.to_bytes();
        assert_eq!(Tree::parse(&bytes).unwrap(), tree);
        assert!(Tree::parse(&bytes[1..]).is_err());
        assert!(Tree::parse(&[bytes.as_slice(), &[0; 32]].concat()).is_err());
        tree.append(leaf_hash(&i.to_be_bytes()));
    }
    assert!(Tree::parse(&[]).is_err());
    assert!(Tree::parse(&[0xff; 8 + 64 * 32]).is_err());
}

#[test]
fn what_a_reader_lacks_is_named() {
    let nothing = |_: Node| None;
    let error = prove_inclusion(5, 9, &nothing).unwrap_err();
    assert_eq!(error.code(), "ledger-missing-hash");
    assert_eq!(prove_inclusion(9, 9, &nothing).unwrap_err().code(), "ledger-out-of-range");
    assert_eq!(prove_consistency(9, 8, &nothing).unwrap_err().code(), "ledger-out-of-range");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_proofs_hold_and_their_neighbours_do_not(size in 2_u64..3_000, a in 0_u64..3_000, b in 0_u64..3_000, flip in 0_usize..32) {
        let (index, old) = (a % size, b % size + 1);
        let root = LOG.roots[size as usize];
        let proof = LOG.inclusion(index, size);
        let from_tiles = prove_inclusion(index, size, &LOG.tiles(&inclusion_nodes(index, size).unwrap(), size)).unwrap();
        prop_assert_eq!(&from_tiles, &proof);
        prop_assert!(check_inclusion(&LOG.leaves[index as usize], index, size, &proof, &root).is_ok());
        let mut other = root;
        other[flip] ^= 1;
        prop_assert!(check_inclusion(&LOG.leaves[index as usize], index, size, &proof, &other).is_err());
        let proof = LOG.consistency(old, size);
        let from_tiles = prove_consistency(old, size, &LOG.tiles(&consistency_nodes(old, size).unwrap(), size)).unwrap();
        prop_assert_eq!(&from_tiles, &proof);
        prop_assert!(check_consistency((old, &LOG.roots[old as usize]), (size, &root), &proof).is_ok());
        prop_assert_eq!(check_consistency((old, &LOG.roots[old as usize]), (size, &other), &proof).is_err(), true);
    }

    #[test]
    fn arbitrary_proofs_never_panic(index: u64, size: u64, old: u64, path in prop::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let _ = check_inclusion(&[1; 32], index, size, &path, &[2; 32]);
        let _ = check_consistency((old, &[1; 32]), (size, &[2; 32]), &path);
        let _ = inclusion_nodes(index, size);
        let _ = consistency_nodes(old, size);
    }
}
