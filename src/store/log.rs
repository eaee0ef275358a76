//! Reads the log: heads, leaves and the hashes of its tiles.

use super::{Store, StoreError};
use crate::{
    ledger::{
        Tiles,
        merkle::{self},
        tile,
    },
    model::{Namespace, Timestamp},
};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _, any::AnyRow};

/// The signed head of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHead {
    /// The namespace of the log.
    pub namespace: Namespace,
    /// How many leaves it has.
    pub size: u64,
    /// The right edge of its tree, serialised.
    pub edge: Vec<u8>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its index.
    pub index: u64,
    /// Its kind, such as `release-requested`.
    pub kind: String,
    /// The id or digest of the thing that it is about.
    pub subject: String,
    /// When it was added.
    pub at: Timestamp,
    /// The bytes that the leaf hash covers.
    pub body: Vec<u8>,
    /// The document of the fact, if no other row stores it.
    pub fact: Option<Vec<u8>>,
}

const HEAD: &str =
    "SELECT namespace, size, edge, checkpoint FROM logs WHERE namespace = $1 AND size > 0";

impl Store {
    /// The head of a namespace's log, if it has a log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_head(&self, namespace: &Namespace) -> Result<Option<LogHead>, StoreError> {
        let row = sqlx::query(HEAD).bind(namespace.as_str()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read_head).transpose()
    }

    /// The time of the newest leaf of a log, in microseconds; 0 if it has no leaf.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_of(&self, namespace: &Namespace) -> Result<i64, StoreError> {
        let sql = "SELECT COALESCE(MAX(at_us), 0) FROM logs WHERE namespace = $1";
        Ok(sqlx::query(sql).bind(namespace.as_str()).fetch_one(&self.reader).await?.try_get(0)?)
    }

    /// The time of the newest leaf of all logs, in microseconds; 0 if no log has a leaf.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_at(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query("SELECT COALESCE(MAX(at_us), 0) FROM logs")
            .fetch_one(&self.reader)
            .await?
            .try_get(0)?)
    }

    /// Every log's head.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_heads(&self) -> Result<Vec<LogHead>, StoreError> {
        let mut reading = self.reader.acquire().await?;
        let heads = self.in_time(log_heads(&mut reading)).await?;
        reading.end();
        Ok(heads)
    }

    /// `count` leaves from index `first` on, in order; fewer at the end of the log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries(
        &self,
        namespace: &Namespace,
        first: u64,
        count: u64,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let mut reading = self.reader.acquire().await?;
        let found = self.in_time(entries(&mut reading, namespace, first, count)).await?;
        reading.end();
        Ok(found)
    }

    /// The index of the first leaf at or after `moment` in a log of `size` leaves; `size` if there
    /// is no such leaf. Times never decrease along a log, so a binary search reads few of them.
    ///
    /// # Errors
    /// When the database fails or a leaf is missing.
    pub async fn first_at(
        &self,
        namespace: &Namespace,
        size: u64,
        moment: Timestamp,
    ) -> Result<u64, StoreError> {
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low + (high - low) / 2;
            let sql = "SELECT at_us FROM entries WHERE namespace = $1 AND idx = $2";
            let row = sqlx::query(sql)
                .bind(namespace.as_str())
                .bind(middle.cast_signed())
                .fetch_optional(&self.reader)
                .await?
                .ok_or_else(|| StoreError::log(namespace, format!("entry {middle} is missing")))?;
            if row.try_get::<i64, _>(0)? < moment.micros() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The hashes `first .. first + count` of a tile level: leaf hashes at level 0, hashes of full
    /// tiles above.
    ///
    /// # Errors
    /// When the database fails or one of the hashes is missing.
    pub async fn tile_hashes(
        &self,
        namespace: &Namespace,
        level: u8,
        first: u64,
        count: u64,
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut reading = self.reader.acquire().await?;
        let hashes =
            self.in_time(tile_hashes(&mut reading, namespace, level, first, count)).await?;
        reading.end();
        Ok(hashes)
    }
}

pub(super) async fn log_head(
    connection: &mut AnyConnection,
    namespace: &Namespace,
) -> Result<Option<LogHead>, StoreError> {
    let row = sqlx::query(HEAD).bind(namespace.as_str()).fetch_optional(connection).await?;
    row.as_ref().map(read_head).transpose()
}

pub(super) async fn log_heads(connection: &mut AnyConnection) -> Result<Vec<LogHead>, StoreError> {
    let sql =
        "SELECT namespace, size, edge, checkpoint FROM logs WHERE size > 0 ORDER BY namespace";
    sqlx::query(sql).fetch_all(connection).await?.iter().map(read_head).collect()
}

