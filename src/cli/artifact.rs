//! The digest by which an artifact is known: of a file, that of its bytes; of a folder, that of its manifest, which
//! lists path, size and digest of every file:
//!
//! ```json
//! {"files":[{"path":"config.json","sha256":"…","size":712},…],"schema":"modelgate.directory/v1"}
//! ```
//!
//! in canonical JSON (RFC 8785), sorted by the bytes of the paths. Names count, so that two folders whose files differ
//! in name only are two artifacts; modes, times and empty folders do not.

use super::{
    exit::Failure,
    folder::{self, unreadable},
};
use crate::model::{Digest, jcs};
use serde::Serialize;
use std::{fs, io::Read as _, path::Path};

const CODE: &str = "artifact-unreadable";

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

/// The digest of the file or folder at `path`, read piece by piece: models are large.
///
/// # Errors
/// `artifact-unreadable` when it cannot be read, or is a folder that is empty or holds links.
pub fn digest_of(path: &Path) -> Result<Digest, Failure> {
    let metadata = fs::metadata(path).map_err(|e| unreadable(CODE, path, e))?;
    if !metadata.is_dir() {
        return Ok(file(path)?.0);
    }
    let mut files = Vec::new();
    for found in folder::files(path, CODE)? {
        let (digest, size) = file(&found.path)?;
        files.push(Entry { path: found.name, sha256: digest.hex(), size });
    }
    if files.is_empty() {
        return Err(unreadable(CODE, path, "the folder is empty"));
    }
    let manifest = Manifest { files, schema: "modelgate.directory/v1" };
    jcs::digest(&manifest).map_err(|e| Failure::input(CODE, e))
}

fn file(path: &Path) -> Result<(Digest, u64), Failure> {
    let wrong = |e| unreadable(CODE, path, e);
    let mut file = fs::File::open(path).map_err(wrong)?;
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        match file.read(&mut buffer).map_err(wrong)? {
            0 => break,
            count => {
                context.update(&buffer[..count]);
                size += count as u64;
            }
        }
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    Ok((Digest::from_bytes(bytes), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_names_sizes_and_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("model");
        fs::create_dir_all(model.join("b")).unwrap();
        fs::write(model.join("b/abc"), "abc").unwrap();
        fs::write(model.join("b.bin"), "").unwrap();
        // The manifest, written by hand; FIPS 180-2 gives the digest of `abc`, and of nothing.
        let manifest = r#"{"files":[{"path":"b.bin","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},{"path":"b/abc","sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3}],"schema":"modelgate.directory/v1"}"#;
        assert_eq!(digest_of(&model).unwrap(), Digest::of(manifest.as_bytes()));
        fs::rename(model.join("b.bin"), model.join("c.bin")).unwrap();
        assert_ne!(digest_of(&model).unwrap(), Digest::of(manifest.as_bytes()));
        assert_eq!(digest_of(&model.join("b/abc")).unwrap(), Digest::of(b"abc"));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_empty_folders_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(digest_of(dir.path()).unwrap_err().code, CODE);
        fs::write(dir.path().join("a"), "a").unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("b")).unwrap();
        assert!(digest_of(dir.path()).unwrap_err().message.contains("link"));
    }
}
