//! The V2 encoding of `HdrHistogram`, plain or compressed, as the lines of its interval logs
//! contain it.
//!
//! Read here and not by a library, because the bytes are untrusted: a length is checked before
//! memory is allocated, and no count, index or shift can overflow.

use crate::stats::proportion::float;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::read::ZlibDecoder;
use std::io::Read as _;

const PLAIN: u32 = 0x1c84_9313;
const COMPRESSED: u32 = 0x1c84_9314;

/// The most values of a histogram: larger counts are not exact as doubles.
pub(super) const MOST_COUNTED: u64 = 1 << 53;

/// The minimum and maximum value of a slot, and how many values were recorded in it.
pub(super) type Slot = (u64, u64, u64);

/// The slots that are not empty, ascending. `room` is how many more decoded bytes are allowed; it
/// is reduced by what this call uses.
pub(super) fn decode(text: &str, room: &mut usize) -> Result<Vec<Slot>, String> {
    let bytes = STANDARD.decode(text.trim_ascii()).map_err(|e| format!("it is not base64: {e}"))?;
    spend(room, bytes.len())?;
    let mut rest = bytes.as_slice();
    match u32_of(&mut rest)? {
        PLAIN => slots(rest),
        COMPRESSED => {
            let length = u32_of(&mut rest)?;
            if usize::try_from(length) != Ok(rest.len()) {
                return Err(format!(
                    "it says that {length} compressed bytes follow, and {} do",
                    rest.len()
                ));
            }
            let mut inner = Vec::new();
            let most = u64::try_from(*room).unwrap_or(u64::MAX).saturating_add(1);
            let inflated = ZlibDecoder::new(rest).take(most).read_to_end(&mut inner);
            spend(room, inner.len())?;
            inflated.map_err(|e| format!("it cannot be decompressed: {e}"))?;
            let mut inner = inner.as_slice();
            if u32_of(&mut inner)? != PLAIN {
                return Err("what is compressed in it is no V2 histogram".to_owned());
            }
            slots(inner)
        }
        other => Err(format!(
            "it is no V2 histogram: it starts with {other:#010x}; re-encode it with the V2 encoding"
        )),
    }
}

fn spend(room: &mut usize, bytes: usize) -> Result<(), String> {
    let left = room.checked_sub(bytes);
    *room = left.unwrap_or(0);
    left.map(|_| ())
        .ok_or_else(|| "the histograms of the document are too large: split it".to_owned())
}

/// How slots map to values, from the header.
struct Layout {
    unit: u32,
    half: u32,
    end: u64,
}

impl Layout {
    /// The layout for the lowest value to distinguish, the highest value to track and a number of
    /// significant digits.
    fn new(low: u64, high: u64, digits: u32) -> Result<Self, String> {
        let single = 2 * 10_u64
            .checked_pow(digits)
            .filter(|_| digits <= 5)
            .ok_or("it keeps more than 5 digits")?;
        let unit = low.checked_ilog2().ok_or("its least value is 0")?;
        let half = single.next_power_of_two().ilog2() - 1;
        if unit + half + 1 > 63 || high / 2 < low {
            return Err(format!(
                "it cannot tell values from {low} to {high} apart by {digits} digits"
            ));
        }
        Ok(Self { unit, half, end: high.saturating_mul(2).max(1 << (unit + half + 1)) })
    }

    /// The range of values in the slot at `index`.
    fn range(&self, index: u64) -> Option<(u64, u64)> {
        let half = 1_u64 << self.half;
        let (bucket, within) = match (index >> self.half).checked_sub(1) {
            Some(bucket) => (u32::try_from(bucket).ok()?, (index & (half - 1)) + half),
            None => (0, index),
        };
        let width = 1_u64.checked_shl(bucket.checked_add(self.unit)?)?;
        let low = within.checked_mul(width).filter(|low| *low < self.end)?;
        Some((low, low.checked_add(width - 1)?))
    }
}

