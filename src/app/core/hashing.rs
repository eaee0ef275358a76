//! The digests of files, computed part by part.

use crate::model::Digest;
use aws_lc_rs::digest::{Context, SHA256};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// How many bytes are hashed at a time, and written at a time when a file is received.
pub(in crate::app) const PIECE: usize = 1 << 20;

/// The digest of a file's bytes.
///
/// # Errors
/// When it cannot be read.
pub(in crate::app) fn digest_of(path: &Path) -> io::Result<Digest> {
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

/// The digest of all bytes that `hash` was given.
pub(in crate::app) fn finished(hash: Context) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    Digest::from_bytes(bytes)
}
