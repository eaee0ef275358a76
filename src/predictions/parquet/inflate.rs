//! Decompression of one page, to no more than the size it states.

use parquet::basic::Compression;
use std::io::Read;

/// Fills all of `out` with what `from` decompresses to.
pub(super) fn inflate(codec: Compression, from: &[u8], out: &mut [u8]) -> Result<(), String> {
    match codec {
        Compression::SNAPPY => {
            let n = snap::raw::decompress_len(from).map_err(|error| error.to_string())?;
            if n != out.len() {
                return Err(sizes(out.len()));
            }
            snap::raw::Decoder::new()
                .decompress(from, out)
                .map(drop)
                .map_err(|error| error.to_string())
        }
        Compression::LZ4_RAW => lz4(from, out),
        Compression::LZ4 => hadoop(from, out).or_else(|()| lz4(from, out)),
        Compression::GZIP(_) => whole(flate2::read::MultiGzDecoder::new(from), out),
        Compression::BROTLI(_) => whole(brotli::Decompressor::new(from, 4096), out),
        Compression::ZSTD(_) => {
            let mut decoder = zstd::bulk::Decompressor::new().map_err(|error| error.to_string())?;
            let n = decoder.decompress_to_buffer(from, out).map_err(|error| error.to_string())?;
            if n == out.len() { Ok(()) } else { Err(sizes(out.len())) }
        }
        _ => Err("its compression is not known".to_owned()),
    }
}

fn sizes(claimed: usize) -> String {
    format!("a page does not decompress to the {claimed} bytes that its header names")
}

fn whole(mut from: impl Read, out: &mut [u8]) -> Result<(), String> {
    from.read_exact(out).map_err(|_| sizes(out.len()))?;
    match from.read(&mut [0]) {
        Ok(0) => Ok(()),
        _ => Err(sizes(out.len())),
    }
}

fn lz4(from: &[u8], out: &mut [u8]) -> Result<(), String> {
    match lz4_flex::block::decompress_into(from, out) {
        Ok(n) if n == out.len() => Ok(()),
        _ => Err(sizes(out.len())),
    }
}

/// The framing of Hadoop's LZ4: blocks, each after its two sizes.
fn hadoop(mut from: &[u8], mut out: &mut [u8]) -> Result<(), ()> {
    let word = |bytes: &[u8; 4]| usize::try_from(u32::from_be_bytes(*bytes)).map_err(drop);
    while !from.is_empty() {
        let (size, rest) = from.split_first_chunk::<4>().ok_or(())?;
        let (stored, rest) = rest.split_first_chunk::<4>().ok_or(())?;
        let (size, stored) = (word(size)?, word(stored)?);
        let (block, rest) = rest.split_at_checked(stored).ok_or(())?;
        let (now, later) = out.split_at_mut_checked(size).ok_or(())?;
        lz4(block, now).map_err(drop)?;
        (from, out) = (rest, later);
    }
    if out.is_empty() { Ok(()) } else { Err(()) }
}
