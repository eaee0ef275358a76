//! The files in the folder of a model that are not part of it.
//!
//! By default these are the files that git, download tools and file managers add: `.git`, the
//! folder `.cache/` (`huggingface_hub` keeps a record of downloads with `--local-dir` there; its
//! older versions used `.huggingface/`) and `.DS_Store`. A model's owner names more in
//! `.modelgateignore`, written as `.gitignore` is. That file is always part of the artifact,
//! whatever it says: adding one to hide a file makes another artifact.
//!
//! `__pycache__` is not among them: Python runs the files there.

use super::CODE;
use crate::cli::{exit::Failure, folder::unreadable};
use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder},
};
use std::path::Path;

/// The file that names further files to leave out.
pub(super) const FILE: &str = ".modelgateignore";

/// Folders and files that are left out at any depth.
const FOLDERS: [&str; 3] = [".git", ".cache", ".huggingface"];
/// A work tree of git has a file of this name in place of the folder.
const FILES: [&str; 2] = [".git", ".DS_Store"];

/// Decides what is left out.
#[derive(Debug)]
pub(super) struct Rules {
    named: Gitignore,
}

impl Rules {
    /// The rules with those of the ignore file in `root`, whose text is `text`; empty if there is
    /// no such file.
    ///
    /// # Errors
    /// When a line of it is not a pattern.
    pub(super) fn new(root: &Path, text: &str) -> Result<Self, Failure> {
        let file = root.join(FILE);
        let mut builder = GitignoreBuilder::new(root);
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let wrong =
                |e: ignore::Error| unreadable(CODE, &file, format!("line {}: {e}", number + 1));
            builder.add_line(None, line).map_err(wrong)?;
        }
        let named = builder.build().map_err(|e| unreadable(CODE, &file, e))?;
        Ok(Self { named })
    }

    /// Why the file or folder at `path` below the root is left out; `None` if it is not.
    pub(super) fn leave_out(&self, path: &Path, is_dir: bool) -> Option<String> {
        if path == Path::new(FILE) {
            return None;
        }
        let known = if is_dir { &FOLDERS[..] } else { &FILES[..] };
        if path.file_name().is_some_and(|name| known.iter().any(|known| name == *known)) {
            return Some("left out by default".into());
        }
        match self.named.matched(path, is_dir) {
            Match::Ignore(glob) => Some(format!("`{}` in {FILE}", glob.original())),
            Match::None | Match::Whitelist(_) => None,
        }
    }
}
