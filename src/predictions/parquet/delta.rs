//! Pages of delta-coded texts, checked before the crate decodes them: it allocates for all lengths
//! that a page claims, and cuts a text short if it shares more than the one before has.

use crate::predictions::num;
use parquet::{basic::Encoding, column::page::Page};

const LENGTHS: &str = "a page has more lengths than values";
const TEXTS: &str = "the texts of a page contradict their lengths";

/// Checks a page of texts that are coded by their lengths, or by what they share with the one
/// before. Returns how many bytes its texts have; zero for other pages.
pub(super) fn check(page: &Page, level_bits: u32) -> Result<u64, &'static str> {
    let shared = match page.encoding() {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => false,
        Encoding::DELTA_BYTE_ARRAY => true,
        _ => return Ok(0),
    };
    let bytes: &[u8] = page.buffer();
    let at = match page {
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            num::index(*def_levels_byte_len).saturating_add(num::index(*rep_levels_byte_len))
        }
        Page::DataPage { def_level_encoding: Encoding::RLE, .. } if level_bits > 0 => {
            let len = bytes.first_chunk().ok_or(LENGTHS)?;
            num::index(u32::from_le_bytes(*len)).saturating_add(4)
        }
        // Packed bits, which writers stopped using in 2013.
        Page::DataPage { num_values, .. } => {
            num::fits((u64::from(*num_values) * u64::from(level_bits)).div_ceil(8))
        }
        Page::DictionaryPage { .. } => 0,
    };
    let most = u64::from(page.num_values());
    let (prefixes, at) = if shared { list(bytes, at, most).ok_or(LENGTHS)? } else { (vec![], at) };
    let (lengths, at) = list(bytes, at, most).ok_or(LENGTHS)?;
    if shared && prefixes.len() != lengths.len() {
        return Err(TEXTS);
    }
    let prefixes = prefixes.iter().copied().chain(std::iter::repeat(0));
    let (mut before, mut stored, mut all) = (0, 0_u64, 0_u64);
    for (length, prefix) in lengths.iter().zip(prefixes) {
        let (Ok(length), Ok(prefix)) = (u64::try_from(*length), u64::try_from(prefix)) else {
            return Err(TEXTS);
        };
        if prefix > before {
            return Err(TEXTS);
        }
        before = prefix + length;
        stored += length;
        all += before;
    }
    let rest = bytes.len().checked_sub(at).map(num::wide);
    if rest.is_none_or(|rest| stored > rest) { Err(TEXTS) } else { Ok(all) }
}

/// The list of integers in `DELTA_BINARY_PACKED` that begins at this byte, and where it ends; `None`
/// if it has more than `most`, or ends outside.
fn list(bytes: &[u8], at: usize, most: u64) -> Option<(Vec<i32>, usize)> {
    let (block, at) = varint(bytes, at)?;
    let (parts, at) = varint(bytes, at)?;
    let (count, at) = varint(bytes, at)?;
    let (first, mut at) = varint(bytes, at)?;
    let each = block.checked_div(parts).filter(|each| *each > 0)?;
    let parts = usize::try_from(parts).ok()?;
    let mut left = if count > most { None } else { Some(count.saturating_sub(1)) }?;
    let mut value = signed(first);
    let mut values = Vec::with_capacity(num::fits(count));
    if count > 0 {
        values.push(value);
    }
    while left > 0 {
        let (least, widths) = varint(bytes, at)?;
        at = widths.checked_add(parts)?;
        for width in bytes.get(widths..at)? {
            if left == 0 {
                break;
            }
            let len = usize::try_from(each.checked_mul((*width).into())? / 8).ok()?;
            let packed = bytes.get(at..at.checked_add(len)?)?;
            for delta in unpack(packed, (*width).into(), left.min(each))? {
                value = value.wrapping_add(signed(least)).wrapping_add(delta);
                values.push(value);
            }
            at = at.checked_add(len)?;
            left = left.saturating_sub(each);
        }
    }
    Some((values, at))
}

