//! The log as it was at one moment, whatever is added meanwhile.

use super::{
    Engine, LogHead, Store, StoreError, StoredEntry,
    connections::Held,
    log::{self},
};
use crate::model::Namespace;
use sqlx::{AnyConnection, Executor as _};

/// One read transaction. Everything that is read through it is of the same moment.
///
/// While it is open, SQLite cannot write newer pages of its write-ahead log back into the file, so
/// end it soon.
pub struct Snapshot {
    reading: Held,
}

impl Store {
    /// Opens a snapshot of the current state of the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let mut snapshot = Snapshot { reading: self.reader.acquire().await? };
        let begin = match self.engine() {
            Engine::Sqlite => "BEGIN DEFERRED",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        self.in_time(async {
            snapshot.reading.execute(begin).await?;
            // Both engines fix the moment with the first query, not with `BEGIN`.
            snapshot.reading.execute("SELECT COUNT(*) FROM logs").await?;
            Ok(())
        })
        .await?;
        Ok(snapshot)
    }
}

impl Snapshot {
    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.reading
    }

    /// The head of a namespace's log, if it has a log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_head(&mut self, of: &Namespace) -> Result<Option<LogHead>, StoreError> {
        log::log_head(self.connection(), of).await
    }

    /// Every log's head.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_heads(&mut self) -> Result<Vec<LogHead>, StoreError> {
        log::log_heads(self.connection()).await
    }

    /// As [`Store::entries`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries(
        &mut self,
        of: &Namespace,
        first: u64,
        count: u64,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        log::entries(self.connection(), of, first, count).await
    }

    /// The number of stored leaves, and the greatest index among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entry_count(&mut self, of: &Namespace) -> Result<(u64, Option<u64>), StoreError> {
        log::entry_count(self.connection(), of).await
    }

    /// As [`Store::tile_hashes`].
    ///
    /// # Errors
    /// When the database fails or one of the hashes is missing.
    pub async fn tile_hashes(
        &mut self,
        of: &Namespace,
        level: u8,
        first: u64,
        count: u64,
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        log::tile_hashes(self.connection(), of, level, first, count).await
    }

    /// The root of the first `prefix` leaves of a log of `size` leaves.
    ///
    /// # Errors
    /// When the database fails or a hash is missing.
    pub async fn root_at(
        &mut self,
        of: &Namespace,
        prefix: u64,
        size: u64,
    ) -> Result<[u8; 32], StoreError> {
        log::root_at(self.connection(), of, prefix, size).await
    }

    /// Ends the transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end(mut self) -> Result<(), StoreError> {
        self.connection().execute("COMMIT").await?;
        self.reading.end();
        Ok(())
    }
}
