//! The transactions that write. A transaction is durable when its commit returns `Ok`, and a
//! connection that failed is never used again.

use super::{Engine, Store, StoreError, connections::Held, place::Place};
use sqlx::{Any, AnyConnection, Executor as _, any::AnyArguments, query::Query};
use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, OnceLock},
};

const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";
const BEGIN_POSTGRES: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE";

impl Engine {
    /// The statement that begins every transaction which writes. It fails inside a transaction that
    /// has already begun. On PostgreSQL, `NOT DEFERRABLE` at the end causes this: a repeated
    /// `BEGIN` only gives a warning, but the deferrable mode cannot be set after the first query.
    pub const fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => BEGIN_SQLITE,
            Self::Postgres => BEGIN_POSTGRES,
        }
    }
}

/// A transaction on the connection that writes.
///
/// If it is dropped before it is committed, it closes its connection, which undoes it on both
/// engines. A rollback would not be reliable: after a failed write SQLite has already rolled back,
/// the driver's own rollback fails, and from then on the driver treats every transaction as a
/// nested one and commits nothing.
pub(super) struct Writing {
    held: Held,
    place: Arc<OnceLock<Place>>,
}

impl Writing {
    pub(super) async fn begin(store: &Store) -> Result<Self, StoreError> {
        store.in_place()?;
        let mut held = store.writer.acquire().await?;
        if let Err(error) = (*held).execute(store.engine.begin()).await {
            held.close();
            if store.engine == Engine::Sqlite {
                return Err(error.into());
            }
            // The server closed it. Nothing was written yet, so another one may.
            held = store.writer.acquire().await?;
            (*held).execute(store.engine.begin()).await?;
        }
        Ok(Self { held, place: store.place.clone() })
    }

    /// Makes the transaction durable. After an error, it may or may not be durable: check on
    /// another connection.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.execute("COMMIT").await?;
        // Only now can the next transaction use this connection.
        self.held.end();
        // A write to a file that was moved in the meantime is lost when this process ends.
        self.place.get().map_or(Ok(()), Place::check)
    }
}

impl Deref for Writing {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.held
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.held
    }
}

impl Store {
    pub(super) async fn begin(&self) -> Result<Writing, StoreError> {
        Writing::begin(self).await
    }

    /// Runs one statement. Returns how many rows it changed, once the change is durable.
    pub(super) async fn execute(
        &self,
        statement: Query<'_, Any, AnyArguments>,
    ) -> Result<u64, StoreError> {
        self.execute_all([statement]).await
    }

    /// Runs statements in one transaction. Returns how many rows they changed, once the change is
    /// durable.
    pub(super) async fn execute_all<'q>(
        &self,
        statements: impl IntoIterator<Item = Query<'q, Any, AnyArguments>>,
    ) -> Result<u64, StoreError> {
        self.in_time(async {
            let (mut writing, mut changed) = (self.begin().await?, 0);
            for statement in statements {
                changed += statement.execute(&mut *writing).await?.rows_affected();
            }
            writing.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Writes to the database as a batch would, with `filler` additional bytes, and reads the
    /// result back on another connection.
    ///
    /// # Errors
    /// When the database does not accept the write, or not that many bytes.
    pub async fn probe(&self, filler: usize) -> Result<(), StoreError> {
        let written = self.mark(&noise(filler)).await?;
        let row =
            sqlx::query("SELECT writes FROM probes WHERE id = 1").fetch_one(&self.reader).await?;
        let found: i64 = sqlx::Row::try_get(&row, 0)?;
        if found < written {
            return Err(StoreError::NotDurable("a write that was committed is not there".into()));
        }
        if filler > 0 {
            self.mark(&[]).await?;
        }
        Ok(())
    }

    async fn mark(&self, filler: &[u8]) -> Result<i64, StoreError> {
        let sql = "INSERT INTO probes (id, writes, filler) VALUES (1, 1, $1) \
                   ON CONFLICT (id) DO UPDATE SET writes = probes.writes + 1, filler = $2 RETURNING writes";
        let mut writing = self.begin().await?;
        let row = sqlx::query(sql)
            .bind(filler.to_vec())
            .bind(filler.to_vec())
            .fetch_one(&mut *writing)
            .await?;
        writing.commit().await?;
        Ok(sqlx::Row::try_get(&row, 0)?)
    }
}

/// Bytes that do not compress, so that they need as much space as their length says.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}