/// A number whose sign is in its last bit, as 32 bits.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "lengths have 32 bits")]
fn signed(n: u64) -> i32 {
    ((n >> 1) as i32) ^ -((n & 1) as i32)
}

/// `count` numbers of `width` bits each, from the lowest bit on; `None` if they are too wide or too
/// few.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a difference wraps as in 32 bits"
)]
fn unpack(packed: &[u8], width: u32, count: u64) -> Option<Vec<i32>> {
    let mask = 1_u64.checked_shl(width).filter(|_| width <= 32)? - 1;
    let (mut rest, mut buffer, mut bits) = (packed.iter(), 0_u64, 0_u32);
    let mut out = Vec::with_capacity(num::fits(count));
    for _ in 0..count {
        while bits < width {
            buffer |= u64::from(*rest.next()?) << bits;
            bits += 8;
        }
        out.push((buffer & mask) as u32 as i32);
        (buffer, bits) = (buffer >> width, bits - width);
    }
    Some(out)
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
        // The document packs the differences 0, 0, 0, 3, 3, 3, 3 into two bits each.
        let packed = [&[128, 1, 4, 8, 14, 3, 2, 0, 0, 0][..], &[0xc0, 0x3f], &[0; 6]].concat();
        assert_eq!(list(&packed, 0, 8), Some((vec![7, 5, 3, 1, 2, 3, 4, 5], 18)));
        assert_eq!(list(&ones, 0, 5), Some((vec![1, 2, 3, 4, 5], 10)));
        assert_eq!(list(&twos, 0, 8).map(|(_, end)| end), Some(18));
        assert_eq!(list(&[&ones[..], &twos].concat(), 10, 8).map(|(_, end)| end), Some(28));
        assert_eq!(list(&twos[..17], 0, 8), None);
        assert_eq!(list(&ones, 0, 4), None);
        assert_eq!(varint(&[0x80, 0x80, 0x80, 0x80, 0x10], 0), Some((1 << 32, 5)));
        assert_eq!(varint(&[0x80; 11], 0), None);
    }
    fn page(encoding: Encoding, bytes: Vec<u8>) -> Page {
        let [def_level_encoding, rep_level_encoding] = [Encoding::RLE; 2];
        let (num_values, statistics) = (2, None);
        let buf = bytes.into();
        Page::DataPage {
            buf,
            num_values,
            encoding,
            def_level_encoding,
            rep_level_encoding,
            statistics,
        }
    }

    #[test]
    fn a_text_shares_no_more_than_the_one_before_has() {
        // Two integers in one block, of which the second differs by the least difference.
        let two = |first: i8, second: i8| {
            let zigzag = |n: i8| ((n << 1) ^ (n >> 7)).cast_unsigned();
            vec![128, 1, 4, 2, zigzag(first), zigzag(second - first), 0, 0, 0, 0]
        };
        let shared = |prefix: i8, lengths: [i8; 2]| {
            let lists = [two(0, prefix), two(lengths[0], lengths[1])].concat();
            check(&page(Encoding::DELTA_BYTE_ARRAY, [&lists[..], b"abcd"].concat()), 0)
        };
        assert_eq!(shared(3, [3, 1]), Ok(7));
        for (prefix, lengths) in [(4, [3, 1]), (-1, [3, 1]), (0, [3, -1]), (0, [3, 2])] {
            assert_eq!(shared(prefix, lengths), Err(TEXTS));
        }
        let alone = |lengths: [i8; 2]| {
            let bytes = [&two(lengths[0], lengths[1])[..], b"abcd"].concat();
            check(&page(Encoding::DELTA_LENGTH_BYTE_ARRAY, bytes), 0)
        };
        assert_eq!((alone([3, 1]), alone([3, 2]), alone([-1, 1])), (Ok(4), Err(TEXTS), Err(TEXTS)));
    }
}
