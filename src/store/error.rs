//! The errors of the store.

/// Why an operation of the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database could not be migrated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The address of the database is not valid.
    #[error("`{0}` is not a database address: expected `sqlite:PATH`, a path, or `postgres://…`")]
    Address(String),
    /// A stored row contains an impossible value.
    #[error("a row of the database is impossible: {0}")]
    Inconsistent(String),
    /// The log in the database is not the one whose head this service signed.
    #[error("the log of `{namespace}` is broken: {why}")]
    Log {
        /// The namespace of the log.
        namespace: String,
        /// The check that failed.
        why: String,
    },
    /// The head could not be signed.
    #[error("the head of the log could not be signed: {0}")]
    Seal(String),
    /// The clock is behind the newest leaf of the log, so a leaf that was signed now would seem
    /// older.
    #[error("the clock is {by_us} µs behind the newest entry of the log of `{namespace}`")]
    ClockBehind {
        /// The namespace of the log.
        namespace: String,
        /// By how much, in microseconds.
        by_us: i64,
    },
    /// The log in the database is behind the signed heads, or is another log.
    #[error("the log of `{namespace}` was rolled back: {why}")]
    RolledBack {
        /// The namespace of the log.
        namespace: String,
        /// What was found, and what to do.
        why: String,
    },
    /// A file of the database is no longer the one that was opened.
    #[error(
        "the database file was replaced or removed while the service was running: {0}. A write would be lost now, so \
         the service writes nothing and answers no requests; put the file back, or restart the service"
    )]
    Replaced(String),
    /// The heads that were signed before cannot be read.
    #[error("the folder of heads {0}; nothing is signed until it can be read")]
    HeadsUnreadable(String),
    /// The database did not answer in time.
    #[error("the database did not answer within {0:?}")]
    Late(std::time::Duration),
    /// The database reported a write as durable, but the write is not there.
    #[error("the database does not store what it accepts: {0}")]
    NotDurable(String),
    /// A commit did not answer, and its outcome could not be determined.
    #[error("the database did not report whether a batch was stored: {0}")]
    Unknown(#[source] Box<StoreError>),
    /// Pages of the database are damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// Another writer moved the head of the log first.
    #[error("another writer moved the head of the log of `{0}`")]
    HeadMoved(String),
}

impl StoreError {
    /// The error for a row with an impossible value.
    pub fn inconsistent(what: impl std::fmt::Display) -> Self {
        Self::Inconsistent(what.to_string())
    }

    /// The error for a log of which a signed head is no longer a prefix.
    pub fn no_prefix(namespace: impl std::fmt::Display, size: u64) -> Self {
        let why = format!(
            "a head of {size} entries that was signed is no longer its prefix, so it is another log. Nothing is \
             signed over it. Restore the database that belongs to these keys; `modelgate db check` reports what differs"
        );
        Self::rolled_back(namespace, why)
    }

    /// The error for a log that is not the one that was signed.
    pub fn rolled_back(namespace: impl std::fmt::Display, why: impl Into<String>) -> Self {
        Self::RolledBack { namespace: namespace.to_string(), why: why.into() }
    }

    /// The first failure, if that failure made an outcome unknown.
    pub fn origin(&self) -> &Self {
        match self {
            Self::Unknown(error) => error.origin(),
            other => other,
        }
    }

    /// Whether the engine reports that the disk is full.
    pub fn is_full(&self) -> bool {
        // SQLITE_FULL; `disk_full` of PostgreSQL.
        self.engine_code().is_some_and(|code| code == "13" || code == "53100")
    }

    /// Whether SQLite reports that it could not write its log: then the page that ends the
    /// transaction is not in it.
    pub(super) fn is_unwritten(&self) -> bool {
        // SQLITE_FULL, SQLITE_IOERR_WRITE.
        self.engine_code().is_some_and(|code| code == "13" || code == "778")
    }

    /// Whether the engine reports that the database is damaged: the codes of SQLite for a malformed
    /// file, `data_corrupted` and `index_corrupted` of PostgreSQL.
    pub fn is_damage(&self) -> bool {
        let damage = ["11", "26", "267", "523", "779", "XX001", "XX002"];
        matches!(self.origin(), Self::Damaged(_))
            || self.engine_code().is_some_and(|code| damage.contains(&code.as_str()))
    }

    fn engine_code(&self) -> Option<String> {
        let (Self::Database(error) | Self::Migrate(sqlx::migrate::MigrateError::Execute(error))) =
            self.origin()
        else {
            return None;
        };
        Some(error.as_database_error()?.code()?.into_owned())
    }

    /// The error for a broken log.
    pub fn log(namespace: impl std::fmt::Display, why: impl std::fmt::Display) -> Self {
        Self::Log { namespace: namespace.to_string(), why: why.to_string() }
    }
}
