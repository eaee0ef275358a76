//! Reads a period for an audit report: the database counts it first, then it is read line by line
//! in pages.
//!
//! No transaction is open while the report is read. All of it is covered by a head that was signed
//! before, and rows under a head never change, so every page sees the same data, however long the
//! client takes.

use super::{
    Store, StoreError,
    record::{StoredRecord, record_columns},
};
use crate::{
    ledger::record::documents,
    model::{Approval, Decision, Digest, Namespace, Timestamp},
};
use sqlx::{Row as _, any::AnyRow};

/// The most rows of one page.
const PAGE: i64 = 256;
/// The most bytes of records in one page, unless its first record alone is larger.
const PAGE_BYTES: i64 = 2 << 20;

/// A table whose rows belong to entries of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Decisions, by the log index of their records.
    Decisions,
    /// Approvals and rejections.
    Votes,
    /// Requests for releases.
    Releases,
}

/// The rows of a table in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// The number of rows for each value of the sorting column, and how many of them have their
    /// entry in the log.
    pub by_word: Vec<(String, u64, u64)>,
    /// The number of distinct entries that its rows name.
    pub named: u64,
    /// The number of entries of that kind.
    pub entries: u64,
}

/// A row of a period, as stored.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// When it was added to the log; `None` if the log does not contain it.
    pub at: Option<Timestamp>,
    /// The index of its entry in the log.
    pub index: u64,
    /// The row.
    pub row: T,
    /// The index of the entry that requested its release, if that release exists.
    pub asked_at: Option<u64>,
}

/// The bytes of a decision. Parsing them takes long, so it is done on a blocking thread.
#[derive(Debug, Clone)]
pub struct RawDecision {
    id: String,
    release: String,
    seq: i64,
    record: StoredRecord,
}

/// The bytes of a vote.
#[derive(Debug, Clone)]
pub struct RawVote(String);

impl RawVote {
    /// The vote.
    ///
    /// # Errors
    /// When the bytes are not a vote.
    pub fn read(&self) -> Result<Approval, StoreError> {
        documents::approval(self.0.as_bytes()).map_err(StoreError::inconsistent)
    }
}

impl RawDecision {
    /// Its id, as its row states it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The digest of its signed record.
    pub fn record_digest(&self) -> Digest {
        self.record.digest()
    }
}

impl Listed<RawDecision> {
    /// The decision in the signed bytes.
    ///
    /// # Errors
    /// When they are not its record.
    pub fn decision(&self) -> Result<Decision, StoreError> {
        self.row.record.decision(&super::DecisionRow {
            id: self.row.id.parse().map_err(StoreError::inconsistent)?,
            release: self.row.release.parse().map_err(StoreError::inconsistent)?,
            seq: self.row.seq.cast_unsigned(),
            record_index: self.index,
            vsa_index: None,
        })
    }
}

/// A statement on one of the three tables: its name, its column of entries, its sorting column, and
/// the kind of its entries.
macro_rules! on_table {
    ($population:expr, $make:ident) => {
        match $population {
            Population::Decisions => {
                $make!("decisions", "record_idx", "verdict", "'decision-record'")
            }
            Population::Votes => $make!("approvals", "entry_idx", "vote", "'approval-given'"),
            Population::Releases => {
                $make!("releases", "entry_idx", "environment", "'release-requested'")
            }
        }
    };
}

macro_rules! by_word {
    ($table:literal, $idx:literal, $word:literal, $kind:literal) => {
        concat!(
            "SELECT t.",
            $word,
            ", COUNT(*), COUNT(e.idx) FROM ",
            $table,
            " t LEFT JOIN entries e ON e.namespace = ",
            "t.namespace AND e.idx = t.",
            $idx,
            " AND e.kind = ",
            $kind,
            " WHERE t.namespace = $1 AND t.",
            $idx,
            " >= $2 AND t.",
            $idx,
            " < $3 GROUP BY t.",
            $word
        )
    };
}

macro_rules! named {
    ($table:literal, $idx:literal, $word:literal, $kind:literal) => {
        concat!(
            "SELECT COUNT(DISTINCT ",
            $idx,
            ") FROM ",
            $table,
            " WHERE namespace = $1 AND ",
            $idx,
            " >= $2 AND ",
            $idx,
            " < $3"
        )
    };
}

macro_rules! unlisted {
    ($table:literal, $idx:literal, $word:literal, $kind:literal) => {
        concat!(
            "SELECT e.idx FROM entries e WHERE e.namespace = $1 AND e.idx >= $2 AND e.idx < $3 AND e.kind = ",
            $kind,
            " AND NOT EXISTS (SELECT 1 FROM ",
            $table,
            " t WHERE t.namespace = e.namespace AND t.",
            $idx,
            " = e.idx) ORDER BY e.idx LIMIT $4"
        )
    };
}

