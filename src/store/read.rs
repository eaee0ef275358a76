//! Reading: questions that are given up when the database is silent, on connections that are closed when one was left
//! without its answer. The pool alone would wait for ever for both.

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

/// One of them. Dropped before [`Reading::end`], it is closed: it may be in the middle of something.
pub(super) struct Reading {
    connection: Option<PoolConnection<Any>>,
    patience: Duration,
}

/// Gives a connection back to its pool, which asks it a last question first: closed where that stays open, or its place
/// would be taken for ever.
pub(super) fn give_back(mut connection: PoolConnection<Any>, patience: Duration) {
    let back = connection.return_to_pool();
    tokio::spawn(async move {
        if timeout(patience, back).await.is_err() {
            tracing::warn!("a connection to the database fell silent and is closed");
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

    /// The answer, unless the database was silent: then the connection is closed.
    fn end<T>(&self, reading: Reading, answer: Result<Result<T, Error>, Elapsed>) -> Result<T, Error> {
        let silent = |_| Error::Io(io::Error::new(io::ErrorKind::TimedOut, StoreError::Late(self.patience)));
        let answer = answer.map_err(silent)?;
        reading.end();
        answer
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

impl Reading {
    /// Gives it back.
    pub(super) fn end(mut self) {
        if let Some(connection) = self.connection.take() {
            give_back(connection, self.patience);
        }
    }
}

impl Deref for Reading {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        // It is taken where it ends, and nothing can be asked of it then.
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

    /// Nobody asks in this way; it has no limit of time.
    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Answers<'e, Either<AnyQueryResult, AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        self.pool.fetch_many(query)
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [AnyTypeInfo]) -> Answer<'e, AnyStatement>
    where
        'c: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }
}
