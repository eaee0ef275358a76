//! Every file of an artifact's folder, in one order on every machine.

use super::{
    CODE,
    left_out::{FILE, Rules},
};
use crate::cli::{exit::Failure, folder::unreadable, output::plain};
use std::{
    fs::{self, File, FileType, Metadata},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Deeper than any artifact, and shallow enough for the stack.
const MAX_DEPTH: usize = 64;
/// The largest ignore file.
const MAX_RULES: u64 = 1 << 20;
/// The maximum number of left-out names that are kept.
const MAX_LEFT_OUT: usize = 1_000;

/// The metadata that differs after a file has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// A file of the artifact.
#[derive(Debug)]
pub(super) struct Found {
    /// Its path from the folder, `/` between the parts.
    pub(super) name: String,
    /// The path of its bytes: the target if it is a link, else its own path.
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
}

/// A file or folder that is not part of the artifact.
#[derive(Debug)]
pub(super) struct LeftOut {
    pub(super) name: String,
    pub(super) why: String,
}

/// A folder that was walked.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Sorted by the bytes of their names.
    pub(super) files: Vec<Found>,
    pub(super) left_out: Vec<LeftOut>,
    /// One of the snapshots, if the folder is a whole Hugging Face cache.
    pub(super) snapshot: Option<PathBuf>,
}

impl Walked {
    /// A file that was changed, added or removed since `before`.
    pub(super) fn differs_from(&self, before: &Self) -> Option<String> {
        let known = |walked: &Self, file: &Found| {
            let at = walked.files.binary_search_by(|other| other.name.cmp(&file.name));
            at.is_ok_and(|at| {
                walked.files[at].stamp == file.stamp && walked.files[at].path == file.path
            })
        };
        let new = self.files.iter().find(|file| !known(before, file));
        new.or_else(|| before.files.iter().find(|file| !known(self, file)))
            .map(|file| file.name.clone())
    }
}

/// Walks the folder at `path`.
///
/// # Errors
/// `artifact-unreadable` when it cannot be read, or contains anything but plain files with UTF-8
/// names and links to such files.
pub(super) fn folder(path: &Path) -> Result<Walked, Failure> {
    let root = fs::canonicalize(path).map_err(|e| unreadable(CODE, path, e))?;
    let places = Places { blobs: blobs_of(&root), root };
    let rules = Rules::new(&places.root, &rules_in(path, &places)?)?;
    let mut walk = Walk { places, rules, found: Walked::default(), trail: Vec::new() };
    walk.enter(path, "", walk.places.root.clone())?;
    let Walk { mut found, places, .. } = walk;
    found.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    found.left_out.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    found.snapshot = whole_cache(path, &places.root);
    Ok(found)
}

/// Checks that a path is a plain file.
///
/// # Errors
/// When it is not: reading a named pipe or a device may never end.
pub(super) fn plain_file(path: &Path, metadata: &Metadata) -> Result<(), Failure> {
    if metadata.is_file() {
        return Ok(());
    }
    let why = format!("it is {}; give a plain file", special(metadata.file_type()));
    Err(unreadable(CODE, path, why))
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match kind {
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_block_device() || kind.is_char_device() => "a device",
        _ => "not a plain file",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "not a plain file"
}

/// The folders that links may lead to.
struct Places {
    /// The artifact's folder.
    root: PathBuf,
    /// The blobs that its files are links to, if the folder is a snapshot of a Hugging Face cache.
    blobs: Option<PathBuf>,
}

/// `…/blobs` for a folder at or below `…/snapshots/REVISION`, as `huggingface_hub` lays them out.
fn blobs_of(root: &Path) -> Option<PathBuf> {
    let snapshots = root
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name().is_some_and(|name| name == "snapshots"))?;
    let blobs = snapshots.parent()?.join("blobs");
    fs::canonicalize(blobs).ok().filter(|blobs| blobs.is_dir())
}

/// A snapshot of the cache that `path` is, if it is one.
fn whole_cache(path: &Path, root: &Path) -> Option<PathBuf> {
    let all = ["blobs", "refs", "snapshots"].iter().all(|part| root.join(part).is_dir());
    let mut names: Vec<_> = fs::read_dir(root.join("snapshots"))
        .ok()?
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    names.sort();
    names.first().filter(|_| all).map(|name| path.join("snapshots").join(name))
}

