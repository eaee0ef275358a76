//! The static tiles of a log (C2SP tlog-tiles): their paths, their contents, and proofs made from
//! them.
//!
//! The hash tile at level L and index N contains the roots of the full subtrees of 256^L leaves
//! from number `256 N` on; a full tile contains 256 of them. An entry bundle contains the entries
//! whose hashes are in the level 0 tile with the same index.

use super::{
    LedgerError, hash,
    merkle::{Hash, HashReader, Node},
};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The number of hashes in a full tile, and of entries in a full bundle.
pub const WIDTH: u16 = 256;
/// The number of bytes in a full hash tile.
pub const FULL_BYTES: usize = 8_192;
/// The number of binary levels in one tile.
const HEIGHT: u8 = 8;
const MAX_LEVEL: u8 = 63;

/// A hash tile of a tree: the full tile if `width` is 256, otherwise its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// Tile level, 0 for leaves.
    pub level: u8,
    /// Index within the level.
    pub index: u64,
    /// The number of hashes, 1 to 256.
    pub width: u16,
}

/// The resource at a path below a log's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TilePath {
    /// `tile/<L>/<N>[.p/<W>]`.
    Hashes(TileId),
    /// `tile/entries/<N>[.p/<W>]`.
    Entries {
        /// The index of the bundle. Its first entry is number `256 index`.
        index: u64,
        /// The number of entries, 1 to 256.
        width: u16,
    },
}

/// Parses decimal digits without a sign and without leading zeros.
fn decimal<T: FromStr>(text: &str) -> Option<T> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

fn parse_index(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split('/').collect();
    let (last, leading) = parts.split_last()?;
    let mut index: u64 = 0;
    let leading = leading.iter().map(|part| part.strip_prefix('x'));
    for (i, part) in leading.chain([Some(*last)]).enumerate() {
        let digits = part.filter(|d| d.len() == 3 && d.bytes().all(|b| b.is_ascii_digit()))?;
        // A first element of zeros would give one tile two paths.
        if i == 0 && digits == "000" && parts.len() > 1 {
            return None;
        }
        index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
    }
    Some(index)
}

fn write_index(index: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut parts = vec![format!("{:03}", index % 1_000)];
    let mut rest = index / 1_000;
    while rest > 0 {
        parts.push(format!("x{:03}", rest % 1_000));
        rest /= 1_000;
    }
    parts.reverse();
    f.write_str(&parts.join("/"))
}

impl FromStr for TilePath {
    type Err = LedgerError;

    /// Reads the part of an address after the log's own: `tile/0/x001/234.p/17`.
    fn from_str(text: &str) -> Result<Self, LedgerError> {
        let parse = || {
            let (level, rest) = text.strip_prefix("tile/")?.split_once('/')?;
            let (index, width) = match rest.split_once(".p/") {
                None => (rest, WIDTH),
                Some((index, width)) => (index, decimal(width).filter(|w| (1..WIDTH).contains(w))?),
            };
            let index = parse_index(index)?;
            if level == "entries" {
                return Some(Self::Entries { index, width });
            }
            let level = decimal(level).filter(|l| *l <= MAX_LEVEL)?;
            Some(Self::Hashes(TileId { level, index, width }))
        };
        parse().ok_or_else(|| {
            LedgerError::malformed("a tile's path", "expected `tile/<level>/<index>[.p/<width>]`")
        })
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (index, width) = match self {
            Self::Hashes(tile) => {
                write!(f, "tile/{}/", tile.level)?;
                (tile.index, tile.width)
            }
            Self::Entries { index, width } => {
                f.write_str("tile/entries/")?;
                (*index, *width)
            }
        };
        write_index(index, f)?;
        if width == WIDTH { Ok(()) } else { write!(f, ".p/{width}") }
    }
}

/// The number of hashes in the tile at `level` and `index` of a tree of `size` leaves: 0 to 256.
pub fn width_at(level: u8, index: u64, size: u64) -> u16 {
    let hashes = size.checked_shr(u32::from(level) * u32::from(HEIGHT)).unwrap_or(0);
    let before = index.saturating_mul(u64::from(WIDTH));
    u16::try_from(hashes.saturating_sub(before).min(u64::from(WIDTH))).unwrap_or(WIDTH)
}

/// The tiles that became full while the tree grew from `old` to `new` leaves, lower levels first.
/// These must be stored.
pub fn completed(old: u64, new: u64) -> Vec<TileId> {
    let mut out = Vec::new();
    for level in 0..HEIGHT {
        let leaves = u32::from(HEIGHT) * (u32::from(level) + 1);
        let full = |size: u64| size.checked_shr(leaves).unwrap_or(0);
        out.extend((full(old)..full(new)).map(|index| TileId { level, index, width: WIDTH }));
    }
    out
}

