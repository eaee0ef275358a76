//! The connection to the two engines: everything that differs between SQLite and PostgreSQL is in
//! this file, except how a bulk insert writes its placeholders (`insert.rs`).

use super::{StoreError, connections::Connections, files, place::Place};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::{
    AnyConnection, AnyPool, Connection as _, Executor as _, Row as _, SqlSafeStr as _,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use std::{
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Every migration, in order: version, description, SQL. A released migration never changes.
pub(super) const MIGRATIONS: [(i64, &str, &str); 12] = [
    (1, "init", include_str!("../../migrations/0001_init.sql")),
    (2, "predictions", include_str!("../../migrations/0002_predictions.sql")),
    (3, "mappings", include_str!("../../migrations/0003_mappings.sql")),
    (4, "probes", include_str!("../../migrations/0004_probes.sql")),
    (5, "identity", include_str!("../../migrations/0005_identity.sql")),
    (6, "tries by model", include_str!("../../migrations/0006_tries_by_model.sql")),
    (7, "people", include_str!("../../migrations/0007_people.sql")),
    (8, "pending", include_str!("../../migrations/0008_pending.sql")),
    (9, "facts", include_str!("../../migrations/0009_facts.sql")),
    (10, "inputs", include_str!("../../migrations/0010_inputs.sql")),
    (11, "address", include_str!("../../migrations/0011_address.sql")),
    (12, "records", include_str!("../../migrations/0012_records.sql")),
];

/// The number of connections that read.
const READERS: u32 = 4;
/// How long a transaction may take, and its commit, before the database is considered silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// WAL lets readers continue while a batch commits; FULL makes a commit survive power loss.
const SQLITE: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                      PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000";
/// Ensures that a commit that was answered is on disk, whatever the default of the database, the
/// role or the server is, now or after the server reloads its settings. Any other setting is kept,
/// such as one that also waits for other servers.
const POSTGRES: &str = "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
                        WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)";

/// The database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite: a file on the machine of the service.
    Sqlite,
    /// PostgreSQL: a server shared by many replicas.
    Postgres,
}

/// The database: one connection that writes, several that read.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) writer: Connections,
    pub(super) reader: Connections,
    pub(super) engine: Engine,
    pub(super) place: Arc<OnceLock<Place>>,
    pub(super) patience: Duration,
}

impl Store {
    /// Opens the database at `address` (`sqlite:PATH`, a path, or `postgres://…`), creates the file
    /// if needed, and brings the schema up to date.
    ///
    /// # Errors
    /// When the address is not valid, or the database cannot be reached or migrated.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        Self::open_with(address, PATIENCE).await
    }

    /// The same, but the database is considered silent after `patience`.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(address: &str, patience: Duration) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (engine, url) = resolve(address)?;
        let file = sqlite_path(address)?;
        if let Some(path) = &file {
            files::keep_private(path);
        }
        let options = AnyConnectOptions::from_str(&url)
            .map_err(|_| StoreError::Address(address.to_owned()))?;
        if engine == Engine::Postgres {
            // A pool would keep trying, and then report only that it waited. This connection
            // reports the cause.
            let mut connection = AnyConnection::connect_with(&options).await?;
            warn_of_settings(&mut connection).await?;
            connection.close().await?;
        }
        let place = Arc::new(OnceLock::new());
        let pool = |connections| pool(engine, connections, patience, place.clone());
        let writer = pool(1).connect_with(options.clone()).await?;
        if let Some(path) = &file {
            // Taken from the pool, which tries again if another service is opening the same new
            // file.
            let held = Place::hold(path, writer.acquire().await?.detach()).await?;
            place.get_or_init(|| held);
        }
        migrate(&writer).await?;
        let writer = Connections::new(writer, 1, patience);
        let reader = Connections::new(pool(READERS).connect_lazy_with(options), READERS, patience);
        Ok(Self { writer, reader, engine, place, patience })
    }

    /// The engine of this database.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.in_place()?;
        sqlx::query("SELECT 1").execute(&self.reader).await?;
        Ok(())
    }

    /// Refuses if a file of the database is no longer the one that is open: writes to it would be
    /// lost, and its data may be out of date.
    ///
    /// # Errors
    /// When it was replaced or removed.
    pub fn in_place(&self) -> Result<(), StoreError> {
        self.place.get().map_or(Ok(()), Place::check)
    }

    /// Gives up when the database does not answer in time. A transaction that is dropped in the
    /// middle closes its connection.
    pub(super) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        tokio::time::timeout(self.patience, work)
            .await
            .unwrap_or(Err(StoreError::Late(self.patience)))
    }

    /// Closes every connection, so that SQLite writes its write-ahead log back into the file.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
        if let Some(place) = self.place.get() {
            place.release().await;
        }
    }
}

