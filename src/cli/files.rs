//! Files that commands write: complete or not at all. Bytes go to a draft in the same folder, are
//! made durable, and the draft is then renamed to the file; a reader never finds half a report, and
//! a failure leaves the previous file unchanged.

use super::{exit::Failure, output::plain};
use crate::app::core::env::Env;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

/// A file that is being written.
#[derive(Debug)]
pub struct Draft {
    place: Settled,
    file: File,
}

/// A file whose bytes are durable under the name of its draft, which is removed unless it gets its
/// final name. It is not open, so that there can be many.
#[derive(Debug)]
struct Settled {
    /// The final path.
    path: PathBuf,
    /// The path of the draft; `None` for a device or a pipe, which is written directly.
    aside: Option<PathBuf>,
}

/// Writes one file.
///
/// # Errors
/// As [`Draft::create`], [`Draft::write`] and [`Draft::finish`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut draft = Draft::create(path)?;
    draft.write(bytes)?;
    draft.finish()
}

/// Writes files by their paths below `folder`, which is created. Either all of them are written or,
/// except for a failure between two renames, none is.
///
/// # Errors
/// When one cannot be written, or a link or a file is where a folder must be.
pub fn write_all(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let made = Made::folders(folder)?;
    let mut drafts = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let mut path = folder.to_owned();
        let mut parts = name.split('/').peekable();
        while let Some(part) = parts.next() {
            path.push(part);
            if parts.peek().is_some() {
                plain_folder(&path)?;
            }
        }
        // An existing file is replaced and not written through: it may be a link.
        let mut draft = Draft::beside(&path, &path)?;
        draft.write(bytes)?;
        drafts.push(draft.settle()?);
    }
    for draft in drafts {
        draft.place()?;
    }
    made.keep();
    Ok(())
}

impl Draft {
    /// Begins a file. A link is followed, so that the file it points to is replaced.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let real = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                return Err(failed(path, &ErrorKind::IsADirectory.into()));
            }
            // A device, a pipe or a terminal cannot be replaced.
            Ok(found) if !found.is_file() => {
                let file = File::options().write(true).open(path).map_err(|e| failed(path, &e))?;
                return Ok(Self { place: Settled { path: path.to_owned(), aside: None }, file });
            }
            Ok(_) => fs::canonicalize(path).map_err(|e| failed(path, &e))?,
            Err(_) => path.to_owned(),
        };
        Self::beside(path, &real)
    }

    fn beside(shown: &Path, path: &Path) -> Result<Self, Failure> {
        let name =
            path.file_name().ok_or_else(|| failed(shown, &ErrorKind::InvalidInput.into()))?;
        let draft = path.with_file_name(format!(
            ".{}.{}.part",
            name.to_string_lossy(),
            Env::default().new_id()
        ));
        let file = File::create_new(&draft).map_err(|e| failed(shown, &e))?;
        let draft = Self { place: Settled { path: path.to_owned(), aside: Some(draft) }, file };
        if let Ok(before) = fs::metadata(path)
            && before.is_file()
        {
            draft.file.set_permissions(before.permissions()).map_err(|e| failed(shown, &e))?;
        }
        Ok(draft)
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(|e| failed(&self.place.path, &e))
    }

    /// Makes it durable under its name.
    ///
    /// # Errors
    /// When that cannot be done; then the previous file is unchanged.
    pub fn finish(self) -> Result<(), Failure> {
        self.settle()?.place()
    }

    fn settle(self) -> Result<Settled, Failure> {
        if self.place.aside.is_some() {
            self.file.sync_all().map_err(|e| failed(&self.place.path, &e))?;
        }
        Ok(self.place)
    }
}

impl Settled {
    fn place(mut self) -> Result<(), Failure> {
        let Some(draft) = self.aside.take() else { return Ok(()) };
        if let Err(error) = fs::rename(&draft, &self.path) {
            let _ = fs::remove_file(&draft);
            return Err(failed(&self.path, &error));
        }
        let folder =
            self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The name must be as durable as the bytes; if a folder cannot be opened, the system does
        // not promise that.
        match File::open(folder) {
            Ok(folder) => folder.sync_all().map_err(|e| failed(&self.path, &e)),
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        if let Some(draft) = &self.aside {
            let _ = fs::remove_file(draft);
        }
    }
}

/// The outermost folder that was created; it is removed with its content unless it is kept.
struct Made(Option<PathBuf>);

impl Made {
    fn folders(folder: &Path) -> Result<Self, Failure> {
        let absent = |p: &&Path| !p.as_os_str().is_empty() && fs::symlink_metadata(p).is_err();
        let outermost = folder.ancestors().take_while(absent).last().map(Path::to_owned);
        let made = Self(outermost);
        fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
        Ok(made)
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn plain_folder(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(failed(path, &ErrorKind::NotADirectory.into())),
        Err(_) => fs::create_dir(path).map_err(|e| failed(path, &e)),
    }
}

/// A path that cannot be written is a mistake of the call; a full or broken disk is not.
fn failed(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot write `{}`: {error}", plain(&path.display().to_string()));
    match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::PermissionDenied
        | ErrorKind::IsADirectory
        | ErrorKind::NotADirectory
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::InvalidFilename
        | ErrorKind::InvalidInput => Failure::input("unwritable", message),
        _ => Failure::service("output", message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.csv");
        fs::write(&path, "before").unwrap();
        let mut draft = Draft::create(&path).unwrap();
        draft.write(b"half").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"before");
        drop(draft);
        assert_eq!(
            (fs::read(&path).unwrap().as_slice(), names(dir.path())),
            (&b"before"[..], vec!["report.csv".into()])
        );
        write(&path, b"after").unwrap();
        assert_eq!(
            (fs::read(&path).unwrap().as_slice(), names(dir.path())),
            (&b"after"[..], vec!["report.csv".into()])
        );
        assert_eq!(write(&dir.path().join("no/such"), b"").unwrap_err().exit, 2);
        assert_eq!(write(dir.path(), b"").unwrap_err().exit, 2);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_no_mistake_of_the_call() {
        let failure = write(Path::new("/dev/full"), b"x").unwrap_err();
        assert_eq!((failure.exit, failure.code.as_str()), (5, "output"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_was_named_is_followed_and_the_mode_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&path, "before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        write(&link, b"after").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"after");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_folder_that_could_not_be_filled_is_not_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let files = |list: &[(&str, &str)]| -> BTreeMap<String, Vec<u8>> {
            list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
        };
        // `a` cannot be a file and a folder.
        assert!(
            write_all(&dir.path().join("new/out"), &files(&[("a", "1"), ("a/b", "2")])).is_err()
        );
        assert!(names(dir.path()).is_empty());
        write_all(&dir.path().join("out"), &files(&[("a", "1"), ("b/c", "2")])).unwrap();
        assert_eq!(
            (names(&dir.path().join("out")), names(&dir.path().join("out/b"))),
            (vec!["a".into(), "b".into()], vec!["c".to_owned()])
        );
    }
}
