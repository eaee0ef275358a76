//! Stable hashes: the same bytes give the same key on every machine, so an id means the same row
//! everywhere.

pub(super) use crate::stats::resample::{GOLDEN as STEP, mix64 as mix};

/// A 64-bit key of `bytes`, with the initial state `start`.
pub(super) fn key_from(start: u64, bytes: &[u8]) -> u64 {
    let mut state = start;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        state = mix(state.wrapping_add(STEP) ^ u64::from_le_bytes(word));
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    state = mix(state.wrapping_add(STEP) ^ u64::from_le_bytes(last));
    mix(state.wrapping_add(STEP) ^ u64::try_from(bytes.len()).unwrap_or(u64::MAX))
}

/// A 64-bit key of `bytes`.
pub(super) fn key(bytes: &[u8]) -> u64 {
    key_from(0, bytes)
}

/// A 128-bit key of `bytes`, by which ids are joined: two different ids do not collide by chance.
pub(super) fn wide_key(bytes: &[u8]) -> u128 {
    (u128::from(key_from(1, bytes)) << 64) | u128::from(key_from(2, bytes))
}

/// The key of several texts in their order.
pub(super) fn key_of<'t>(parts: impl IntoIterator<Item = &'t str>) -> u64 {
    parts.into_iter().fold(3, |state, part| key_from(state, part.as_bytes()))
}

/// A hasher for keys that are already hashes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hashed(u64);

impl std::hash::Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = key_from(self.0, bytes);
    }
    fn write_u64(&mut self, word: u64) {
        self.0 = mix(self.0 ^ word);
    }
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }
    fn write_u128(&mut self, word: u128) {
        self.0 ^= (word >> 64) as u64;
    }
}

/// A map whose keys are spread by [`mix`].
pub(super) type Map<K, V> = std::collections::HashMap<K, V, std::hash::BuildHasherDefault<Hashed>>;

#[cfg(test)]
mod tests {
    use super::*;

    /// The first two outputs of SplitMix64 from the seed 1234567, as Vigna's reference program gives them.
    #[test]
    fn mixes_as_splitmix64_does() {
        let next = |n: u64| mix(1_234_567_u64.wrapping_add(STEP.wrapping_mul(n)));
        assert_eq!([next(1), next(2)], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn length_and_place_count() {
        let texts = ["", "\0", "a", "a\0", "ab", "abcdefgh", "abcdefgh\0", "hgfedcba"];
        let keys: std::collections::BTreeSet<_> =
            texts.iter().map(|t| wide_key(t.as_bytes())).collect();
        assert_eq!(keys.len(), texts.len());
        assert_ne!(key_of(["a", "b"]), key_of(["ab", ""]));
    }
}
