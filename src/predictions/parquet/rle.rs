//! The hybrid of run lengths and bit packing in which Parquet writes levels and dictionary codes.

use crate::predictions::num;

/// Bytes that are not such a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

#[derive(Debug, Clone, Copy)]
enum Run {
    Same(u32),
    /// Where the packed values begin, and how many of them were already read.
    Packed(usize, usize),
}

/// The position of a decoder in bytes that the caller passes at each call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rle {
    at: usize,
    width: u32,
    left: usize,
    run: Run,
}

impl Rle {
    /// A decoder of values with `width` bits that begins at the byte `at`.
    pub(super) fn new(at: usize, width: u8) -> Result<Self, Broken> {
        if width > 32 {
            return Err(Broken);
        }
        Ok(Self { at, width: u32::from(width), left: 0, run: Run::Same(0) })
    }

    fn next_run(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let mut header = 0_u32;
        let mut shift = 0;
        loop {
            let byte = *bytes.get(self.at).ok_or(Broken)?;
            self.at += 1;
            header |= u32::from(byte & 0x7f).checked_shl(shift).ok_or(Broken)?;
            if byte & 0x80 == 0 {
                break;
            }
            shift += 7;
        }
        let count = num::index(header >> 1);
        if header & 1 == 1 {
            let size = count.checked_mul(num::index(self.width)).ok_or(Broken)?;
            self.run = Run::Packed(self.at, 0);
            self.left = count.checked_mul(8).ok_or(Broken)?;
            // Some writers cut off the padding of the last run.
            self.at = self.at.saturating_add(size).min(bytes.len());
        } else {
            let size = num::index(self.width.div_ceil(8));
            let raw = bytes.get(self.at..self.at + size).ok_or(Broken)?;
            let value = raw.iter().rev().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
            self.at += size;
            self.left = count;
            self.run = Run::Same(value);
        }
        if self.left == 0 { Err(Broken) } else { Ok(()) }
    }

    /// Skips `n` values.
    pub(super) fn skip(&mut self, bytes: &[u8], mut n: usize) -> Result<(), Broken> {
        while n > 0 {
            if self.left == 0 {
                self.next_run(bytes)?;
            }
            let step = n.min(self.left);
            if let Run::Packed(_, taken) = &mut self.run {
                *taken += step;
            }
            self.left -= step;
            n -= step;
        }
        Ok(())
    }

    /// Fills `out` with the next values.
    pub(super) fn fill(&mut self, bytes: &[u8], mut out: &mut [u32]) -> Result<(), Broken> {
        while !out.is_empty() {
            if self.left == 0 {
                self.next_run(bytes)?;
            }
            let step = out.len().min(self.left);
            let (now, later) = out.split_at_mut(step);
            match &mut self.run {
                Run::Same(value) => now.fill(*value),
                Run::Packed(start, taken) => {
                    unpack(bytes.get(*start..).ok_or(Broken)?, self.width, *taken, now)?;
                    *taken += step;
                }
            }
            self.left -= step;
            out = later;
        }
        Ok(())
    }

    /// The position of the first of the next `n` values that is not `value`, if there is one.
    pub(super) fn differs(
        &mut self,
        bytes: &[u8],
        value: u32,
        n: usize,
    ) -> Result<Option<usize>, Broken> {
        let mut seen = 0;
        let mut some = [0_u32; 256];
        while seen < n {
            if self.left == 0 {
                self.next_run(bytes)?;
            }
            let step = (n - seen).min(self.left);
            if let Run::Same(same) = self.run {
                if same != value {
                    return Ok(Some(seen));
                }
                self.left -= step;
                seen += step;
            } else {
                let part = some.get_mut(..step.min(256)).ok_or(Broken)?;
                self.fill(bytes, part)?;
                if let Some(at) = part.iter().position(|v| *v != value) {
                    return Ok(Some(seen + at));
                }
                seen += part.len();
            }
        }
        Ok(None)
    }
}

