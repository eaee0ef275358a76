//! Bytes that are stored compressed.

use super::StoreError;
use std::{cell::RefCell, io};
use zstd::bulk::Compressor;

/// The fastest level that compresses well: most of a document repeats its own words.
const LEVEL: i32 = 1;

/// Compresses bytes in one frame that says how many they are.
///
/// # Errors
/// When the memory is exhausted.
pub(super) fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    // A compressor allocates a megabyte, so each thread keeps its own.
    thread_local! {
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(Compressor::new(LEVEL)?),
        };
        compressor.compress(bytes)
    })
}

/// How many bytes were compressed; `None` if it does not say, or they are more than `most`.
pub(super) fn size(packed: &[u8], most: usize) -> Option<usize> {
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok()??;
    usize::try_from(size).ok().filter(|size| *size <= most)
}

/// The bytes that were compressed, at most `most`: a row that was changed must not fill the memory.
///
/// # Errors
/// When they are more, or nothing was compressed to this.
pub(super) fn unpack(packed: &[u8], most: usize) -> Result<Vec<u8>, StoreError> {
    let size = size(packed, most)
        .ok_or_else(|| StoreError::inconsistent("what it decompresses to is too large"))?;
    zstd::bulk::decompress(packed, size).map_err(StoreError::inconsistent)
}

/// A document as it is stored: compressed, if that makes it smaller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedDocument {
    bytes: bytes::Bytes,
    packed: bool,
}

/// The most bytes of a document that is read again.
const MOST: usize = 256 << 20;

impl PackedDocument {
    /// Compresses a document, if that makes it smaller.
    pub fn pack(document: bytes::Bytes) -> Self {
        match pack(&document) {
            Ok(packed) if packed.len() < document.len() && document.len() <= MOST => {
                Self { bytes: packed.into(), packed: true }
            }
            _ => Self { bytes: document, packed: false },
        }
    }

    /// The stored bytes, and the number that says whether they are compressed.
    pub(super) fn columns(&self) -> (Vec<u8>, i64) {
        (self.bytes.to_vec(), i64::from(self.packed))
    }

    /// How many bytes are stored.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The document in the columns of a row.
    ///
    /// # Errors
    /// When it cannot be decompressed.
    pub(super) fn unpack(bytes: Vec<u8>, packed: i64) -> Result<Vec<u8>, StoreError> {
        if packed == 0 { Ok(bytes) } else { unpack(&bytes, MOST) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_back_and_small_ones_stay_as_they_are() {
        for (document, packed) in [(vec![b' '; 5000], 1), (b"{}".to_vec(), 0), (Vec::new(), 0)] {
            let stored = PackedDocument::pack(document.clone().into());
            let (bytes, flag) = stored.columns();
            assert_eq!((flag, bytes.len() <= document.len()), (packed, true));
            assert_eq!(PackedDocument::unpack(bytes, flag).unwrap(), document);
        }
    }

    #[test]
    fn what_says_no_size_or_too_large_a_one_is_not_unpacked() {
        let large = pack(&[0; 101]).unwrap();
        let unsaid = zstd::stream::encode_all(&[0; 100][..], LEVEL).unwrap();
        for bomb in [large.as_slice(), unsaid.as_slice(), b"no frame"] {
            let error = unpack(bomb, 100).unwrap_err();
            assert!(error.to_string().contains("decompresses to is too large"), "{error}");
        }
        assert_eq!(unpack(&large, 101).unwrap(), [0; 101]);
        let cut = &large[..large.len() - 1];
        assert!(unpack(cut, 101).is_err());
    }
}
