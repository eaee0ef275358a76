//! An empty database of either engine, which is deleted when the test ends.

use super::app::NOW;
use sqlx::{
    AnyConnection, AssertSqlSafe, Connection as _, Executor as _, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tempfile::TempDir;

/// The variable with the address of PostgreSQL; `make test` sets it.
const POSTGRES: &str = "MODELGATE_TEST_POSTGRES";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub struct TestDatabase {
    pub address: String,
    pub folder: TempDir,
    /// The time after which it is treated as silent.
    pub patience: Duration,
    /// The time at which a service on it begins.
    pub now: &'static str,
    postgres: Option<(String, String)>,
}

impl TestDatabase {
    pub async fn new(engine: Engine) -> Self {
        let (folder, patience) = (TempDir::new().unwrap(), Duration::from_secs(30));
        match engine {
            Engine::Sqlite => {
                let address = folder.path().join("modelgate.db").to_str().unwrap().to_owned();
                Self { address, folder, patience, now: NOW, postgres: None }
            }
            Engine::Postgres => {
                let server = std::env::var(POSTGRES).unwrap_or_else(|_| {
                    panic!("{POSTGRES} is not set: run `make test`, which starts PostgreSQL")
                });
                let name = fresh_name();
                run(&server, format!("CREATE DATABASE {name}")).await;
                let address = server.replacen("/postgres?", &format!("/{name}?"), 1);
                assert_ne!(address, server, "{POSTGRES} must name the database `postgres`");
                Self { address, folder, patience, now: NOW, postgres: Some((server, name)) }
            }
        }
    }

    /// Runs SQL without the service's knowledge.
    pub async fn execute(&self, sql: &'static str) {
        self.execute_owned(sql.to_owned()).await;
    }

    /// The same, with SQL that was read from a file.
    pub async fn execute_owned(&self, sql: String) {
        run(&self.url(), sql).await;
    }

    /// The address for a separate driver.
    pub fn url(&self) -> String {
        if self.postgres.is_some() {
            self.address.clone()
        } else {
            format!("sqlite://{}", self.address)
        }
    }
}

impl TestDatabase {
    /// The same database with a separate folder, as another replica has it.
    pub fn another(&self) -> Self {
        let (address, patience) = (self.address.clone(), self.patience);
        Self { address, folder: TempDir::new().unwrap(), patience, now: self.now, postgres: None }
    }

    /// Keeps the current state of the database under a name, like a backup.
    pub async fn save(&self, name: &str) {
        if !self.address.starts_with("postgres") {
            return sqlite_backup(&self.address, &self.saved(name));
        }
        let each = format!("EXECUTE format('CREATE TABLE {name}.%I AS TABLE public.%I', t, t)");
        self.execute_owned(format!("CREATE SCHEMA {name}; {}", for_each_table(&each))).await;
    }

    /// Overwrites the database with a saved state, even if processes have it open.
    pub async fn restore(&self, name: &str) {
        if !self.address.starts_with("postgres") {
            return sqlite_backup(&self.saved(name), &self.address);
        }
        let each = format!(
            "EXECUTE format('ALTER TABLE public.%I DISABLE TRIGGER ALL', t); EXECUTE format('DELETE FROM public.%I', t); \
             EXECUTE format('INSERT INTO public.%I SELECT * FROM {name}.%I', t, t); \
             EXECUTE format('ALTER TABLE public.%I ENABLE TRIGGER ALL', t)"
        );
        self.execute_owned(for_each_table(&each)).await;
    }

    fn saved(&self, name: &str) -> String {
        self.folder.path().join(format!("{name}.saved")).to_str().unwrap().to_owned()
    }

    /// Runs migrations as the service would, up to a version: number and SQL of each.
    pub async fn migrate(&self, migrations: &[(i64, String)]) {
        sqlx::any::install_default_drivers();
        let sqlite = || format!("sqlite://{}?mode=rwc", self.address);
        let url = if self.postgres.is_some() { self.address.clone() } else { sqlite() };
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        let migration = |(version, sql): &(i64, String)| {
            let sql = AssertSqlSafe(sql.clone()).into_sql_str();
            Migration::new(*version, "as in the folder".into(), MigrationType::Simple, sql, false)
        };
        let list: Vec<Migration> = migrations.iter().map(migration).collect();
        Migrator::with_migrations(list).run(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// One transaction over every table, as `psql --single-transaction` loads a dump.
fn for_each_table(statements: &str) -> String {
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
    format!("DO $$ DECLARE t text; BEGIN FOR t IN {tables} LOOP {statements}; END LOOP; END $$")
}

/// SQLite's backup interface, which overwrites the pages of a database that other processes have
/// open.
pub fn sqlite_backup(from: &str, to: &str) {
    let script = "import sqlite3, sys\n\
                  a, b = sqlite3.connect(sys.argv[1]), sqlite3.connect(sys.argv[2], timeout=30)\n\
                  a.backup(b); a.close(); b.close()";
    let done =
        std::process::Command::new("python3").args(["-c", script, from, to]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some((server, name)) = self.postgres.take() {
            // A separate runtime, because the test's runtime may be ending.
            let drop = async move {
                run(&server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
            };
            let runtime =
                || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let _ = std::thread::spawn(move || runtime().block_on(drop)).join();
        }
    }
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst))
}

async fn run(url: &str, sql: String) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

/// One test on each engine: `on_both_engines! { async fn name(database) { … } }`.
#[macro_export]
macro_rules! on_both_engines {
    ($(async fn $name:ident($database:ident: TestDatabase) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn body($database: TestDatabase) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                body(TestDatabase::new($crate::support::database::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                body(TestDatabase::new($crate::support::database::Engine::Postgres).await).await;
            }
        }
    )*};
}
