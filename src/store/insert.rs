//! Bulk inserts: many rows in one statement, so that a batch of decisions needs one round trip for
//! each table.

use super::StoreError;
use sqlx::{Any, AnyConnection, AssertSqlSafe, any::AnyArguments, query::Query};

/// How many rows one statement inserts. There are few sizes, so that few statements are prepared.
const SIZES: [usize; 4] = [64, 16, 4, 1];
/// The driver's name for SQLite.
const SQLITE: &str = "SQLite";

/// A table and its columns, in the order that rows bind them.
pub(super) struct Insert {
    pub(super) table: &'static str,
    pub(super) columns: &'static [&'static str],
    /// What to do with a row that exists already, such as `ON CONFLICT DO NOTHING`.
    pub(super) tail: &'static str,
}

pub(super) type Bound = Query<'static, Any, AnyArguments>;

impl Insert {
    fn sql(&self, rows: usize, numbered: bool) -> String {
        let width = self.columns.len();
        let row = |r: usize| {
            let place =
                |c: usize| if numbered { format!("${}", r * width + c) } else { "?".to_owned() };
            let places: Vec<String> = (1..=width).map(place).collect();
            format!("({})", places.join(","))
        };
        let rows: Vec<String> = (0..rows).map(row).collect();
        format!(
            "INSERT INTO {} ({}) VALUES {} {}",
            self.table,
            self.columns.join(","),
            rows.join(","),
            self.tail
        )
    }

    /// Inserts `rows`, each bound by `bind`. Returns how many were inserted.
    pub(super) async fn run<T>(
        &self,
        connection: &mut AnyConnection,
        rows: &[T],
        bind: impl Fn(Bound, &T) -> Bound,
    ) -> Result<u64, StoreError> {
        // SQLite finds a numbered placeholder by a scan of all of them, a thousand in a full batch;
        // it counts plain ones.
        let numbered = connection.backend_name() != SQLITE;
        let mut rest = rows;
        let mut inserted = 0;
        while let Some(size) = SIZES.iter().find(|s| **s <= rest.len()) {
            let (now, later) = rest.split_at(*size);
            let query = sqlx::query(AssertSqlSafe(self.sql(*size, numbered)));
            inserted +=
                now.iter().fold(query, &bind).execute(&mut *connection).await?.rows_affected();
            rest = later;
        }
        Ok(inserted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_every_place() {
        let insert = Insert { table: "t", columns: &["a", "b"], tail: "ON CONFLICT DO NOTHING" };
        assert_eq!(
            insert.sql(2, true),
            "INSERT INTO t (a,b) VALUES ($1,$2),($3,$4) ON CONFLICT DO NOTHING"
        );
        assert_eq!(insert.sql(1, false), "INSERT INTO t (a,b) VALUES (?,?) ON CONFLICT DO NOTHING");
    }
}