macro_rules! unlogged {
    ($table:literal, $idx:literal, $word:literal, $kind:literal) => {
        concat!(
            "SELECT t.id, t.",
            $idx,
            " FROM ",
            $table,
            " t WHERE t.namespace = $1 AND t.",
            $idx,
            " >= $2 AND t.",
            $idx,
            " < $3 AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.namespace = t.namespace AND e.idx = t.",
            $idx,
            " AND e.kind = ",
            $kind,
            ") ORDER BY t.",
            $idx,
            " LIMIT $4"
        )
    };
}

macro_rules! twice {
    ($table:literal, $idx:literal, $word:literal, $kind:literal) => {
        concat!(
            "SELECT ",
            $idx,
            " FROM ",
            $table,
            " WHERE namespace = $1 AND ",
            $idx,
            " >= $2 AND ",
            $idx,
            " < $3 GROUP BY ",
            $idx,
            " HAVING COUNT(*) > 1 ORDER BY ",
            $idx,
            " LIMIT $4"
        )
    };
}

/// A query for the time of the entry, its index, the request for the release, and the given
/// columns.
macro_rules! asked {
    ($columns:expr, $table:literal, $idx:literal) => {
        concat!(
            "SELECT e.at_us, t.",
            $idx,
            ", r.entry_idx, ",
            $columns,
            " FROM ",
            $table,
            " t LEFT JOIN entries e ON e.namespace = t.namespace AND e.idx = t.",
            $idx,
            " LEFT JOIN releases r ON r.id = t.release_id AND r.namespace = t.namespace WHERE t.namespace = $1 AND t.",
            $idx,
            " >= $2 AND t.",
            $idx,
            " < $3 ORDER BY t.",
            $idx
        )
    };
}

