//! The check that a batch is durable: its heads are read on another connection before anyone
//! receives an answer.

use super::{
    Engine, Store, StoreError,
    head::{Head, SignedHead},
    log,
};
use sqlx::{AnyConnection, Row as _};
use std::time::Duration;

/// How long to wait before each check for a batch whose commit did not answer, in milliseconds. A
/// restarted server is back within this time; a file is either there or not, so the waits for
/// SQLite are shorter.
const PAUSES_POSTGRES_MS: &[u64] = &[0, 100, 400, 1_500, 3_000];
const PAUSES_SQLITE_MS: &[u64] = &[0, 50, 200];
/// How long one check may take: the transaction that it looks for may still hold its locks.
const LOOK: Duration = Duration::from_secs(5);

impl Store {
    /// Returns `Ok` once it is known that `heads` are stored. The error says whether they may be
    /// stored.
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
                    let why =
                        "the batch was committed, but another connection does not find its head";
                    return Err(StoreError::NotDurable(why.into()));
                }
                Err(error) => error,
            },
        };
        match error {
            // The batch is in a file that may or may not come back.
            StoreError::Replaced(_) => Err(StoreError::Unknown(Box::new(error))),
            error if heads.is_empty() || error.is_unwritten() => Err(error),
            error => self.look_up(heads, error).await,
        }
    }

    async fn are_stored(&self, heads: &[SignedHead]) -> Result<bool, StoreError> {
        let look = async {
            let mut reading = self.reader.acquire().await?;
            let stored = all_stored(&mut reading, heads, 0).await?;
            reading.end();
            Ok(stored)
        };
        tokio::time::timeout(self.look(), look)
            .await
            .unwrap_or_else(|_| Err(StoreError::Late(self.look())))
    }

    fn look(&self) -> Duration {
        LOOK.min(self.patience)
    }

    /// Determines whether a commit that failed with `error`, or did not answer, was stored.
    async fn look_up(&self, heads: &[SignedHead], error: StoreError) -> Result<(), StoreError> {
        let pauses =
            if self.engine == Engine::Sqlite { PAUSES_SQLITE_MS } else { PAUSES_POSTGRES_MS };
        for pause in pauses {
            tokio::time::sleep(Duration::from_millis(*pause)).await;
            match tokio::time::timeout(self.look(), self.look_under_lock(heads)).await {
                Ok(Ok(true)) => return Ok(()),
                Ok(Ok(false)) => return Err(error),
                Ok(Err(again)) => {
                    tracing::warn!(error = %again, "cannot tell yet whether a batch was stored");
                }
                Err(_) => tracing::warn!(
                    "cannot tell yet whether a batch was stored: the database does not answer"
                ),
            }
        }
        Err(StoreError::Unknown(Box::new(error)))
    }

    /// Looks for `heads` while holding the locks that their batch held, so the batch has ended. The
    /// look-up itself commits a write: this overwrites what a failed commit may have left in
    /// SQLite's write-ahead log, so that it cannot come back after a crash.
    async fn look_under_lock(&self, heads: &[SignedHead]) -> Result<bool, StoreError> {
        let mut writing = self.begin().await?;
        for head in heads {
            Head::lock(&mut writing, &head.namespace).await?;
        }
        // Taking the lock was one write.
        let stored = all_stored(&mut writing, heads, 1).await?;
        writing.commit().await?;
        Ok(stored)
    }
}

/// Whether all heads are stored, in a database to whose logs this transaction has written `since`
/// times.
async fn all_stored(
    connection: &mut AnyConnection,
    heads: &[SignedHead],
    since: i64,
) -> Result<bool, StoreError> {
    for head in heads {
        if !is_stored(connection, head, since).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the log contains everything under `head`; another replica may have added to it.
async fn is_stored(
    connection: &mut AnyConnection,
    head: &SignedHead,
    since: i64,
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT size, checkpoint, writes FROM logs WHERE namespace = $1")
        .bind(head.namespace.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(false) };
    let (size, writes) =
        (row.try_get::<i64, _>(0)?.cast_unsigned(), row.try_get::<i64, _>(2)? - since);
    if size < head.size || writes < head.writes {
        return Ok(false);
    }
    if size == head.size {
        return Ok(row.try_get::<String, _>(1)? == head.checkpoint);
    }
    Ok(log::root_at(connection, &head.namespace, head.size, size).await? == head.root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Namespace;

    /// A store whose log was written `writes` times, and the signed head that its log has.
    async fn holding(writes: i64) -> (tempfile::TempDir, Store, SignedHead) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("m.db").to_str().unwrap()).await.unwrap();
        let namespace: Namespace = "acme".parse().unwrap();
        let mut writing = store.begin().await.unwrap();
        Head::lock(&mut writing, &namespace).await.unwrap();
        let sql = "UPDATE logs SET size = 3, checkpoint = 'signed', writes = $1, edge = $2 WHERE namespace = 'acme'";
        let mut tree = crate::ledger::merkle::Tree::new();
        for leaf in 0..3 {
            tree.append([leaf; 32]);
        }
        sqlx::query(sql).bind(writes).bind(tree.to_bytes()).execute(&mut *writing).await.unwrap();
        writing.commit().await.unwrap();
        (
            dir,
            store,
            SignedHead {
                namespace,
                size: 3,
                root: tree.root(),
                checkpoint: "signed".into(),
                writes,
            },
        )
    }

    fn failed() -> Result<(), StoreError> {
        Err(StoreError::Inconsistent("the commit did not answer".into()))
    }

    #[tokio::test]
    async fn only_what_another_connection_finds_is_durable() {
        let (_dir, store, stored) = holding(7).await;
        store.make_sure(&[stored], Ok(())).await.unwrap();
        let (_dir, store, stored) = holding(7).await;
        store.make_sure(std::slice::from_ref(&stored), failed()).await.unwrap();
        // A head that is not stored is reported, whatever the commit answered.
        for absent in [
            SignedHead { size: 4, ..copy(&stored) },
            SignedHead { checkpoint: "another".into(), ..copy(&stored) },
            SignedHead { namespace: "beta".parse().unwrap(), ..copy(&stored) },
        ] {
            let heads = [copy(&stored), absent];
            assert!(matches!(
                store.make_sure(&heads, Ok(())).await,
                Err(StoreError::NotDurable(_))
            ));
            assert!(matches!(
                store.make_sure(&heads, failed()).await,
                Err(StoreError::Inconsistent(_))
            ));
        }
    }

    /// If no leaf was added, only the number of writes changes: size and checkpoint stay the same.
    #[tokio::test]
    async fn a_batch_without_leaves_is_not_stored_because_its_head_was_there_before() {
        let (_dir, store, before) = holding(7).await;
        let batch = [SignedHead { writes: 8, ..copy(&before) }];
        assert!(matches!(store.make_sure(&batch, Ok(())).await, Err(StoreError::NotDurable(_))));
        assert!(matches!(
            store.make_sure(&batch, failed()).await,
            Err(StoreError::Inconsistent(_))
        ));
        // The look-up is a write too, which is not mistaken for the batch; the batch's own write is
        // found.
        let (_dir, store, _) = holding(8).await;
        store.make_sure(&batch, Ok(())).await.unwrap();
        store.make_sure(&batch, failed()).await.unwrap();
    }

    fn copy(head: &SignedHead) -> SignedHead {
        SignedHead {
            namespace: head.namespace.clone(),
            checkpoint: head.checkpoint.clone(),
            ..*head
        }
    }
}
