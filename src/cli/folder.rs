//! Folders that a command reads whole: plain files only, in one order on every machine.

use super::{exit::Failure, output::plain};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Deeper than any artifact, and shallow enough for the stack.
const MAX_DEPTH: usize = 64;

/// A file below a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Its path from the folder, `/` between the parts.
    pub name: String,
    /// Its full path.
    pub path: PathBuf,
}

/// Every file below `folder`, sorted by the bytes of its name. Links are refused and not followed:
/// the files themselves must be in the folder.
///
/// # Errors
/// `code` when the folder cannot be read, or contains anything but plain files with UTF-8 names.
pub fn files(folder: &Path, code: &str) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    walk(folder, "", 0, code, &mut found)?;
    found.sort_unstable();
    Ok(found)
}

fn walk(
    folder: &Path,
    prefix: &str,
    depth: usize,
    code: &str,
    found: &mut Vec<Found>,
) -> Result<(), Failure> {
    if depth > MAX_DEPTH {
        return Err(unreadable(code, folder, "it is too deep"));
    }
    let list = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    for entry in list.map_err(|e| unreadable(code, folder, e))? {
        let path = entry.path();
        let kind = entry.file_type().map_err(|e| unreadable(code, &path, e))?;
        let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else {
            return Err(unreadable(code, &path, "its name is not UTF-8"));
        };
        if kind.is_dir() {
            walk(&path, &format!("{name}/"), depth + 1, code, found)?;
        } else if kind.is_file() {
            found.push(Found { name, path });
        } else {
            let why = if kind.is_symlink() { "it is a link" } else { "it is not a plain file" };
            return Err(unreadable(
                code,
                &path,
                format!("{why}; copy the file itself into the folder"),
            ));
        }
    }
    Ok(())
}

/// The failure that `path` cannot be read, and why.
pub fn unreadable(code: &str, path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::input(code, format!("cannot read `{}`: {why}", plain(&path.display().to_string())))
}
