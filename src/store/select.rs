//! Queries for many values at once.

use super::StoreError;
use crate::model::Namespace;
use sqlx::{AnyConnection, AssertSqlSafe, any::AnyRow};

/// Runs `select` for the given values, in statements of few sizes, so that few are prepared.
pub(super) async fn select_in(
    connection: &mut AnyConnection,
    select: &str,
    namespace: &Namespace,
    values: &[String],
) -> Result<Vec<AnyRow>, StoreError> {
    let mut rows = Vec::new();
    for chunk in values.chunks(64) {
        let places = [1, 4, 16, 64].into_iter().find(|size| *size >= chunk.len()).unwrap_or(64);
        let list: Vec<String> = (2..places + 2).map(|i| format!("${i}")).collect();
        let sql = format!("{select}({})", list.join(","));
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(namespace.as_str());
        // The last value fills the remaining placeholders: a repeated value changes nothing.
        for i in 0..places {
            query = query.bind(chunk[i.min(chunk.len() - 1)].clone());
        }
        rows.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(rows)
}
