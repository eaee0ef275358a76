//! Reads rows together with the leaves under which they were logged, so that each row can be proved
//! from its leaf.

use super::{Snapshot, StoreError};
use crate::model::Namespace;
use sqlx::{AssertSqlSafe, Row as _, any::AnyRow};

/// A table whose rows have bytes that a leaf covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// The table.
    pub name: &'static str,
    /// The column with the index of the leaf.
    index: &'static str,
    /// The column with the bytes, and whether it is text.
    bytes: (&'static str, bool),
    /// The column with the row's claim about its bytes, a digest or a signature, and whether it is
    /// text.
    claim: (&'static str, bool),
    /// What the leaf contains.
    pub leaf: Leaf,
}

/// How a leaf proves a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// It contains the digest of the row's bytes.
    Digest,
    /// It contains the digest of a document that names the digest of the row's bytes.
    Named,
    /// It contains the digest of the row's bytes and the signature over them.
    Signature,
}

/// Every table whose rows are proved by their leaves.
pub const TABLES: [Table; 7] = [
    table("evidence", "entry_idx", ("bytes", false), ("digest", true), Leaf::Digest),
    table("policies", "entry_idx", ("source", true), ("digest", true), Leaf::Digest),
    table("approvals", "entry_idx", ("document", true), ("id", true), Leaf::Digest),
    table("mappings", "entry_idx", ("source", true), ("digest", true), Leaf::Named),
    table("releases", "entry_idx", ("inputs", true), ("inputs_digest", true), Leaf::Named),
    table(
        "decisions",
        "record_idx",
        ("record", false),
        ("record_signature", false),
        Leaf::Signature,
    ),
    table("decisions", "vsa_idx", ("vsa", false), ("vsa_signature", false), Leaf::Signature),
];

const fn table(
    name: &'static str,
    index: &'static str,
    bytes: (&'static str, bool),
    claim: (&'static str, bool),
    leaf: Leaf,
) -> Table {
    Table { name, index, bytes, claim, leaf }
}

/// A row and its leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRow {
    /// The index of the leaf.
    pub index: u64,
    /// The bytes of the leaf; `None` if the leaf does not exist.
    pub leaf: Option<Vec<u8>>,
    /// The document of the fact, if the entry stores it.
    pub fact: Option<Vec<u8>>,
    /// The row's bytes.
    pub bytes: Vec<u8>,
    /// The row's claim about its bytes.
    pub claim: Vec<u8>,
}

/// The most rows, and the most bytes of rows, that are read at once: a row may have several
/// megabytes. At least one row is always read.
const PAGE: i64 = 256;
const PAGE_BYTES: i64 = 2 << 20;

impl Snapshot {
    /// The next rows of a table whose leaves come after `after`, in order; empty after the last
    /// one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn logged_rows(
        &mut self,
        table: &Table,
        namespace: &Namespace,
        after: i64,
    ) -> Result<Vec<LoggedRow>, StoreError> {
        let (name, index, bytes, claim) = (table.name, table.index, table.bytes.0, table.claim.0);
        let Some(last) = self.last_of_page(table, namespace, after).await? else {
            return Ok(Vec::new());
        };
        let sql = format!(
            "SELECT t.{index}, e.body, e.fact, t.{bytes}, t.{claim} FROM {name} t \
             LEFT JOIN entries e ON e.namespace = t.namespace AND e.idx = t.{index} \
             WHERE t.namespace = $1 AND t.{index} > $2 AND t.{index} <= $3 ORDER BY t.{index}"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(namespace.as_str()).bind(after).bind(last);
        let rows = query.fetch_all(self.connection()).await?;
        rows.iter().map(|row| read(row, table)).collect()
    }

    /// The log index of the last row of a page.
    async fn last_of_page(
        &mut self,
        table: &Table,
        namespace: &Namespace,
        after: i64,
    ) -> Result<Option<i64>, StoreError> {
        let (name, index, bytes) = (table.name, table.index, table.bytes.0);
        let sql = format!(
            "SELECT {index}, CAST(LENGTH({bytes}) AS BIGINT) FROM {name} WHERE namespace = $1 AND {index} > $2 \
             ORDER BY {index} LIMIT $3"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(namespace.as_str()).bind(after).bind(PAGE);
        let (mut last, mut sum) = (None, 0);
        for row in query.fetch_all(self.connection()).await? {
            sum += row.try_get::<i64, _>(1)?;
            if last.is_some() && sum > PAGE_BYTES {
                break;
            }
            last = Some(row.try_get(0)?);
        }
        Ok(last)
    }
}

fn read(row: &AnyRow, table: &Table) -> Result<LoggedRow, StoreError> {
    let bytes = |at: usize, text: bool| -> Result<Vec<u8>, sqlx::Error> {
        if text { Ok(row.try_get::<String, _>(at)?.into_bytes()) } else { row.try_get(at) }
    };
    Ok(LoggedRow {
        index: row.try_get::<i64, _>(0)?.cast_unsigned(),
        leaf: row.try_get(1)?,
        fact: row.try_get(2)?,
        bytes: bytes(3, table.bytes.1)?,
        claim: bytes(4, table.claim.1)?,
    })
}
