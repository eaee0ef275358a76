//! Reading an export, the pinned keys and the artifact, within bounds.

use crate::{
    cli::{exit::Failure, output::plain},
    ledger::{
        PublicKey, VerifierKey,
        verify::{Files, Pinned},
    },
};
use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

const MAX_FILE: u64 = 256 << 20;
const MAX_TOTAL: u64 = 1 << 30;
/// A submission has at most 10,000 documents, and its champion and reference may have as many. Each
/// has up to three files of its own.
const MAX_FILES: usize = 150_000;
const MAX_DEPTH: usize = 4;
const MAX_KEY: u64 = 64 << 10;

fn unreadable(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::input(
        "verify-unreadable",
        format!("cannot read `{}`: {why}", plain(&path.display().to_string())),
    )
}

/// Whether a path is a directory; a link to one is accepted, because the caller named it.
pub(super) fn is_directory(path: &Path) -> Result<bool, Failure> {
    fs::metadata(path).map(|m| m.is_dir()).map_err(|e| unreadable(path, e))
}

/// The bytes of one file.
pub(super) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    bounded(path, MAX_FILE)
}

fn bounded(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|e| unreadable(path, e))?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| unreadable(path, e))?;
    if bytes.len() as u64 > limit {
        return Err(unreadable(path, format!("it is larger than {} MiB", limit >> 20)));
    }
    Ok(bytes)
}

/// All files below a directory, by their paths from there. Links and special files are refused,
/// never followed: the files that are verified must be in the directory.
pub(super) fn files(directory: &Path) -> Result<Files, Failure> {
    let mut files = Files::new();
    let mut total = 0;
    walk(directory, "", MAX_DEPTH, &mut |path, name| {
        let bytes = bounded(path, MAX_FILE)?;
        total += bytes.len() as u64;
        if total > MAX_TOTAL || files.len() >= MAX_FILES {
            return Err(unreadable(directory, "it is too large for an exported decision"));
        }
        files.insert(name, bytes);
        Ok(())
    })?;
    Ok(files)
}

fn walk(
    directory: &Path,
    prefix: &str,
    depth: usize,
    visit: &mut dyn FnMut(&Path, String) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let list = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    for entry in list.map_err(|e| unreadable(directory, e))? {
        let path = entry.path();
        let kind = entry.file_type().map_err(|e| unreadable(&path, e))?;
        let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else {
            return Err(unreadable(&path, "its name is not UTF-8"));
        };
        if kind.is_dir() && depth > 0 {
            walk(&path, &format!("{name}/"), depth - 1, visit)?;
        } else if kind.is_file() {
            visit(&path, name)?;
        } else {
            return Err(unreadable(
                &path,
                "an export has plain files and few folders, and no links",
            ));
        }
    }
    Ok(())
}

/// Whether one of the key files is in one of the exports that it is to verify.
pub(super) fn is_own_key(keys: &[String], trust: Option<&Path>, exports: &[PathBuf]) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let exports: Vec<PathBuf> = exports.iter().filter_map(|path| real(path)).collect();
    let files = keys.iter().map(Path::new).chain(trust).filter_map(real);
    files.into_iter().any(|file| exports.iter().any(|export| file.starts_with(export)))
}

/// The keys that the caller trusts.
pub(in crate::cli) fn pinned(keys: &[String], trust: Option<&Path>) -> Result<Pinned, Failure> {
    let mut pinned = Pinned::default();
    for key in keys {
        match key.parse::<VerifierKey>() {
            Ok(log) => pinned.logs.push(log),
            Err(_) => add(&mut pinned, Path::new(key))?,
        }
    }
    if let Some(directory) = trust {
        let found = ["decision.pem", "log.vkey"]
            .map(|name| directory.join(name))
            .into_iter()
            .filter(|p| p.exists());
        let found: Vec<_> = found.collect();
        if found.is_empty() {
            return Err(unreadable(directory, "it has neither decision.pem nor log.vkey"));
        }
        for path in found {
            add(&mut pinned, &path)?;
        }
    }
    Ok(pinned)
}

/// A file may contain several keys of one kind, as it does while one replaces another.
fn add(pinned: &mut Pinned, path: &Path) -> Result<(), Failure> {
    let bytes = bounded(path, MAX_KEY)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| unreadable(path, "it is not text"))?;
    let wrong =
        |e| Failure::input("verify-key", format!("`{}`: {e}", plain(&path.display().to_string())));
    if text.contains("-----BEGIN") {
        for block in text.trim().split_inclusive("-----END PUBLIC KEY-----") {
            pinned.decision.push(PublicKey::from_pem(block).map_err(wrong)?);
        }
        return Ok(());
    }
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys = lines.map(str::parse).collect::<Result<Vec<VerifierKey>, _>>().map_err(wrong)?;
    if keys.is_empty() {
        return Err(unreadable(path, "it contains neither a PEM public key nor a vkey"));
    }
    pinned.logs.extend(keys);
    Ok(())
}
