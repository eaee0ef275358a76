//! The seam to the two engines: what differs between SQLite and PostgreSQL is in this file, but for how a bulk insert
//! writes its places (`insert.rs`).

use super::{StoreError, files};
use sqlx::{
    AnyConnection, AnyPool, Connection as _, Executor as _, SqlSafeStr as _,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use std::{
    path::{Path, PathBuf},
    str::FromStr as _,
    time::Duration,
};

/// Every migration, in order: version, description, SQL. One that was released never changes.
pub(super) const MIGRATIONS: [(i64, &str, &str); 8] = [
    (1, "init", include_str!("../../migrations/0001_init.sql")),
    (2, "predictions", include_str!("../../migrations/0002_predictions.sql")),
    (3, "mappings", include_str!("../../migrations/0003_mappings.sql")),
    (4, "probes", include_str!("../../migrations/0004_probes.sql")),
    (5, "identity", include_str!("../../migrations/0005_identity.sql")),
    (6, "tries by model", include_str!("../../migrations/0006_tries_by_model.sql")),
    (7, "people", include_str!("../../migrations/0007_people.sql")),
    (8, "pending", include_str!("../../migrations/0008_pending.sql")),
];

/// How many connections read at once.
const READERS: u32 = 4;

/// Which engine is behind the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file beside the service.
    Sqlite,
    /// A server shared by many replicas.
    Postgres,
}

/// The database: one connection that writes, several that read.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) writer: AnyPool,
    pub(super) reader: AnyPool,
    pub(super) engine: Engine,
}

impl Store {
    /// Opens the database at `address` (`sqlite:PATH`, a path, or `postgres://…`), creating the file and bringing
    /// the schema up to date.
    ///
    /// # Errors
    /// When the address is not understood, or the database cannot be reached or migrated.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (engine, url) = resolve(address)?;
        if let Some(path) = sqlite_path(address)? {
            files::keep_private(&path);
        }
        let options = AnyConnectOptions::from_str(&url).map_err(|_| StoreError::Address(address.to_owned()))?;
        if engine == Engine::Postgres {
            // A pool would keep trying, and then say only that it waited; this says why.
            AnyConnection::connect_with(&options).await?.close().await?;
        }
        let writer = pool(engine, 1).connect_with(options.clone()).await?;
        migrate(&writer).await?;
        let reader = pool(engine, READERS).connect_lazy_with(options);
        Ok(Self { writer, reader, engine })
    }

    /// Which engine is behind it.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.reader).await?;
        Ok(())
    }

    /// Ends every connection, so that SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Brings the schema up to date. SQLite has no lock for migrations: when two services start on one new file, the
/// second finds the first one's tables half way, and a moment later all of them.
async fn migrate(writer: &AnyPool) -> Result<(), StoreError> {
    for pause_ms in [50, 200, 1_000] {
        match migrator().run(writer).await {
            Err(MigrateError::ExecuteMigration(..) | MigrateError::Execute(_)) => {
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            }
            other => return Ok(other?),
        }
    }
    Ok(migrator().run(writer).await?)
}

fn migrator() -> Migrator {
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
}

/// The file of a SQLite address; `None` for PostgreSQL.
///
/// # Errors
/// When the address is not understood.
pub fn sqlite_path(address: &str) -> Result<Option<PathBuf>, StoreError> {
    if address.starts_with("postgres://") || address.starts_with("postgresql://") {
        return Ok(None);
    }
    let path = address.strip_prefix("sqlite:").unwrap_or(address).trim_start_matches("//");
    if path.is_empty() || path.contains("://") || path.contains('?') {
        return Err(StoreError::Address(address.to_owned()));
    }
    std::path::absolute(Path::new(path)).map(Some).map_err(|_| StoreError::Address(address.to_owned()))
}

pub(super) fn resolve(address: &str) -> Result<(Engine, String), StoreError> {
    let Some(path) = sqlite_path(address)? else { return Ok((Engine::Postgres, address.to_owned())) };
    let mut url = url_path(&path).ok_or_else(|| StoreError::Address(address.to_owned()))?;
    url.push_str("?mode=rwc");
    Ok((Engine::Sqlite, url))
}

/// `sqlite://` and the path with everything outside a plain set percent-encoded.
fn url_path(path: &Path) -> Option<String> {
    let mut url = String::from("sqlite://");
    for byte in path.to_str()?.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(url)
}

fn pool(engine: Engine, connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(engine == Engine::Postgres)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if engine == Engine::Sqlite {
                    // WAL lets readers go on while a batch commits; FULL makes a commit survive power loss.
                    connection
                        .execute(
                            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                             PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000",
                        )
                        .await?;
                }
                Ok(())
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_their_engine() {
        assert_eq!(resolve("postgres://h/db").unwrap().0, Engine::Postgres);
        assert_eq!(resolve("sqlite:/a b/c.db").unwrap(), (Engine::Sqlite, "sqlite:///a%20b/c.db?mode=rwc".into()));
        assert_eq!(resolve("/x/y.db").unwrap().1, "sqlite:///x/y.db?mode=rwc");
        assert!(resolve("mysql://h/db").is_err());
        assert!(resolve("").is_err());
    }
}