impl Store {
    /// The number of leaves in `first .. end`, by kind.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kinds_in(
        &self,
        ns: &Namespace,
        first: u64,
        end: u64,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT kind, COUNT(*) FROM entries WHERE namespace = $1 AND idx >= $2 AND idx < $3 GROUP BY kind";
        let rows = self.range(sql, ns, first, end).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, number(row, 1)?))).collect()
    }

    /// The rows of a table for the leaves `first .. end`. The number of entries of its kind is not
    /// read again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn held_in(
        &self,
        population: Population,
        ns: &Namespace,
        first: u64,
        end: u64,
    ) -> Result<Held, StoreError> {
        let rows = self.range(on_table!(population, by_word), ns, first, end).await?;
        let by_word =
            rows.iter().map(|row| Ok((row.try_get(0)?, number(row, 1)?, number(row, 2)?)));
        let by_word = by_word.collect::<Result<_, StoreError>>()?;
        let rows = self.range(on_table!(population, named), ns, first, end).await?;
        let named = rows.first().map(|row| number(row, 0)).transpose()?.unwrap_or(0);
        Ok(Held { by_word, named, entries: 0 })
    }

    /// Entries that no row names, rows whose entry does not exist, and entries that two rows name:
    /// at most `some` of each.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn odd_in(
        &self,
        population: Population,
        ns: &Namespace,
        first: u64,
        end: u64,
        some: u32,
    ) -> Result<(Vec<u64>, Vec<(String, u64)>, Vec<u64>), StoreError> {
        let unlisted = self.some(on_table!(population, unlisted), ns, first, end, some).await?;
        let unlogged = self.some(on_table!(population, unlogged), ns, first, end, some).await?;
        let twice = self.some(on_table!(population, twice), ns, first, end, some).await?;
        let unlogged: Result<_, StoreError> =
            unlogged.iter().map(|row| Ok((row.try_get(0)?, number(row, 1)?))).collect();
        let numbers =
            |rows: &[AnyRow]| rows.iter().map(|row| number(row, 0)).collect::<Result<Vec<_>, _>>();
        Ok((numbers(&unlisted)?, unlogged?, numbers(&twice)?))
    }

    /// The ranges of `first .. end` without leaves, as first and last index: at most `some` of
    /// them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn absent_in(
        &self,
        ns: &Namespace,
        first: u64,
        end: u64,
        some: u32,
    ) -> Result<Vec<(u64, u64)>, StoreError> {
        let sql = "SELECT w.before, w.idx FROM (SELECT idx, LAG(idx) OVER (ORDER BY idx) AS before FROM entries \
                   WHERE namespace = $1 AND idx >= $2 AND idx < $3) w WHERE w.idx - w.before > 1 ORDER BY w.idx LIMIT $4";
        let mut absent = Vec::new();
        for row in self.some(sql, ns, first, end, some).await? {
            absent.push((number(&row, 0)? + 1, number(&row, 1)? - 1));
        }
        let edges = "SELECT COALESCE(MIN(idx), $3), COALESCE(MAX(idx), $2 - 1) FROM entries \
                     WHERE namespace = $1 AND idx >= $2 AND idx < $3";
        let rows = self.range(edges, ns, first, end).await?;
        let Some(row) = rows.first() else { return Ok(absent) };
        let (least, greatest): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        if least.cast_unsigned() > first {
            absent.insert(0, (first, least.cast_unsigned() - 1));
        }
        let after = (greatest + 1).cast_unsigned();
        if after < end && least.cast_unsigned() < end {
            absent.push((after, end - 1));
        }
        Ok(absent)
    }

    /// The next decisions whose records are leaves in `first .. end`, in the order of the log;
    /// empty after the last one.
    ///
    /// # Errors
    /// When the database fails or a row is impossible.
    pub async fn decisions_page(
        &self,
        ns: &Namespace,
        first: u64,
        end: u64,
    ) -> Result<Vec<Listed<RawDecision>>, StoreError> {
        let sizes = "SELECT record_idx, CAST(LENGTH(record) + COALESCE(LENGTH(details), 0) AS BIGINT), \
                     (SELECT CAST(LENGTH(i.document) AS BIGINT) FROM inputs i WHERE i.namespace = decisions.namespace \
                     AND i.digest = decisions.inputs_digest) FROM decisions WHERE namespace = $1 \
                     AND record_idx >= $2 AND record_idx < $3 ORDER BY record_idx LIMIT $4";
        let (mut last, mut bytes) = (None, 0);
        for row in self.some(sizes, ns, first, end, u32::try_from(PAGE).unwrap_or(1)).await? {
            bytes += row.try_get::<i64, _>(1)? + row.try_get::<Option<i64>, _>(2)?.unwrap_or(0);
            if last.is_some() && bytes > PAGE_BYTES {
                break;
            }
            last = Some(number(&row, 0)?);
        }
        let Some(last) = last else { return Ok(Vec::new()) };
        let sql = asked!(
            concat!("t.id, t.release_id, t.seq, ", record_columns!("t")),
            "decisions",
            "record_idx"
        );
        let rows = self.range(sql, ns, first, last + 1).await?;
        let raw = |row: &AnyRow| {
            Ok(RawDecision {
                id: row.try_get(3)?,
                release: row.try_get(4)?,
                seq: row.try_get(5)?,
                record: StoredRecord::from_row(row)?,
            })
        };
        rows.into_iter().map(|row| listed(&row, raw)).collect()
    }

    /// The next approvals and rejections whose leaves are in `first .. end`, in the order of the
    /// log.
    ///
    /// # Errors
    /// As [`Store::decisions_page`].
    pub async fn votes_page(
        &self,
        ns: &Namespace,
        first: u64,
        end: u64,
    ) -> Result<Vec<Listed<RawVote>>, StoreError> {
        let bounds = "SELECT entry_idx FROM approvals WHERE namespace = $1 AND entry_idx >= $2 AND entry_idx < $3 \
                      ORDER BY entry_idx LIMIT $4";
        let rows = self.some(bounds, ns, first, end, u32::try_from(PAGE).unwrap_or(1)).await?;
        let Some(last) = rows.last().map(|row| number(row, 0)).transpose()? else {
            return Ok(Vec::new());
        };
        let rows =
            self.range(asked!("t.document", "approvals", "entry_idx"), ns, first, last + 1).await?;
        let read = |row: &AnyRow| Ok(RawVote(row.try_get::<String, _>(3)?));
        rows.into_iter().map(|row| listed(&row, read)).collect()
    }

    /// The next publications of policies and changes of users in `first .. end`, in the order of the
    /// log, as the indexes of their entries.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changes_page(
        &self,
        ns: &Namespace,
        first: u64,
        end: u64,
    ) -> Result<Vec<u64>, StoreError> {
        let sql = "SELECT idx FROM entries WHERE namespace = $1 AND idx >= $2 AND idx < $3 \
                   AND kind IN ('policy-published', 'user-changed') ORDER BY idx LIMIT $4";
        let rows = self.some(sql, ns, first, end, u32::try_from(PAGE).unwrap_or(1)).await?;
        rows.iter().map(|row| number(row, 0)).collect()
    }

    async fn range(
        &self,
        sql: &'static str,
        ns: &Namespace,
        first: u64,
        end: u64,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let query =
            sqlx::query(sql).bind(ns.as_str()).bind(first.cast_signed()).bind(end.cast_signed());
        Ok(query.fetch_all(&self.reader).await?)
    }

    async fn some(
        &self,
        sql: &'static str,
        ns: &Namespace,
        first: u64,
        end: u64,
        some: u32,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let query =
            sqlx::query(sql).bind(ns.as_str()).bind(first.cast_signed()).bind(end.cast_signed());
        Ok(query.bind(i64::from(some)).fetch_all(&self.reader).await?)
    }
}

fn number(row: &AnyRow, column: usize) -> Result<u64, StoreError> {
    Ok(row.try_get::<i64, _>(column)?.cast_unsigned())
}

fn listed<T>(
    row: &AnyRow,
    read: impl Fn(&AnyRow) -> Result<T, StoreError>,
) -> Result<Listed<T>, StoreError> {
    let at: Option<i64> = row.try_get(0)?;
    Ok(Listed {
        at: at.map(Timestamp::from_micros),
        index: number(row, 1)?,
        row: read(row)?,
        asked_at: row.try_get::<Option<i64>, _>(2)?.map(i64::cast_unsigned),
    })
}