/// Reads everything after the cookie of the plain encoding.
fn slots(mut rest: &[u8]) -> Result<Vec<Slot>, String> {
    let rest = &mut rest;
    let length = u32_of(rest)?;
    let offset = u32_of(rest)?;
    let digits = u32_of(rest)?;
    let (low, high, ratio) = (u64_of(rest)?, u64_of(rest)?, f64::from_bits(u64_of(rest)?));
    if offset != 0 || ratio.to_bits() != 1.0_f64.to_bits() {
        return Err("its values are shifted or not whole, which is not read; record whole numbers"
            .to_owned());
    }
    if usize::try_from(length) != Ok(rest.len()) {
        return Err(format!("it says that {length} bytes of counts follow, and {} do", rest.len()));
    }
    let layout = Layout::new(low, high, digits)?;
    let (mut out, mut index, mut total) = (Vec::new(), 0_u64, 0_u64);
    while !rest.is_empty() {
        let word = varint(rest)?;
        // A negative number counts empty slots.
        if word & 1 == 1 {
            index = index.saturating_add((word >> 1) + 1);
            continue;
        }
        let count = word >> 1;
        if count > 0 {
            let (low, high) = layout.range(index).ok_or("it counts values beyond its own range")?;
            total = total.saturating_add(count);
            out.push((low, high, count));
        }
        index = index.saturating_add(1);
    }
    if total > MOST_COUNTED {
        return Err(format!("it counts {} values, more than can be", float(total)));
    }
    Ok(out)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], String> {
    let (first, behind) = rest.split_first_chunk::<N>().ok_or("it is cut off")?;
    *rest = behind;
    Ok(*first)
}

fn u32_of(rest: &mut &[u8]) -> Result<u32, String> {
    take(rest).map(u32::from_be_bytes)
}

fn u64_of(rest: &mut &[u8]) -> Result<u64, String> {
    take(rest).map(u64::from_be_bytes)
}

/// A number of 7 bits per byte, the lowest first; all 8 bits of a ninth byte are used.
fn varint(rest: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..56).step_by(7) {
        let [byte] = take(rest)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    let [byte] = take(rest)?;
    Ok(value | u64::from(byte) << 56)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::{
        Histogram,
        serialization::{Serializer, V2DeflateSerializer, V2Serializer},
    };
    use proptest::prelude::*;

    /// The reference is the iteration of the library itself.
    fn agrees(histogram: &Histogram<u64>) {
        let want: Vec<Slot> = histogram
            .iter_recorded()
            .map(|v| v.value_iterated_to())
            .map(|v| {
                (
                    histogram.lowest_equivalent(v),
                    histogram.highest_equivalent(v),
                    histogram.count_at(v),
                )
            })
            .collect();
        let (mut plain, mut compressed) = (Vec::new(), Vec::new());
        V2Serializer::new().serialize(histogram, &mut plain).unwrap();
        V2DeflateSerializer::new().serialize(histogram, &mut compressed).unwrap();
        assert!(STANDARD.encode(&compressed).starts_with("HISTF"));
        for bytes in [plain, compressed] {
            assert_eq!(decode(&STANDARD.encode(bytes), &mut (16 << 20)).unwrap(), want);
        }
    }

    fn some() -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 3).unwrap();
        (0..500_u64).for_each(|i| histogram.record_n(i * i * 37 + 1, i % 5 + 1).unwrap());
        histogram
    }

    #[test]
    fn what_was_compressed_too_large_is_refused() {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&some(), &mut bytes).unwrap();
        let mut room = bytes.len() + 50;
        assert!(decode(&STANDARD.encode(&bytes), &mut room).unwrap_err().contains("too large"));
        assert_eq!(room, 0);
    }

    proptest! {
        #[test]
        fn slots_are_those_of_the_library(
            values in prop::collection::vec((0..1_u64 << 40, 1..1_000_000_u64), 0..60), low in 1..5_000_u64, digits in 0..=5_u8,
        ) {
            let mut histogram = Histogram::new_with_bounds(low, 1 << 40, digits).unwrap();
            values.iter().for_each(|(value, count)| histogram.record_n(*value, *count).unwrap());
            agrees(&histogram);
        }

        /// For any changed or cut bytes: ascending slots, or an error.
        #[test]
        fn nothing_corrupt_panics(
            at in prop::collection::vec((0..400_usize, any::<u8>()), 0..4), keep in 0..2_000_usize, head in any::<bool>(), squeeze in any::<bool>(),
        ) {
            let mut bytes = Vec::new();
            if squeeze {
                V2DeflateSerializer::new().serialize(&some(), &mut bytes).unwrap();
            } else {
                V2Serializer::new().serialize(&some(), &mut bytes).unwrap();
            }
            let span = if head { 40 } else { bytes.len() };
            at.iter().for_each(|(i, to)| bytes[i % span] = *to);
            bytes.truncate(keep.max(4));
            if let Ok(slots) = decode(&STANDARD.encode(&bytes), &mut (1 << 20)) {
                prop_assert!(slots.iter().all(|s| s.0 <= s.1 && s.2 > 0));
                prop_assert!(slots.windows(2).all(|w| w[0].1 < w[1].0));
            }
        }
    }
}