/// The target of a link, if it is allowed.
fn resolved(path: &Path, places: &Places) -> Result<PathBuf, Failure> {
    let refuse = |why: String| unreadable(CODE, path, why);
    let target = fs::read_link(path).map_err(|e| unreadable(CODE, path, e))?;
    let shown = plain(&target.display().to_string());
    let end = fs::canonicalize(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => {
            refuse(format!("it is a link to `{shown}`, which does not exist; download it again"))
        }
        _ => refuse(format!("it is a link to `{shown}`, which leads nowhere: {e}")),
    })?;
    let inside = end.starts_with(&places.root)
        || places.blobs.as_ref().is_some_and(|blobs| end.starts_with(blobs));
    if inside {
        return Ok(end);
    }
    Err(refuse(format!(
        "it is a link to `{shown}`, outside the artifact; copy the file itself into the folder"
    )))
}

/// The text of the ignore file; empty if there is none.
fn rules_in(folder: &Path, places: &Places) -> Result<String, Failure> {
    let path = folder.join(FILE);
    let Ok(metadata) = fs::symlink_metadata(&path) else { return Ok(String::new()) };
    let file = if metadata.is_symlink() { resolved(&path, places)? } else { path.clone() };
    plain_file(&path, &fs::metadata(&file).map_err(|e| unreadable(CODE, &path, e))?)?;
    let mut text = String::new();
    let opened = File::open(&file).map_err(|e| unreadable(CODE, &path, e))?;
    opened.take(MAX_RULES + 1).read_to_string(&mut text).map_err(|e| unreadable(CODE, &path, e))?;
    if text.len() as u64 > MAX_RULES {
        return Err(unreadable(CODE, &path, "it is larger than 1 MiB"));
    }
    Ok(text)
}

struct Walk {
    places: Places,
    rules: Rules,
    found: Walked,
    /// The folders that are being walked, so that a link back to one of them does not cause endless
    /// recursion.
    trail: Vec<PathBuf>,
}

impl Walk {
    /// Walks a folder whose resolved path is `real`.
    fn enter(&mut self, folder: &Path, prefix: &str, real: PathBuf) -> Result<(), Failure> {
        if self.trail.len() > MAX_DEPTH {
            return Err(unreadable(CODE, folder, "it is too deep"));
        }
        if self.trail.contains(&real) {
            return Err(unreadable(
                CODE,
                folder,
                "it is a link to a folder that contains it, which never ends; remove it",
            ));
        }
        self.trail.push(real.clone());
        let list = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        for entry in list.map_err(|e| unreadable(CODE, folder, e))? {
            let kind = entry.file_type().map_err(|e| unreadable(CODE, &entry.path(), e))?;
            self.take(&entry.path(), kind, &entry.file_name(), prefix, &real)?;
        }
        self.trail.pop();
        Ok(())
    }

    fn take(
        &mut self,
        path: &Path,
        kind: FileType,
        own: &std::ffi::OsStr,
        prefix: &str,
        real: &Path,
    ) -> Result<(), Failure> {
        if let Some(why) = self.rules.leave_out(&Path::new(prefix).join(own), kind.is_dir()) {
            if self.found.left_out.len() < MAX_LEFT_OUT {
                let name = format!(
                    "{prefix}{}{}",
                    own.to_string_lossy(),
                    if kind.is_dir() { "/" } else { "" }
                );
                self.found.left_out.push(LeftOut { name, why });
            }
            return Ok(());
        }
        let Some(name) = own.to_str().map(|own| format!("{prefix}{own}")) else {
            return Err(unreadable(CODE, path, "its name is not UTF-8; rename it"));
        };
        let end = if kind.is_symlink() { resolved(path, &self.places)? } else { path.to_owned() };
        let metadata = fs::metadata(&end).map_err(|e| unreadable(CODE, path, e))?;
        if metadata.is_dir() {
            let real = if kind.is_symlink() { end } else { real.join(own) };
            return self.enter(path, &format!("{name}/"), real);
        }
        if !metadata.is_file() {
            let why =
                format!("it is {}; remove it, or name it in {FILE}", special(metadata.file_type()));
            return Err(unreadable(CODE, path, why));
        }
        self.found.files.push(Found { name, path: end, stamp: Stamp::of(&metadata) });
        Ok(())
    }
}
