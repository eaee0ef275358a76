//! An existing database, opened without creating, migrating or writing anything.

use super::{
    Engine, LogHead, StoreError,
    db::{resolve, sqlite_path},
    log,
};
use crate::model::Namespace;
use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _, any::AnyConnectOptions};
use std::{path::Path, str::FromStr as _};

/// The most findings of damage that are reported.
const TOLD: usize = 3;

/// A database that exists already.
pub struct Existing {
    connection: AnyConnection,
    engine: Engine,
}

impl Existing {
    /// Opens it; `None` if the file does not exist.
    ///
    /// # Errors
    /// When the address is not valid, or the database cannot be reached.
    pub async fn open(address: &str) -> Result<Option<Self>, StoreError> {
        sqlx::any::install_default_drivers();
        let (engine, url) = resolve(address)?;
        if let Some(path) = sqlite_path(address)?
            && !std::fs::exists(&path).map_err(sqlx::Error::from)?
        {
            return Ok(None);
        }
        let url = url.replace("?mode=rwc", "?mode=rw");
        let options = AnyConnectOptions::from_str(&url)
            .map_err(|_| StoreError::Address(address.to_owned()))?;
        let connection = AnyConnection::connect_with(&options).await.map_err(damage)?;
        Ok(Some(Self { connection, engine }))
    }

    /// Whether anything was ever signed over it.
    ///
    /// # Errors
    /// When the database fails or is damaged.
    pub async fn has_logs(&mut self) -> Result<bool, StoreError> {
        let tables = match self.engine {
            Engine::Sqlite => {
                "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'logs'"
            }
            Engine::Postgres => "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('logs')",
        };
        if self.count(tables).await? == 0 {
            return Ok(false);
        }
        Ok(self.count("SELECT COUNT(*) FROM logs WHERE size > 0").await? > 0)
    }

    async fn count(&mut self, sql: &'static str) -> Result<i64, StoreError> {
        Ok(sqlx::query(sql).fetch_one(&mut self.connection).await.map_err(damage)?.try_get(0)?)
    }

    /// Reads every page of a SQLite file and refuses a damaged one. PostgreSQL checks its own
    /// pages, if its cluster has checksums.
    ///
    /// # Errors
    /// When the file is damaged, or cannot be read.
    pub async fn quick_check(&mut self) -> Result<(), StoreError> {
        self.pages("PRAGMA quick_check").await
    }

    /// The same, and checks that every index matches its table.
    ///
    /// # Errors
    /// When the file is damaged, or cannot be read.
    pub async fn integrity_check(&mut self) -> Result<(), StoreError> {
        self.pages("PRAGMA integrity_check").await
    }

    async fn pages(&mut self, pragma: &'static str) -> Result<(), StoreError> {
        if self.engine != Engine::Sqlite {
            return Ok(());
        }
        let rows = sqlx::query(pragma).fetch_all(&mut self.connection).await.map_err(damage)?;
        let said: Result<Vec<String>, sqlx::Error> =
            rows.iter().take(TOLD).map(|row| row.try_get(0)).collect();
        let said = said?;
        if said == ["ok"] { Ok(()) } else { Err(StoreError::Damaged(said.join("; "))) }
    }

    /// Every log's head.
    ///
    /// # Errors
    /// When the database fails or is damaged.
    pub async fn log_heads(&mut self) -> Result<Vec<LogHead>, StoreError> {
        if self.has_logs().await? {
            log::log_heads(&mut self.connection).await
        } else {
            Ok(Vec::new())
        }
    }

    /// The root of all leaves of a log of `size` leaves.
    ///
    /// # Errors
    /// When the database fails or leaves are missing.
    pub async fn root(&mut self, namespace: &Namespace, size: u64) -> Result<[u8; 32], StoreError> {
        log::root_at(&mut self.connection, namespace, size, size).await
    }

    /// The number of decisions in a log from leaf `first` on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decisions_from(
        &mut self,
        namespace: &Namespace,
        first: u64,
    ) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM decisions WHERE namespace = $1 AND record_idx >= $2";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(first.cast_signed());
        let count: i64 = query.fetch_one(&mut self.connection).await.map_err(damage)?.try_get(0)?;
        Ok(count.cast_unsigned())
    }

    /// Whether another process has the SQLite file open. False for a damaged file.
    ///
    /// # Errors
    /// When SQLite cannot be queried.
    pub async fn in_use(&mut self) -> Result<bool, StoreError> {
        if self.engine != Engine::Sqlite {
            return Ok(false);
        }
        let ask = "PRAGMA busy_timeout = 500; PRAGMA locking_mode = EXCLUSIVE; SELECT COUNT(*) FROM sqlite_master";
        match self.connection.execute(ask).await {
            // SQLITE_BUSY.
            Err(error) => Ok(error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .is_some_and(|code| code == "5")),
            Ok(_) => Ok(false),
        }
    }

    /// Writes a copy of a SQLite database, as it is at this moment, to a new file, and makes it durable.
    ///
    /// # Errors
    /// When the file is there already or cannot be written.
    pub async fn copy_to(&mut self, file: &Path) -> Result<(), StoreError> {
        let name = file.to_str().ok_or_else(|| StoreError::Address(file.display().to_string()))?;
        sqlx::query("VACUUM INTO $1")
            .bind(name.to_owned())
            .execute(&mut self.connection)
            .await
            .map_err(damage)?;
        std::fs::File::open(file).and_then(|file| file.sync_all()).map_err(sqlx::Error::from)?;
        Ok(())
    }

    /// The engine of this database.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// Closes it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }
}

fn damage(error: sqlx::Error) -> StoreError {
    let error = StoreError::from(error);
    if error.is_damage() { StoreError::Damaged(error.to_string()) } else { error }
}
