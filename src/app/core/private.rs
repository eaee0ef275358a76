//! Files and folders that only the service can access, because they contain secrets or user data.
//! They are created with mode 0600 and 0700, whatever the umask is. Those that an earlier version
//! left open to all users are closed.
//!
//! A group with read permission keeps it, as for keys, because container platforms share volumes in
//! this way. A folder with the sticky bit is left unchanged too: it is open to all users on
//! purpose.

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

/// Creates the data folder, with every missing folder above it. An existing folder may contain
/// other things too, so if it is open to all users, this only logs a warning.
///
/// # Errors
/// When it cannot be created.
pub fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)?;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & OTHERS != 0 {
        let folder = path.display();
        let mode = format!("{:03o}", mode & 0o777);
        tracing::warn!(%folder, mode, "the data folder is open to all users: set its mode with `chmod 700`");
    }
    Ok(())
}

/// Creates a folder that only the service uses. If it exists and is open to all users, it is
/// closed.
///
/// # Errors
/// When it cannot be created.
pub fn own_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)?;
    close(path, FOLDER)
}

/// Creates a new file for writing.
///
/// # Errors
/// When the file exists already, or cannot be created.
pub fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE).open(path)
}

/// Opens or creates a file for writing, and empties it.
///
/// # Errors
/// When it cannot be created.
pub fn file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE).open(path)?;
    close(path, FILE)?;
    Ok(file)
}

/// Closes a file or folder that is open to all users. If another user owns it, this only logs a
/// warning.
fn close(path: &Path, mode: u32) -> io::Result<()> {
    let found = fs::metadata(path)?.permissions().mode();
    if found & OTHERS == 0 || found & STICKY != 0 {
        return Ok(());
    }
    let shown = path.display();
    match fs::set_permissions(path, Permissions::from_mode(mode)) {
        Ok(()) => {
            tracing::warn!(path = %shown, "was open to all users and is now open to the service only");
        }
        Err(error) => {
            tracing::warn!(path = %shown, %error, "is open to all users, and its mode cannot be changed");
        }
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
        assert_eq!(
            mode(&at("a")),
            0o755,
            "a folder that may contain other things only causes a warning"
        );
    }
}
