//! Hashing a file that must not change meanwhile.

use super::{CODE, walk::Stamp};
use crate::{
    cli::{exit::Failure, folder::unreadable},
    model::Digest,
};
use std::{fs::File, io::Read as _, path::Path};

const PIECE: usize = 1 << 20;

/// The digest of the file at `path`, whose metadata must match `stamp` before and after;
/// `meanwhile` is called with the number of bytes of each piece that was read.
///
/// # Errors
/// `artifact-unreadable` when it cannot be read, or has changed meanwhile.
pub(super) fn file(
    path: &Path,
    stamp: &Stamp,
    meanwhile: &mut dyn FnMut(usize),
) -> Result<Digest, Failure> {
    let wrong = |e| unreadable(CODE, path, e);
    let changed = || {
        unreadable(CODE, path, "it changed while it was read; try again when nothing writes to it")
    };
    let unchanged = |file: &File| -> Result<(), Failure> {
        if Stamp::of(&file.metadata().map_err(wrong)?) == *stamp { Ok(()) } else { Err(changed()) }
    };
    let mut file = File::open(path).map_err(wrong)?;
    unchanged(&file)?;
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut piece = vec![0; PIECE];
    let mut size = 0;
    loop {
        match file.read(&mut piece).map_err(wrong)? {
            0 => break,
            count => {
                context.update(&piece[..count]);
                size += count as u64;
                // A file that a process keeps appending to would be read without end.
                if size > stamp.size {
                    return Err(changed());
                }
                meanwhile(count);
            }
        }
    }
    unchanged(&file)?;
    if size != stamp.size {
        return Err(changed());
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    Ok(Digest::from_bytes(bytes))
}
