//! The digest that identifies an artifact: for a file, that of its bytes; for a folder, that of its
//! manifest, which lists path, size and digest of every file:
//!
//! ```json
//! {"files":[{"path":"config.json","sha256":"…","size":712},…],"schema":"modelgate.directory/v1"}
//! ```
//!
//! in canonical JSON (RFC 8785), sorted by the bytes of the paths. Names matter, so that two
//! folders whose files differ in name only are two artifacts; modes, times and empty folders do
//! not. Links inside the artifact, and into the blobs of the Hugging Face cache that contains it,
//! are read through; the files that tools add to a model are left out (`left_out`), so that two
//! downloads of one model are one artifact.

mod hash;
mod left_out;
mod walk;

use super::{
    exit::Failure,
    folder::{self, unreadable},
    output::{self, plain},
    progress::Progress,
};
use crate::model::{Digest, jcs};
use serde::Serialize;
use std::{fs, path::Path};
use walk::Walked;

const CODE: &str = "artifact-unreadable";
/// The maximum number of left-out names that are listed.
const TOLD: usize = 20;

#[derive(Serialize)]
struct Manifest {
    files: Vec<Entry>,
    schema: &'static str,
}

#[derive(Serialize)]
struct Entry {
    path: String,
    sha256: String,
    size: u64,
}

/// An artifact that was read.
#[derive(Debug)]
pub struct Artifact {
    /// The digest that identifies it.
    pub digest: Digest,
    /// The files in the folder that are not part of it; a folder has `/` at its end.
    pub left_out: Vec<String>,
}

/// Reads the file or folder at `path` piece by piece, because models are large, and lists on stderr
/// what is left out.
///
/// # Errors
/// `artifact-unreadable` when it cannot be read, changes meanwhile, is empty, or contains anything
/// but plain files.
pub fn read(path: &Path) -> Result<Artifact, Failure> {
    let metadata = fs::metadata(path).map_err(|e| unreadable(CODE, path, e))?;
    if !metadata.is_dir() {
        walk::plain_file(path, &metadata)?;
        let mut progress = Progress::new(&hashing(path), metadata.len());
        let digest =
            hash::file(path, &walk::Stamp::of(&metadata), &mut |count| progress.more(count))?;
        progress.end();
        return Ok(Artifact { digest, left_out: Vec::new() });
    }
    let walked = walk::folder(path)?;
    tell(&walked);
    let digest = manifest(path, &walked, &mut |_| ())?;
    Ok(Artifact { digest, left_out: walked.left_out.into_iter().map(|one| one.name).collect() })
}

/// The digest of the file or folder at `path`.
///
/// # Errors
/// As [`read`].
pub fn digest_of(path: &Path) -> Result<Digest, Failure> {
    read(path).map(|artifact| artifact.digest)
}

/// The digest of a folder with everything in it, as modelgate 0.1 computed it: decisions of that
/// version are about this digest.
///
/// # Errors
/// As [`read`], and if there is a link.
pub fn whole_digest_of(path: &Path) -> Result<Digest, Failure> {
    let mut files = Vec::new();
    for found in folder::files(path, CODE)? {
        let metadata = fs::metadata(&found.path).map_err(|e| unreadable(CODE, &found.path, e))?;
        let digest = hash::file(&found.path, &walk::Stamp::of(&metadata), &mut |_| ())?;
        files.push(Entry { path: found.name, sha256: digest.hex(), size: metadata.len() });
    }
    jcs::digest(&Manifest { files, schema: "modelgate.directory/v1" })
        .map_err(|e| Failure::input(CODE, e))
}

fn hashing(path: &Path) -> String {
    format!("hashing {}", plain(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()))
}

/// The digest of a folder; `meanwhile` is called with the bytes of each piece that was read.
fn manifest(
    path: &Path,
    walked: &Walked,
    meanwhile: &mut dyn FnMut(usize),
) -> Result<Digest, Failure> {
    if walked.files.is_empty() {
        let why = if walked.left_out.is_empty() {
            "the folder is empty"
        } else {
            "everything in it is left out"
        };
        return Err(unreadable(CODE, path, why));
    }
    let size = walked.files.iter().map(|file| file.stamp.size).sum();
    let mut progress = Progress::new(&hashing(path), size);
    let mut files = Vec::with_capacity(walked.files.len());
    for found in &walked.files {
        let digest = hash::file(&found.path, &found.stamp, &mut |count| {
            progress.more(count);
            meanwhile(count);
        })?;
        files.push(Entry {
            path: found.name.clone(),
            sha256: digest.hex(),
            size: found.stamp.size,
        });
    }
    progress.end();
    // Hashing takes long: files that were added, removed or changed meanwhile are not what was
    // hashed.
    if let Some(name) = walk::folder(path)?.differs_from(walked) {
        let why = format!(
            "`{}` changed while the folder was read; try again when nothing writes to it",
            plain(&name)
        );
        return Err(unreadable(CODE, path, why));
    }
    jcs::digest(&Manifest { files, schema: "modelgate.directory/v1" })
        .map_err(|e| Failure::input(CODE, e))
}

fn tell(walked: &Walked) {
    for one in walked.left_out.iter().take(TOLD) {
        output::note(&format!(
            "not part of the artifact: {} ({})",
            plain(&one.name),
            plain(&one.why)
        ));
    }
    if walked.left_out.len() > TOLD {
        output::note(&format!("not part of the artifact: {} more", walked.left_out.len() - TOLD));
    }
    if let Some(snapshot) = &walked.snapshot {
        output::note(&format!(
            "note: this is the cache of every version of a model; name one of them, such as `{}`",
            plain(&snapshot.display().to_string())
        ));
    }
}

#[cfg(test)]
mod tests;
