//! How the store fails.

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database could not be migrated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The address of the database is not one we understand.
    #[error("`{0}` is no database address: expected `sqlite:PATH`, a path, or `postgres://…`")]
    Address(String),
    /// A stored row says something impossible.
    #[error("the database holds an impossible row: {0}")]
    Inconsistent(String),
    /// The log in the database is not the one whose head we signed.
    #[error("the log of `{namespace}` is broken: {why}")]
    Log {
        /// Whose log.
        namespace: String,
        /// What does not hold.
        why: String,
    },
    /// The head could not be signed.
    #[error("the head of the log could not be signed: {0}")]
    Seal(String),
    /// The clock is behind the newest leaf of the log, so that what were signed now would seem older.
    #[error("the clock is {by_us} µs behind the newest entry of the log of `{namespace}`")]
    ClockBehind {
        /// Whose log.
        namespace: String,
        /// By how much, in microseconds.
        by_us: i64,
    },
    /// Somebody else moved the head of the log first.
    #[error("another writer moved the head of the log of `{0}`")]
    HeadMoved(String),
}

impl StoreError {
    /// A row that cannot be.
    pub fn inconsistent(what: impl std::fmt::Display) -> Self {
        Self::Inconsistent(what.to_string())
    }

    /// A broken log.
    pub fn log(namespace: impl std::fmt::Display, why: impl std::fmt::Display) -> Self {
        Self::Log { namespace: namespace.to_string(), why: why.to_string() }
    }
}
