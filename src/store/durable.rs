//! Whether a batch is durable: its heads are read on another connection before anyone is told.

use super::{Engine, Store, StoreError, head::Head, log};
use crate::model::Namespace;
use sqlx::{AnyConnection, Row as _};
use std::time::Duration;

/// How long to wait before each look at a batch whose commit did not answer, in milliseconds: a server that was started
/// anew is back by then, while a file is there or not.
const PAUSES_POSTGRES_MS: &[u64] = &[0, 100, 400, 1_500, 3_000];
const PAUSES_SQLITE_MS: &[u64] = &[0, 50, 200];
/// How long one look may take: the transaction that it asks about may still hold its locks.
const LOOK: Duration = Duration::from_secs(5);

/// A head as a batch signed it.
pub(super) struct SignedHead {
    pub(super) namespace: Namespace,
    pub(super) size: u64,
    pub(super) root: [u8; 32],
    pub(super) checkpoint: String,
}

impl Store {
    /// Gives `Ok` once it is known that `heads` are stored. An error says whether they may be.
    pub(super) async fn make_sure(
        &self,
        heads: &[SignedHead],
        committed: Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let error = match committed {
            Err(error) => error,
            Ok(()) => match self.are_stored(heads).await {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    let why = "the batch was committed, and another connection does not find its head";
                    return Err(StoreError::NotDurable(why.into()));
                }
                Err(error) => error,
            },
        };
        match error {
            // It is in a file that may come back, or not.
            StoreError::Replaced(_) => Err(StoreError::Unknown(Box::new(error))),
            error if heads.is_empty() || error.is_unwritten() => Err(error),
            error => self.look_up(heads, error).await,
        }
    }

    async fn are_stored(&self, heads: &[SignedHead]) -> Result<bool, StoreError> {
        let look = async {
            let mut reading = self.reader.begin().await?;
            let stored = all_stored(&mut reading, heads).await?;
            reading.end();
            Ok(stored)
        };
        tokio::time::timeout(self.look(), look).await.unwrap_or_else(|_| Err(StoreError::Late(self.look())))
    }

    fn look(&self) -> Duration {
        LOOK.min(self.patience)
    }

    /// Finds out what became of a commit that failed with `error` or did not answer.
    async fn look_up(&self, heads: &[SignedHead], error: StoreError) -> Result<(), StoreError> {
        let pauses = if self.engine == Engine::Sqlite { PAUSES_SQLITE_MS } else { PAUSES_POSTGRES_MS };
        for pause in pauses {
            tokio::time::sleep(Duration::from_millis(*pause)).await;
            match tokio::time::timeout(self.look(), self.look_under_lock(heads)).await {
                Ok(Ok(true)) => return Ok(()),
                Ok(Ok(false)) => return Err(error),
                Ok(Err(again)) => tracing::warn!(error = %again, "cannot tell yet whether a batch was stored"),
                Err(_) => tracing::warn!("cannot tell yet whether a batch was stored: the database does not answer"),
            }
        }
        Err(StoreError::Unknown(Box::new(error)))
    }

    /// Looks for `heads` under the locks that their batch held, so that it has ended; and with a write that is
    /// committed, so that what a failed commit may have left in SQLite's write-ahead log is overwritten and cannot
    /// come back after a crash.
    async fn look_under_lock(&self, heads: &[SignedHead]) -> Result<bool, StoreError> {
        let mut writing = self.begin().await?;
        for head in heads {
            Head::lock(&mut writing, &head.namespace).await?;
        }
        let stored = all_stored(&mut writing, heads).await?;
        writing.commit().await?;
        Ok(stored)
    }
}

async fn all_stored(connection: &mut AnyConnection, heads: &[SignedHead]) -> Result<bool, StoreError> {
    for head in heads {
        if !is_stored(connection, head).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the log holds everything under `head`; another replica may have added to it.
async fn is_stored(connection: &mut AnyConnection, head: &SignedHead) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT size, checkpoint FROM logs WHERE namespace = $1")
        .bind(head.namespace.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(false) };
    let size = row.try_get::<i64, _>(0)?.cast_unsigned();
    if size <= head.size {
        return Ok(size == head.size && row.try_get::<String, _>(1)? == head.checkpoint);
    }
    Ok(log::root_at(connection, &head.namespace, head.size, size).await? == head.root)
}
