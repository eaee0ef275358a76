//! The connections that read. A query is given up when the database is silent, and its connection
//! is closed, because sqlx's pool alone would wait without a limit for the answer and for the
//! connection.

use super::StoreError;
use futures_core::Stream;
use sqlx::{
    Any, AnyConnection, AnyPool, Either, Error, Execute, Executor, SqlStr,
    any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo},
    pool::PoolConnection,
};
use std::{
    io,
    ops::{Deref, DerefMut},
    pin::Pin,
    time::Duration,
};
use tokio::time::{error::Elapsed, timeout};

type Answer<'e, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'e>>;
type Answers<'e, T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send + 'e>>;

/// The connections that read.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pool: AnyPool,
    patience: Duration,
}

/// One connection that reads. If it is dropped before [`Reading::end`], it is closed, because it
/// may be in the middle of a query.
pub(super) struct Reading {
    connection: Option<PoolConnection<Any>>,
    patience: Duration,
}

/// Returns a connection to its pool, which sends it a final query first. If that stays unanswered,
/// the connection is closed; otherwise it would occupy its place in the pool permanently.
pub(super) fn give_back(mut connection: PoolConnection<Any>, patience: Duration) {
    let back = connection.return_to_pool();
    tokio::spawn(async move {
        if timeout(patience, back).await.is_err() {
            tracing::warn!("a connection to the database stopped answering and is closed");
        }
    });
}

impl Reader {
    pub(super) const fn new(pool: AnyPool, patience: Duration) -> Self {
        Self { pool, patience }
    }

    pub(super) async fn begin(&self) -> Result<Reading, Error> {
        Ok(Reading { connection: Some(self.pool.acquire().await?), patience: self.patience })
    }

    /// Returns the answer and the connection. If the database was silent, the connection is closed
    /// instead.
    fn end<T>(
        &self,
        reading: Reading,
        answer: Result<Result<T, Error>, Elapsed>,
    ) -> Result<T, Error> {
        let silent =
            |_| Error::Io(io::Error::new(io::ErrorKind::TimedOut, StoreError::Late(self.patience)));
        let answer = answer.map_err(silent)?;
        reading.end();
        answer
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

impl Reading {
    /// Returns it to the pool.
    pub(super) fn end(mut self) {
        if let Some(connection) = self.connection.take() {
            give_back(connection, self.patience);
        }
    }
}

impl Deref for Reading {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        // `end` and `drop` take the connection, and consume this value.
        self.connection.as_ref().expect("a connection that was not given back")
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.connection.as_mut().expect("a connection that was not given back")
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

impl<'c> Executor<'c> for &'c Reader {
    type Database = Any;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, AnyQueryResult>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let mut reading = self.begin().await?;
            let answer = timeout(self.patience, (*reading).execute(query)).await;
            self.end(reading, answer)
        })
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Vec<AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let mut reading = self.begin().await?;
            let answer = timeout(self.patience, (*reading).fetch_all(query)).await;
            self.end(reading, answer)
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Option<AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let mut reading = self.begin().await?;
            let answer = timeout(self.patience, (*reading).fetch_optional(query)).await;
            self.end(reading, answer)
        })
    }

    /// Unused in modelgate; it has no time limit.
    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Answers<'e, Either<AnyQueryResult, AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        self.pool.fetch_many(query)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> Answer<'e, AnyStatement>
    where
        'c: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }
}
