//! Decompression to no more than the size that a page claims, for the two codecs of which a few
//! bytes can become very many, and which the crate reads to their end.

use bytes::Bytes;
use parquet::{basic::Compression, column::page::Page};
use std::io::Read;

/// Whether pages of this codec are decompressed here.
pub(super) fn ours(codec: Compression) -> bool {
    matches!(codec, Compression::GZIP(_) | Compression::BROTLI(_))
}

/// The page, decompressed to `size` bytes.
pub(super) fn page(codec: Compression, page: Page, size: usize) -> Result<Page, String> {
    let mut page = page;
    let plain = |buf: &Bytes, levels: usize| -> Result<Bytes, String> {
        let (front, packed) = buf.split_at_checked(levels).ok_or_else(|| sizes(size))?;
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(front);
        let rest = size.checked_sub(levels).ok_or_else(|| sizes(size))?;
        // Some writers omit even the empty compressed stream of a page without values.
        if rest > 0 {
            fill(codec, packed, rest, &mut out)?;
        }
        Ok(out.into())
    };
    match &mut page {
        Page::DictionaryPage { buf, .. } | Page::DataPage { buf, .. } => *buf = plain(buf, 0)?,
        // The levels come first, and are never compressed.
        Page::DataPageV2 {
            buf,
            is_compressed: true,
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => {
            let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
            *buf = plain(buf, usize::try_from(levels).map_err(|_| sizes(size))?)?;
        }
        Page::DataPageV2 { .. } => {}
    }
    Ok(page)
}

fn fill(codec: Compression, from: &[u8], rest: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let mut from: Box<dyn Read> = match codec {
        Compression::BROTLI(_) => Box::new(brotli::Decompressor::new(from, 4096)),
        _ => Box::new(flate2::read::MultiGzDecoder::new(from)),
    };
    let start = out.len();
    let size = start.saturating_add(rest);
    out.resize(size, 0);
    let to = out.get_mut(start..).ok_or_else(|| sizes(size))?;
    from.read_exact(to).map_err(|_| sizes(size))?;
    match from.read(&mut [0]) {
        Ok(0) => Ok(()),
        _ => Err(sizes(size)),
    }
}

fn sizes(claimed: usize) -> String {
    format!("a page does not decompress to the {claimed} bytes that its header names")
}
