//! The files of SQLite, which only the service can access: they contain webhook secrets in clear
//! text.

use std::{
    fs::{self, OpenOptions, Permissions},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

const MODE: u32 = 0o600;
const OTHERS: u32 = 0o007;

/// Creates the file of a database if it does not exist, empty and with mode 0600, which SQLite also
/// gives to the files next to it. Closes files that are open to all users. A group with access
/// keeps it, as for keys.
pub(super) fn keep_private(path: &Path) {
    // If the file cannot be created here, SQLite cannot create it either, and reports why.
    let _ = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let path = PathBuf::from(name);
        let Ok(found) = fs::metadata(&path) else { continue };
        if !found.is_file() || found.permissions().mode() & OTHERS == 0 {
            continue;
        }
        let shown = path.display();
        match fs::set_permissions(&path, Permissions::from_mode(MODE)) {
            Ok(()) => {
                tracing::warn!(path = %shown, "was open to all users and is now open to the service only");
            }
            Err(error) => {
                tracing::warn!(path = %shown, %error, "is open to all users, and its mode cannot be changed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_database_is_the_services_alone() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let address = at("m.db").display().to_string();
        let store = crate::store::Store::open(&address).await.unwrap();
        store.ping().await.unwrap();
        for name in ["m.db", "m.db-wal", "m.db-shm"] {
            assert_eq!(mode(&at(name)), 0o600, "{name}");
        }
        store.close().await;
        for (before, after) in [(0o644, 0o600), (0o664, 0o600), (0o660, 0o660)] {
            fs::set_permissions(at("m.db"), Permissions::from_mode(before)).unwrap();
            crate::store::Store::open(&address).await.unwrap().close().await;
            assert_eq!(mode(&at("m.db")), after, "{before:o}");
        }
    }
}