pub(super) async fn entries_at(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    indexes: &[u64],
) -> Result<Vec<StoredEntry>, StoreError> {
    let mut found = Vec::with_capacity(indexes.len());
    for some in indexes.chunks(256) {
        // Numbers are written into the statement: they need no quotes, and differ each time.
        let list: Vec<String> = some.iter().map(u64::to_string).collect();
        let sql = format!(
            "SELECT idx, kind, subject, at_us, body, fact FROM entries WHERE namespace = $1 AND idx IN ({})",
            list.join(",")
        );
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(namespace.as_str());
        for row in query.fetch_all(&mut *connection).await? {
            found.push(read_entry(&row)?);
        }
    }
    Ok(found)
}

pub(super) async fn entries(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    first: u64,
    count: u64,
) -> Result<Vec<StoredEntry>, StoreError> {
    let sql = "SELECT idx, kind, subject, at_us, body, fact FROM entries \
               WHERE namespace = $1 AND idx >= $2 AND idx < $3 ORDER BY idx";
    let rows = sqlx::query(sql)
        .bind(namespace.as_str())
        .bind(first.cast_signed())
        .bind(first.saturating_add(count).cast_signed())
        .fetch_all(connection)
        .await?;
    rows.iter().map(read_entry).collect()
}

pub(super) async fn entry_count(
    connection: &mut AnyConnection,
    namespace: &Namespace,
) -> Result<(u64, Option<u64>), StoreError> {
    let sql = "SELECT COUNT(*), MAX(idx) FROM entries WHERE namespace = $1";
    let row = sqlx::query(sql).bind(namespace.as_str()).fetch_one(connection).await?;
    let greatest: Option<i64> = row.try_get(1)?;
    Ok((row.try_get::<i64, _>(0)?.cast_unsigned(), greatest.map(i64::cast_unsigned)))
}

/// The root of the first `prefix` leaves of a log of `size` leaves.
pub(super) async fn root_at(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    prefix: u64,
    size: u64,
) -> Result<[u8; 32], StoreError> {
    let mut tiles = Tiles::default();
    for id in tile::holding(&merkle::root_nodes(prefix), size) {
        let first = id.index * u64::from(tile::WIDTH);
        let hashes =
            tile_hashes(connection, namespace, id.level, first, u64::from(id.width)).await?;
        tiles.insert(id.level, id.index, hashes);
    }
    merkle::root_of(prefix, &tiles).map_err(|e| StoreError::log(namespace, e))
}

pub(super) async fn tile_hashes(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    level: u8,
    first: u64,
    count: u64,
) -> Result<Vec<[u8; 32]>, StoreError> {
    let leaves = "SELECT leaf_hash FROM entries WHERE namespace = $1 AND idx >= $2 AND idx < $3 AND $4 = 0 ORDER BY idx";
    let tiles = "SELECT hash FROM tile_hashes WHERE namespace = $1 AND idx >= $2 AND idx < $3 AND level = $4 ORDER BY idx";
    let rows = sqlx::query(if level == 0 { leaves } else { tiles })
        .bind(namespace.as_str().to_owned())
        .bind(first.cast_signed())
        .bind(first.saturating_add(count).cast_signed())
        .bind(i64::from(level))
        .fetch_all(connection)
        .await?;
    if rows.len() as u64 != count {
        let why =
            format!("level {level} has {} of the {count} hashes from index {first} on", rows.len());
        return Err(StoreError::log(namespace, why));
    }
    let hash = |row: &AnyRow| {
        let bytes: Vec<u8> = row.try_get(0)?;
        bytes.try_into().map_err(|_| StoreError::log(namespace, "a hash is not 32 bytes long"))
    };
    rows.iter().map(hash).collect()
}

fn read_head(row: &AnyRow) -> Result<LogHead, StoreError> {
    Ok(LogHead {
        namespace: row.try_get::<String, _>(0)?.parse().map_err(StoreError::inconsistent)?,
        size: row.try_get::<i64, _>(1)?.cast_unsigned(),
        edge: row.try_get(2)?,
        checkpoint: row.try_get(3)?,
    })
}

fn read_entry(row: &AnyRow) -> Result<StoredEntry, StoreError> {
    Ok(StoredEntry {
        index: row.try_get::<i64, _>(0)?.cast_unsigned(),
        kind: row.try_get(1)?,
        subject: row.try_get(2)?,
        at: Timestamp::from_micros(row.try_get(3)?),
        body: row.try_get(4)?,
        fact: row.try_get(5)?,
    })
}
