//! How many lengths a page of delta-coded texts claims. The crate allocates for all of them before
//! it reads the first one.

use crate::predictions::num;
use parquet::{basic::Encoding, column::page::Page};

const BROKEN: &str = "a page has more lengths than values";

/// Checks a page of texts that are coded by their lengths, or by what they share with the one before.
pub(super) fn check(page: &Page, level_bits: u32) -> Result<(), &'static str> {
    let lists = match page.encoding() {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => return Ok(()),
    };
    let bytes: &[u8] = page.buffer();
    let mut at = match page {
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            num::index(*def_levels_byte_len).saturating_add(num::index(*rep_levels_byte_len))
        }
        Page::DataPage { def_level_encoding: Encoding::RLE, .. } if level_bits > 0 => {
            let len = bytes.first_chunk().ok_or(BROKEN)?;
            num::index(u32::from_le_bytes(*len)).saturating_add(4)
        }
        // Packed bits, which writers stopped using in 2013.
        Page::DataPage { num_values, .. } => {
            num::fits((u64::from(*num_values) * u64::from(level_bits)).div_ceil(8))
        }
        Page::DictionaryPage { .. } => 0,
    };
    for _ in 0..lists {
        at = end(bytes, at, u64::from(page.num_values())).ok_or(BROKEN)?;
    }
    Ok(())
}

/// The end of a list of integers in `DELTA_BINARY_PACKED` that begins at this byte; `None` if it
/// has more than `most`, or ends outside.
fn end(bytes: &[u8], at: usize, most: u64) -> Option<usize> {
    let (block, at) = varint(bytes, at)?;
    let (parts, at) = varint(bytes, at)?;
    let (count, at) = varint(bytes, at)?;
    let (_first, mut at) = varint(bytes, at)?;
    let each = block.checked_div(parts).filter(|each| *each > 0)?;
    let parts = usize::try_from(parts).ok()?;
    let mut left = if count > most { None } else { Some(count.saturating_sub(1)) }?;
    while left > 0 {
        let (_least, widths) = varint(bytes, at)?;
        at = widths.checked_add(parts)?;
        for width in bytes.get(widths..at)? {
            if left == 0 {
                break;
            }
            at = at.checked_add(usize::try_from(each.checked_mul((*width).into())? / 8).ok()?)?;
            left = left.saturating_sub(each);
        }
    }
    (at <= bytes.len()).then_some(at)
}

/// The number in base 128 that begins at this byte, and where it ends.
pub(super) fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (i, byte) in bytes.get(at..)?.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(u32::try_from(7 * i).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((value, at + i + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_after_its_blocks() {
        // Encodings.md of parquet-format: 1, 2, 3, 4, 5 in one block with widths of zero; then
        // 7, 5, 3, 1, 2, 3, 4, 5 with a width of two in the first of its four parts.
        let ones = [128, 1, 4, 5, 2, 2, 0, 0, 0, 0];
        let twos = [&[128, 1, 4, 8, 14, 3, 2, 0, 0, 0][..], &[0; 8]].concat();
        assert_eq!(end(&ones, 0, 5), Some(10));
        assert_eq!(end(&twos, 0, 8), Some(18));
        assert_eq!(end(&[&ones[..], &twos].concat(), 10, 8), Some(28));
        assert_eq!(end(&twos[..17], 0, 8), None);
        assert_eq!(end(&ones, 0, 4), None);
        assert_eq!(varint(&[0x80, 0x80, 0x80, 0x80, 0x10], 0), Some((1 << 32, 5)));
        assert_eq!(varint(&[0x80; 11], 0), None);
    }
}