/// Logs an error for each setting of the server that can make it lose acknowledged writes. They
/// cannot be changed by a client.
async fn warn_of_settings(connection: &mut AnyConnection) -> Result<(), StoreError> {
    for (setting, ask) in [("fsync", "SHOW fsync"), ("full_page_writes", "SHOW full_page_writes")] {
        let row = sqlx::query(ask).fetch_one(&mut *connection).await?;
        if row.try_get::<String, _>(0)? == "off" {
            tracing::error!(
                setting,
                "the PostgreSQL server runs with this setting off: a power cut or a crash of its machine can lose or \
                 damage acknowledged writes; set it to on"
            );
        }
    }
    Ok(())
}

/// Brings the schema up to date. SQLite has no lock for migrations: when two services start on one
/// new file, the second one first finds only some of the tables, and all of them a moment later, so
/// it tries again.
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
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
}

/// The file of a SQLite address; `None` for PostgreSQL.
///
/// # Errors
/// When the address is not valid.
pub fn sqlite_path(address: &str) -> Result<Option<PathBuf>, StoreError> {
    if address.starts_with("postgres://") || address.starts_with("postgresql://") {
        return Ok(None);
    }
    let path = address.strip_prefix("sqlite:").unwrap_or(address).trim_start_matches("//");
    if path.is_empty() || path.contains("://") || path.contains('?') {
        return Err(StoreError::Address(address.to_owned()));
    }
    std::path::absolute(Path::new(path))
        .map(Some)
        .map_err(|_| StoreError::Address(address.to_owned()))
}

pub(super) fn resolve(address: &str) -> Result<(Engine, String), StoreError> {
    let Some(path) = sqlite_path(address)? else {
        return Ok((Engine::Postgres, address.to_owned()));
    };
    let mut url = url_path(&path).ok_or_else(|| StoreError::Address(address.to_owned()))?;
    url.push_str("?mode=rwc");
    Ok((Engine::Sqlite, url))
}

/// `sqlite://` and the path, in which every byte outside a plain set is percent-encoded.
fn url_path(path: &Path) -> Option<String> {
    const PLAIN: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    Some(format!("sqlite://{}", utf8_percent_encode(path.to_str()?, PLAIN)))
}

fn pool(
    engine: Engine,
    connections: u32,
    patience: Duration,
    place: Arc<OnceLock<Place>>,
) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE.min(patience))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(engine == Engine::Postgres)
        .after_connect(move |connection, _| {
            let place = place.clone();
            Box::pin(async move {
                connection
                    .execute(if engine == Engine::Sqlite { SQLITE } else { POSTGRES })
                    .await?;
                // A new connection opens the file that is at the path now.
                place.get().map_or(Ok(()), Place::check).map_err(sqlx::Error::config)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_their_engine() {
        assert_eq!(resolve("postgres://h/db").unwrap().0, Engine::Postgres);
        assert_eq!(
            resolve("sqlite:/a b/c.db").unwrap(),
            (Engine::Sqlite, "sqlite:///a%20b/c.db?mode=rwc".into())
        );
        assert_eq!(resolve("/x/y.db").unwrap().1, "sqlite:///x/y.db?mode=rwc");
        assert!(resolve("mysql://h/db").is_err());
        assert!(resolve("").is_err());
    }
}
