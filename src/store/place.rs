//! The check that the files of a SQLite database are still the ones at its path. A file that was
//! moved, removed or replaced stays open in this process: it accepts every write, and all of them
//! are lost when the process ends.

use super::StoreError;
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};
use tokio::sync::Mutex;

/// The files of a database as they were when it was opened.
#[derive(Debug)]
pub(super) struct Place {
    files: Vec<(PathBuf, Identity)>,
    /// A connection that stays open: while there is one, SQLite does not create its files again.
    held: Mutex<Option<AnyConnection>>,
}

/// Device and inode.
type Identity = (u64, u64);

impl Place {
    /// Records the files that `connection` has open.
    pub(super) async fn hold(
        path: &Path,
        mut connection: AnyConnection,
    ) -> Result<Self, StoreError> {
        // The write-ahead log exists once something was read.
        connection.execute("SELECT COUNT(*) FROM sqlite_master").await?;
        let beside = fs::canonicalize(path).map_err(sqlx::Error::from)?;
        let mut files = vec![(path.to_owned(), identity(path).map_err(sqlx::Error::from)?)];
        for suffix in ["-wal", "-shm"] {
            let mut name = beside.clone().into_os_string();
            name.push(suffix);
            let file = PathBuf::from(name);
            if let Ok(found) = identity(&file) {
                files.push((file, found));
            }
        }
        Ok(Self { files, held: Mutex::new(Some(connection)) })
    }

    /// Refuses if one of the files is no longer at its path.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        for (path, opened) in &self.files {
            let why = match identity(path) {
                Ok(found) if found == *opened => continue,
                Ok(_) => "is another file now".to_owned(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    "is not there any more".to_owned()
                }
                Err(error) => format!("cannot be inspected: {error}"),
            };
            return Err(StoreError::Replaced(format!("`{}` {why}", path.display())));
        }
        Ok(())
    }

    /// Closes the connection that was kept open.
    pub(super) async fn release(&self) {
        if let Some(connection) = self.held.lock().await.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database was not closed cleanly");
        }
    }
}

fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|found| (found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use crate::store::{Store, StoreError};
    use std::fs;

    #[tokio::test]
    async fn every_file_of_a_database_has_to_stay() {
        for file in ["m.db", "m.db-wal", "m.db-shm"] {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name);
            let store = Store::open(at("m.db").to_str().unwrap()).await.unwrap();
            // Connections open and close, but the files stay the same.
            for _ in 0..3 {
                drop(store.begin().await.unwrap());
                store.probe(0).await.unwrap();
            }
            store.in_place().unwrap();
            fs::rename(at(file), at("aside")).unwrap();
            let refused = store.probe(0).await.unwrap_err();
            assert!(
                matches!(&refused, StoreError::Replaced(why) if why.contains("not there")),
                "{file}: {refused}"
            );
            fs::copy(at("aside"), at(file)).unwrap();
            let refused = store.ping().await.unwrap_err();
            assert!(
                matches!(&refused, StoreError::Replaced(why) if why.contains("another file")),
                "{file}: {refused}"
            );
            fs::rename(at("aside"), at(file)).unwrap();
            store.probe(0).await.unwrap();
            store.close().await;
            assert!(!at("m.db-wal").exists(), "it was closed cleanly");
        }
    }

    #[tokio::test]
    async fn what_was_written_to_a_file_that_was_moved_meanwhile_is_not_acknowledged() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let store = Store::open(at("m.db").to_str().unwrap()).await.unwrap();
        let writing = store.begin().await.unwrap();
        fs::rename(at("m.db"), at("aside")).unwrap();
        assert!(matches!(writing.commit().await, Err(StoreError::Replaced(_))));
        fs::rename(at("aside"), at("m.db")).unwrap();
        store.probe(0).await.unwrap();
    }
}
