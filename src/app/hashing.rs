//! The digests of files, a piece at a time.

use crate::model::Digest;
use aws_lc_rs::digest::{Context, SHA256};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// Bytes that are hashed, and where they are taken in also written, at a time.
pub(super) const PIECE: usize = 1 << 20;

/// The digest of a file's bytes.
///
/// # Errors
/// When it cannot be read.
pub(super) fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hash = Context::new(&SHA256);
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(finished(hash)),
            count => hash.update(piece.get(..count).unwrap_or_default()),
        }
    }
}

/// The digest of all that was hashed.
pub(super) fn finished(hash: Context) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    Digest::from_bytes(bytes)
}
