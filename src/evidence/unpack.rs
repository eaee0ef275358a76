//! Compressed documents, in memory and within limits.

use super::{
    error::EvidenceError,
    limits::{MAX_DOCUMENT_BYTES, MAX_RATIO},
};
use crate::model::Digest;
use std::{borrow::Cow, io::Read};

/// Below this many bytes [`MAX_RATIO`] is not checked.
const SMALL: usize = 1 << 20;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The bytes of a document: what identifies them, and what they contain.
#[derive(Debug)]
pub struct Unpacked<'b> {
    /// The digest of the bytes as they were sent.
    pub digest: Digest,
    /// The bytes themselves, or what was compressed in them; UTF-16 with a byte order mark is UTF-8.
    pub content: Cow<'b, [u8]>,
}

impl<'b> Unpacked<'b> {
    /// Unpacks and hashes the bytes of a document.
    ///
    /// # Errors
    /// When the bytes are broken, or hold more than the limits allow.
    pub fn of(bytes: &'b [u8]) -> Result<Self, EvidenceError> {
        let content = unpack(bytes)?;
        Ok(Self { digest: Digest::of(bytes), content })
    }
}

/// The content of the bytes: the bytes themselves, or what was compressed with gzip or zstd. UTF-16
/// with a byte order mark, which PowerShell writes when output is redirected, becomes UTF-8, and
/// the mark is removed.
///
/// # Errors
/// When the bytes are broken, or hold more than [`MAX_DOCUMENT_BYTES`] or [`MAX_RATIO`] allow.
pub fn unpack(bytes: &[u8]) -> Result<Cow<'_, [u8]>, EvidenceError> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(EvidenceError::TooLarge);
    }
    let content = if bytes.starts_with(GZIP) {
        Cow::Owned(inflate(flate2::read::MultiGzDecoder::new(bytes), bytes.len(), "gzip")?)
    } else if bytes.starts_with(ZSTD) {
        let decoder = zstd::stream::read::Decoder::with_buffer(bytes)
            .map_err(|error| EvidenceError::Compressed { kind: "zstd", why: error.to_string() })?;
        Cow::Owned(inflate(decoder, bytes.len(), "zstd")?)
    } else {
        Cow::Borrowed(bytes)
    };
    match utf16(&content) {
        // Two bytes of UTF-16 may become three.
        Some(text) if text.len() > MAX_DOCUMENT_BYTES => Err(EvidenceError::TooLarge),
        Some(text) => Ok(Cow::Owned(text.into_bytes())),
        None => Ok(without_mark(content)),
    }
}

/// Text without its byte order mark, so that places are counted from the first real character.
fn without_mark(content: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    match content {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.strip_prefix(MARK).unwrap_or(bytes)),
        Cow::Owned(mut bytes) => {
            if bytes.starts_with(MARK) {
                bytes.drain(..MARK.len());
            }
            Cow::Owned(bytes)
        }
    }
}

/// Reads `from` to its end, but at most as much as a document may hold.
pub(super) fn inflate(
    mut from: impl Read,
    packed: usize,
    kind: &'static str,
) -> Result<Vec<u8>, EvidenceError> {
    let most = MAX_DOCUMENT_BYTES.min(packed.saturating_mul(MAX_RATIO).max(SMALL));
    let mut out = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    from.by_ref()
        .take(limit)
        .read_to_end(&mut out)
        .map_err(|error| EvidenceError::Compressed { kind, why: error.to_string() })?;
    if out.len() <= most {
        return Ok(out);
    }
    Err(if most == MAX_DOCUMENT_BYTES {
        EvidenceError::TooLarge
    } else {
        EvidenceError::Bomb { kind }
    })
}

/// The text of UTF-16 with a byte order mark; `None` for anything else, including broken UTF-16.
fn utf16(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, rest) = bytes.get(2..)?.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn both_compressions_are_undone_and_the_rest_is_left_alone() {
        for packed in [
            gzip(b"{\"a\": 1}"),
            zstd::encode_all(&b"{\"a\": 1}"[..], 3).unwrap(),
            b"{\"a\": 1}".to_vec(),
        ] {
            assert_eq!(unpack(&packed).unwrap().as_ref(), b"{\"a\": 1}");
        }
    }

    #[test]
    fn a_bomb_is_refused_and_so_is_what_breaks_off() {
        let zeros = vec![b' '; 40 << 20];
        assert_eq!(unpack(&gzip(&zeros)).unwrap_err().code(), "evidence-too-large");
        let small = zstd::encode_all(&zeros[..], 19).unwrap();
        assert!(small.len() < 10_000);
        assert_eq!(unpack(&small).unwrap_err().code(), "evidence-too-large");
        let whole = gzip(b"{\"a\": 1, \"b\": [1, 2, 3]}");
        assert_eq!(unpack(&whole[..whole.len() - 9]).unwrap_err().code(), "evidence-compressed");
        assert_eq!(unpack(&[0x28, 0xb5, 0x2f, 0xfd, 1]).unwrap_err().code(), "evidence-compressed");
    }

    #[test]
    fn utf16_becomes_utf8() {
        let text: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("{\"é\": 1}".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(unpack(&text).unwrap().as_ref(), "{\"é\": 1}".as_bytes());
    }
}
