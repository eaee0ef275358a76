//! Converts texts to codes: each distinct text of a block has one code.

use super::{block::Values, num};
use std::sync::Arc;

/// Up to this many texts are kept from block to block, so that blocks share one dictionary.
const KEPT: usize = 4096;

#[derive(Clone, Copy)]
struct Slot {
    key: u64,
    /// The code plus one; zero is a free slot.
    code: u32,
}

const FREE: Slot = Slot { key: 0, code: 0 };

/// A growing dictionary with fast lookup.
pub(super) struct Interner {
    slots: Vec<Slot>,
    texts: Vec<Box<str>>,
    shared: Arc<[Box<str>]>,
}

impl Default for Interner {
    fn default() -> Self {
        Self { slots: vec![FREE; 64], texts: Vec::new(), shared: Arc::from([]) }
    }
}

/// Texts below eight bytes are their own key; the key of a longer one is its hash, marked as a
/// hash.
fn key(text: &[u8]) -> u64 {
    let at4 = |i: usize| {
        text.get(i..)
            .and_then(|t| t.first_chunk::<4>())
            .map_or(0, |c| u64::from(u32::from_le_bytes(*c)))
    };
    let at2 = |i: usize| {
        text.get(i..)
            .and_then(|t| t.first_chunk::<2>())
            .map_or(0, |c| u64::from(u16::from_le_bytes(*c)))
    };
    let len = text.len();
    let (bits, mark) = match len {
        0 => (0, 0),
        1 => (text.first().map_or(0, |b| u64::from(*b)), 1),
        2 | 3 => (at2(0) | at2(len - 2) << (8 * (len - 2)), len),
        4..=7 => (at4(0) | at4(len - 4) << (8 * (len - 4)), len),
        _ => (hash(text) >> 8, 0xff),
    };
    bits | num::wide(mark) << 56
}

/// Folded multiplication of eight bytes at a time, as in wyhash (Wang Yi, 2019).
fn hash(text: &[u8]) -> u64 {
    let mut state = num::wide(text.len()) ^ 0x9e37_79b9_7f4a_7c15;
    let mut rest = text;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        state = fold(state ^ u64::from_le_bytes(*chunk));
        rest = after;
    }
    if !rest.is_empty()
        && let Some(last) = text.last_chunk::<8>()
    {
        state = fold(state ^ u64::from_le_bytes(*last));
    }
    state
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "both halves of the product are meant"
)]
fn fold(x: u64) -> u64 {
    let product = u128::from(x) * 0xa076_1d64_78bd_642f;
    (product >> 64) as u64 ^ product as u64
}

impl Interner {
    /// How many distinct texts there are.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The text with this code.
    pub(super) fn text(&self, code: u32) -> &str {
        self.texts.get(num::index(code)).map_or("", |t| t)
    }

    /// The code of this text; `None` if it is new and not UTF-8.
    #[inline]
    pub(super) fn code(&mut self, text: &[u8]) -> Option<u32> {
        let key = key(text);
        let mask = self.slots.len() - 1;
        let mut at = start(key) & mask;
        loop {
            let slot = self.slots.get(at)?;
            if slot.code == 0 {
                return self.add(key, at, text);
            }
            if slot.key == key && (key >> 56 != 0xff || self.text(slot.code - 1).as_bytes() == text)
            {
                return Some(slot.code - 1);
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn add(&mut self, key: u64, at: usize, text: &[u8]) -> Option<u32> {
        let text = std::str::from_utf8(text).ok()?;
        self.texts.push(text.into());
        let code = num::small(self.texts.len());
        *self.slots.get_mut(at)? = Slot { key, code };
        if self.texts.len() * 2 > self.slots.len() {
            self.grow();
        }
        Some(code - 1)
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        let mask = old.len() * 4 - 1;
        self.slots = vec![FREE; mask + 1];
        for slot in old.into_iter().filter(|slot| slot.code != 0) {
            let mut at = start(slot.key) & mask;
            while self.slots.get(at).is_some_and(|s| s.code != 0) {
                at = (at + 1) & mask;
            }
            if let Some(free) = self.slots.get_mut(at) {
                *free = slot;
            }
        }
    }

    /// Its texts, in the order of their codes.
    pub(super) fn texts(&self) -> &[Box<str>] {
        &self.texts
    }

    /// All its texts, in the order of their codes.
    pub(super) fn take(self) -> Arc<[Box<str>]> {
        Arc::from(self.texts)
    }

    /// The dictionary of the current block. A small one is kept for the next block.
    pub(super) fn dictionary(&mut self) -> Arc<[Box<str>]> {
        if self.texts.len() > KEPT {
            let whole = Arc::from(std::mem::take(&mut self.texts));
            self.slots = vec![FREE; 64];
            self.shared = Arc::from([]);
            return whole;
        }
        if self.shared.len() != self.texts.len() {
            self.shared = Arc::from(self.texts.clone());
        }
        Arc::clone(&self.shared)
    }
}

#[expect(clippy::as_conversions, reason = "the low bits of a hash")]
fn start(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
}

/// An empty buffer for the codes of a block: the column's own, if it was text before.
pub(super) fn codes(values: &mut Values) -> Vec<u32> {
    match values {
        Values::Text { codes, .. } => {
            let mut codes = std::mem::take(codes);
            codes.clear();
            codes
        }
        _ => Vec::new(),
    }
}
