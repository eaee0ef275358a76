//! Files and folders for the service alone: what is in them is secret, or somebody's data. They are made 0600 and 0700
//! whatever the umask; those that an earlier version left open to everybody are closed.
//!
//! A group that may read is left alone, as for keys: that is how container platforms share a volume. So is a folder with
//! the sticky bit, which is everybody's on purpose.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
const OTHERS: u32 = 0o007;
const STICKY: u32 = 0o1000;

/// Makes the folder that data is kept in, with every folder above that is not there. One that is there may hold other
/// things too: that it is open to everybody is only told.
///
/// # Errors
/// When it cannot be made.
pub fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)?;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & OTHERS != 0 {
        let folder = path.display();
        tracing::warn!(%folder, mode = format!("{:03o}", mode & 0o777), "the data folder is open to others: chmod 700 it");
    }
    Ok(())
}

/// Makes a folder that only the service uses. One that is there and open to everybody is closed.
///
/// # Errors
/// When it cannot be made.
pub fn own_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)?;
    close(path, FOLDER)
}

/// A new file, to be written.
///
/// # Errors
/// When there is one already, or it cannot be made.
pub fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE).open(path)
}

/// A file, to be written from its beginning.
///
/// # Errors
/// When it cannot be made.
pub fn file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE).open(path)?;
    close(path, FILE)?;
    Ok(file)
}

/// Closes what is open to everybody. Another owner's cannot be closed, which is only told.
fn close(path: &Path, mode: u32) -> io::Result<()> {
    let found = fs::metadata(path)?.permissions().mode();
    if found & OTHERS == 0 || found & STICKY != 0 {
        return Ok(());
    }
    let shown = path.display();
    match fs::set_permissions(path, Permissions::from_mode(mode)) {
        Ok(()) => tracing::warn!(path = %shown, "was open to others and is the service's alone now"),
        Err(error) => tracing::warn!(path = %shown, %error, "is open to others and cannot be closed"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn what_is_made_is_ours_and_what_was_open_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        own_folder(&at("a/b")).unwrap();
        assert_eq!((mode(&at("a")), mode(&at("a/b"))), (0o700, 0o700));
        new_file(&at("new")).unwrap();
        file(&at("file")).unwrap();
        assert_eq!((mode(&at("new")), mode(&at("file"))), (0o600, 0o600));
        for (before, after) in [(0o755, 0o700), (0o750, 0o750), (0o1777, 0o1777)] {
            fs::set_permissions(at("a"), Permissions::from_mode(before)).unwrap();
            own_folder(&at("a")).unwrap();
            assert_eq!(mode(&at("a")), after, "{before:o}");
        }
        fs::set_permissions(at("file"), Permissions::from_mode(0o644)).unwrap();
        file(&at("file")).unwrap();
        assert_eq!(mode(&at("file")), 0o600);
        fs::set_permissions(at("a"), Permissions::from_mode(0o755)).unwrap();
        folder(&at("a")).unwrap();
        assert_eq!(mode(&at("a")), 0o755, "what may hold other things is only told of");
    }
}