/// The hash that represents a full tile in the tile above it. `None` if `hashes` is not a full
/// tile.
pub fn tile_root(hashes: &[Hash]) -> Option<Hash> {
    (hashes.len() == usize::from(WIDTH)).then(|| subtree(hashes)).flatten()
}

/// The root over a power of two of hashes.
fn subtree(hashes: &[Hash]) -> Option<Hash> {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[left, right]| hash::node_hash(left, right))
            .collect();
    }
    row.first().copied()
}

/// The bytes of a tile.
pub fn to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.concat()
}

/// The hashes of a tile.
///
/// # Errors
/// If the bytes are not 1 to 256 hashes.
pub fn parse(bytes: &[u8]) -> Result<Vec<Hash>, LedgerError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() && (1..=usize::from(WIDTH)).contains(&hashes.len()) {
        return Ok(hashes.to_vec());
    }
    Err(LedgerError::malformed("a tile", format!("{} bytes are not 1 to 256 hashes", bytes.len())))
}

/// The tiles of a tree of `size` leaves that contain these nodes: the tiles to fetch before making
/// a proof.
pub fn holding(nodes: &[Node], size: u64) -> Vec<TileId> {
    let tile = |node: &Node| {
        let (level, index, _) = place(*node);
        TileId { level, index, width: width_at(level, index, size) }
    };
    let mut out: Vec<TileId> = nodes.iter().map(tile).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// The tile level and index that contain a node, and the number of the node's first hash in the
/// tile.
const fn place(node: Node) -> (u8, u64, u64) {
    let first = node.index << (node.level % HEIGHT);
    (node.level / HEIGHT, first >> HEIGHT, first & 0xff)
}

/// The tiles that were read, from which proofs are made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tiles(BTreeMap<(u8, u64), Vec<Hash>>);

impl Tiles {
    /// Adds the hashes of the tile at `level` and `index`, starting with its first hash.
    pub fn insert(&mut self, level: u8, index: u64, hashes: Vec<Hash>) {
        self.0.insert((level, index), hashes);
    }

    /// The leaf hashes of the tile at `index`, if it was read.
    pub fn leaves(&self, index: u64) -> Option<&[Hash]> {
        self.0.get(&(0, index)).map(Vec::as_slice)
    }
}

impl HashReader for Tiles {
    fn hash(&self, node: Node) -> Option<Hash> {
        let (level, index, first) = place(node);
        let first = usize::try_from(first).ok()?;
        let count = 1_usize << (node.level % HEIGHT);
        subtree(self.0.get(&(level, index))?.get(first..first.checked_add(count)?)?)
    }
}

/// The bytes of an entry bundle: each entry is preceded by its length in two bytes, big-endian.
///
/// # Errors
/// If an entry is longer than 65,535 bytes.
pub fn entries_to_bytes<T: AsRef<[u8]>>(entries: &[T]) -> Result<Vec<u8>, LedgerError> {
    let mut out = Vec::with_capacity(entries.iter().map(|e| e.as_ref().len() + 2).sum());
    for entry in entries {
        let entry = entry.as_ref();
        out.extend(entry_length(entry)?.to_be_bytes());
        out.extend(entry);
    }
    Ok(out)
}

/// The length of an entry, if it fits in a bundle. Check this before the entry is appended: an
/// entry in the log cannot be removed.
///
/// # Errors
/// If it is longer than 65,535 bytes.
pub fn entry_length(entry: &[u8]) -> Result<u16, LedgerError> {
    u16::try_from(entry.len()).map_err(|_| LedgerError::EntryTooLarge { length: entry.len() })
}

/// The entries of a bundle.
///
/// # Errors
/// If a length points outside the bundle, or there are more than 256 entries.
pub fn parse_entries(mut bytes: &[u8]) -> Result<Vec<&[u8]>, LedgerError> {
    let error = || {
        LedgerError::malformed(
            "an entry bundle",
            "its lengths do not add up to at most 256 entries",
        )
    };
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>().ok_or_else(error)?;
        let (entry, rest) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(error)?;
        if out.len() == usize::from(WIDTH) {
            return Err(error());
        }
        out.push(entry);
        bytes = rest;
    }
    Ok(out)
}

#[cfg(test)]
#[path = "tile_tests.rs"]
mod tests;
