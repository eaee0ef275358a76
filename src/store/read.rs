//! Single queries outside a transaction, on any free connection. A query is given up when the
//! database is silent, and its connection is closed.

use super::connections::{Connections, Held};
use futures_core::Stream;
use sqlx::{
    Any, Either, Error, Execute, Executor, SqlStr,
    any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo},
};
use std::pin::Pin;
use tokio::time::{error::Elapsed, timeout};

type Answer<'e, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'e>>;
type Answers<'e, T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send + 'e>>;

impl Connections {
    /// Returns the answer, and frees the connection. If the database was silent, the connection is
    /// closed instead.
    fn answered<T>(
        &self,
        held: Held,
        answer: Result<Result<T, Error>, Elapsed>,
    ) -> Result<T, Error> {
        let answer = answer.map_err(|_| self.silent())?;
        match &answer {
            Ok(_) => held.end(),
            Err(_) => held.failed(),
        }
        answer
    }
}

impl<'c> Executor<'c> for &'c Connections {
    type Database = Any;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, AnyQueryResult>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let mut held = self.acquire().await?;
            let answer = timeout(self.patience(), (*held).execute(query)).await;
            self.answered(held, answer)
        })
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Vec<AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let mut held = self.acquire().await?;
            let answer = timeout(self.patience(), (*held).fetch_all(query)).await;
            self.answered(held, answer)
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Option<AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let mut held = self.acquire().await?;
            let answer = timeout(self.patience(), (*held).fetch_optional(query)).await;
            self.answered(held, answer)
        })
    }

    /// Unused in modelgate; it has no time limit.
    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Answers<'e, Either<AnyQueryResult, AnyRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        self.pool().fetch_many(query)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> Answer<'e, AnyStatement>
    where
        'c: 'e,
    {
        self.pool().prepare_with(sql, parameters)
    }
}
