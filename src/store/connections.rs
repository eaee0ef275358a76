//! Connections that are used again at once. sqlx's own pool asks the database a question after each
//! use, and on PostgreSQL also before, which takes as long as most of our queries. Here a connection
//! is asked only if it has not been used for a moment, and after an error.

use super::StoreError;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Error, pool::PoolConnection};
use std::{
    io,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// How long after its last use a connection is taken to be open. A server that was restarted needs
/// longer than this.
const FRESH: Duration = Duration::from_millis(250);

/// Connections that are not in use, each with the moment of its last use.
type Idle = Vec<(PoolConnection<Any>, Instant)>;

/// A limited number of connections to one database.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    pool: AnyPool,
    /// The pool counts them as in use.
    idle: Arc<Mutex<Idle>>,
    permits: Arc<Semaphore>,
    patience: Duration,
}

impl Connections {
    /// At most `most` connections of the pool, which must have as many. A database that does not
    /// answer within `patience` is considered silent.
    pub(super) fn new(pool: AnyPool, most: u32, patience: Duration) -> Self {
        let permits = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(1)));
        Self { pool, idle: Arc::default(), permits, patience }
    }

    /// A connection, as soon as one is free.
    ///
    /// # Errors
    /// When none becomes free in time, the database cannot be reached, or they are closed.
    pub(super) async fn acquire(&self) -> Result<Held, Error> {
        let wait = self.pool.options().get_acquire_timeout();
        let permit = timeout(wait, self.permits.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| Error::PoolTimedOut)?.map_err(|_| Error::PoolClosed)?;
        let connection = match self.open_idle().await {
            Some(open) => open,
            // A permit is free and no connection is idle, so the pool may open one more.
            None => self.pool.acquire().await?,
        };
        Ok(Held { connection: Some(connection), home: self.clone(), _permit: permit })
    }

    /// The idle connection that was used last, if it is still open. One that is not is closed.
    async fn open_idle(&self) -> Option<PoolConnection<Any>> {
        loop {
            let (mut connection, used) = self.idle().pop()?;
            if used.elapsed() < FRESH {
                return Some(connection);
            }
            match timeout(self.patience, connection.ping()).await {
                Ok(Ok(())) => return Some(connection),
                Ok(Err(_)) | Err(_) => drop(connection.detach()),
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns idle connections to the pool, which tests them, because another one had an error.
    fn doubt(&self) {
        for (connection, _) in self.idle().drain(..) {
            give_back(connection, self.patience);
        }
    }

    /// The error of a database that did not answer in time.
    pub(super) fn silent(&self) -> Error {
        Error::Io(io::Error::new(io::ErrorKind::TimedOut, StoreError::Late(self.patience)))
    }

    /// The pool that opens them.
    pub(super) fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// How long a database may take to answer.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Closes all of them.
    pub(super) async fn close(&self) {
        self.permits.close();
        self.idle().clear();
        self.pool.close().await;
    }
}

/// Returns a connection to its pool, which sends it a final query first. If that stays unanswered,
/// the connection is closed; otherwise it would occupy its place in the pool permanently.
fn give_back(mut connection: PoolConnection<Any>, patience: Duration) {
    let back = connection.return_to_pool();
    tokio::spawn(async move {
        if timeout(patience, back).await.is_err() {
            tracing::warn!("a connection to the database stopped answering and is closed");
        }
    });
}

/// A connection in use. If it is dropped before [`Held::end`] or [`Held::failed`], it is closed,
/// because it may be in the middle of a query or of a transaction.
pub(super) struct Held {
    connection: Option<PoolConnection<Any>>,
    home: Connections,
    _permit: OwnedSemaphorePermit,
}

impl Held {
    /// Makes it free for the next use.
    pub(super) fn end(mut self) {
        let Some(connection) = self.connection.take() else { return };
        let mut idle = self.home.idle();
        // Under the lock that `close` takes after it closed the permits: one that was kept later would
        // never return to the pool, which waits for it.
        if !self.home.permits.is_closed() {
            idle.push((connection, Instant::now()));
        }
    }

    /// Closes it, because of an error at the begin of a transaction. The idle ones are tested before
    /// they are used again.
    pub(super) fn close(self) {
        self.home.doubt();
    }

    /// Gives it up after an error outside a transaction. It and the idle ones are tested before they
    /// are used again.
    pub(super) fn failed(mut self) {
        if let Some(connection) = self.connection.take() {
            give_back(connection, self.home.patience);
        }
        self.home.doubt();
    }
}

impl Deref for Held {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        // `end`, `failed` and `drop` take the connection, and consume this value.
        self.connection.as_ref().expect("a connection that is still held")
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.connection.as_mut().expect("a connection that is still held")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn one() -> Connections {
        sqlx::any::install_default_drivers();
        let pool = sqlx::any::AnyPoolOptions::new().max_connections(1);
        Connections::new(pool.connect_lazy("sqlite::memory:").unwrap(), 1, Duration::from_secs(5))
    }

    #[tokio::test]
    async fn a_connection_is_used_again_unless_it_was_given_up() {
        let connections = one().await;
        connections.acquire().await.unwrap().end();
        assert_eq!(connections.idle().len(), 1);
        let held = connections.acquire().await.unwrap();
        assert_eq!(connections.idle().len(), 0, "the idle one was taken");
        // Dropped in the middle of a query, it is closed, and another one can be opened.
        drop(held);
        assert_eq!((connections.idle().len(), connections.pool.size()), (0, 0));
        connections.acquire().await.unwrap().failed();
        assert_eq!(connections.idle().len(), 0);
        connections.acquire().await.unwrap().end();
    }

    #[tokio::test]
    async fn one_that_ends_while_they_close_is_not_kept() {
        let connections = one().await;
        let held = connections.acquire().await.unwrap();
        // What `close` does first.
        connections.permits.close();
        held.end();
        assert_eq!(connections.idle().len(), 0);
        timeout(Duration::from_secs(5), connections.close()).await.unwrap();
        assert!(matches!(connections.acquire().await, Err(Error::PoolClosed)));
    }
}
