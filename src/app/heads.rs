//! The last signed heads, kept outside the database: a database that was rolled back is told by them.

use super::private;
use crate::model::Namespace;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

/// Keeps the latest checkpoint of every namespace in a folder of its own.
#[derive(Debug, Clone)]
pub struct HeadKeeper {
    folder: Option<PathBuf>,
}

impl HeadKeeper {
    /// Keeps heads in `folder`, creating it.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        private::own_folder(folder)?;
        Ok(Self { folder: Some(folder.to_owned()) })
    }

    /// Keeps nothing.
    pub const fn none() -> Self {
        Self { folder: None }
    }

    /// Keeps these checkpoints. Losing one is harmless, since an older head is a prefix too; so no flush, and a
    /// failure is only told.
    pub fn keep(&self, sealed: Vec<(Namespace, String)>) {
        let Some(folder) = &self.folder else { return };
        for (namespace, checkpoint) in sealed {
            if let Err(error) = replace(folder, namespace.as_str(), &checkpoint) {
                tracing::warn!(%error, %namespace, "the head could not be kept outside the database");
            }
        }
    }

    /// The checkpoint kept for a namespace, if there is one.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn kept(&self, namespace: &Namespace) -> std::io::Result<Option<String>> {
        let Some(folder) = &self.folder else { return Ok(None) };
        match std::fs::read_to_string(folder.join(namespace.as_str())) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every namespace that a checkpoint is kept for.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn namespaces(&self) -> std::io::Result<Vec<Namespace>> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let names = std::fs::read_dir(folder)?.map(|e| Ok(e?.file_name().to_string_lossy().into_owned()));
        let names: std::io::Result<Vec<String>> = names.collect();
        Ok(names?.iter().filter_map(|name| name.parse().ok()).collect())
    }
}

fn replace(folder: &Path, name: &str, text: &str) -> std::io::Result<()> {
    // A namespace never holds a dot, so the new file cannot be taken for a head.
    let new = folder.join(format!("{name}.new"));
    private::file(&new)?.write_all(text.as_bytes())?;
    std::fs::rename(new, folder.join(name))
}