/// Unpacks `out.len()` values of `width` bits; the first of them is the `from`-th.
fn unpack(bytes: &[u8], width: u32, from: usize, out: &mut [u32]) -> Result<(), Broken> {
    if width == 0 {
        out.fill(0);
        return Ok(());
    }
    let wide = num::index(width);
    let need = (from + out.len()).checked_mul(wide).ok_or(Broken)?.div_ceil(8);
    if bytes.len() < need {
        return Err(Broken);
    }
    let lead = ((8 - from % 8) % 8).min(out.len());
    let (first, rest) = out.split_at_mut(lead);
    for (i, value) in (from..).zip(first) {
        *value = one(bytes, wide, i);
    }
    let from = from + lead;
    // Whole groups of eight begin on a byte boundary; they are read as words while at least one
    // word follows them.
    let packed = bytes.get(from / 8 * wide..).ok_or(Broken)?;
    let groups = (rest.len() / 8).min(packed.len().saturating_sub(8) / wide);
    let (fast, slow) = rest.split_at_mut(groups * 8);
    groups_of(width, packed, fast);
    for (i, value) in (from + groups * 8..).zip(slow) {
        *value = one(bytes, wide, i);
    }
    Ok(())
}

/// The `i`-th value.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "masked to at most 32 bits"
)]
fn one(bytes: &[u8], width: usize, i: usize) -> u32 {
    let bit = i * width;
    let word = bytes
        .iter()
        .skip(bit / 8)
        .take(8)
        .rev()
        .fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    (word >> (bit % 8) & ((1 << width) - 1)) as u32
}

macro_rules! widths {
    ($width:expr, $packed:expr, $out:expr, $($w:literal)*) => {
        match $width {
            $($w => eights::<$w>($packed, $out),)*
            _ => {}
        }
    };
}

fn groups_of(width: u32, packed: &[u8], out: &mut [u32]) {
    widths!(width, packed, out, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "masked to at most 32 bits"
)]
#[expect(
    clippy::indexing_slicing,
    reason = "constant places in a slice of that constant length: no check is left"
)]
fn eights<const W: usize>(packed: &[u8], out: &mut [u32]) {
    let mask = (1_u64 << W) - 1;
    for (group, eight) in out.chunks_exact_mut(8).enumerate() {
        let Some(window) = packed.get(group * W..group * W + W + 8) else { return };
        for (i, value) in eight.iter_mut().enumerate() {
            let at = i * W / 8;
            let word: [u8; 8] = [
                window[at],
                window[at + 1],
                window[at + 2],
                window[at + 3],
                window[at + 4],
                window[at + 5],
                window[at + 6],
                window[at + 7],
            ];
            *value = (u64::from_le_bytes(word) >> (i * W % 8) & mask) as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(values: &[u32], width: usize) -> Vec<u8> {
        let mut bits = vec![0_u8; (values.len() * width).div_ceil(8)];
        for (i, value) in values.iter().enumerate() {
            for b in 0..width {
                bits[(i * width + b) / 8] |= ((value >> b & 1) as u8) << ((i * width + b) % 8);
            }
        }
        bits
    }

    #[test]
    fn unpacks_every_width_from_every_place() {
        for width in 1..=32_usize {
            let values: Vec<u32> =
                (0..96_u64).map(|i| ((i * 2_654_435_761 + 12345) % (1 << width)) as u32).collect();
            // 12 groups of eight, packed; then a run of five.
            let mut bytes = vec![12 << 1 | 1];
            bytes.extend(pack(&values, width));
            bytes.push(5 << 1);
            bytes.extend(
                &7_u32.min((1_u64 << width).saturating_sub(1) as u32).to_le_bytes()
                    [..width.div_ceil(8)],
            );
            let mut expected = values;
            expected.extend([7_u32.min(((1_u64 << width) - 1) as u32); 5]);
            for skip in 0..expected.len() {
                let mut rle = Rle::new(0, width as u8).unwrap();
                rle.skip(&bytes, skip).unwrap();
                let mut out = vec![0; expected.len() - skip];
                let (a, b) = out.split_at_mut((expected.len() - skip) / 3);
                rle.fill(&bytes, a).unwrap();
                rle.fill(&bytes, b).unwrap();
                assert_eq!(out, expected[skip..], "width {width}, skip {skip}");
                assert_eq!(rle.fill(&bytes, &mut [0]), Err(Broken));
            }
        }
    }

    #[test]
    fn finds_the_first_level_that_differs() {
        let mut bytes = vec![200, 1, 1, 1 << 1 | 1, 0b1110_1111];
        let mut rle = Rle::new(0, 1).unwrap();
        assert_eq!(rle.differs(&bytes, 1, 104), Ok(None));
        let mut rle = Rle::new(0, 1).unwrap();
        assert_eq!(rle.differs(&bytes, 1, 105), Ok(Some(104)));
        bytes.truncate(4);
        let mut rle = Rle::new(0, 1).unwrap();
        assert_eq!(rle.differs(&bytes, 1, 108), Err(Broken));
    }
}
