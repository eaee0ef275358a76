//! What was already processed: idempotency keys, and the ids of webhook deliveries.

use super::{Store, StoreError, change::Delivery, insert::Insert};
use crate::model::{Digest, Namespace, Timestamp};
use sqlx::{AnyConnection, Row as _};

const DELIVERIES: Insert = Insert {
    table: "deliveries",
    columns: &["namespace", "source", "delivery_key", "request_digest", "subject", "at_us"],
    tail: "",
};

pub(super) async fn insert(
    connection: &mut AnyConnection,
    ns: &str,
    deliveries: &[(&Delivery, Timestamp)],
) -> Result<(), StoreError> {
    DELIVERIES
        .run(connection, deliveries, |query, (delivery, at)| {
            query
                .bind(ns.to_owned())
                .bind(delivery.source.clone())
                .bind(delivery.key.clone())
                .bind(delivery.request.to_string())
                .bind(delivery.subject.clone())
                .bind(at.micros())
        })
        .await?;
    Ok(())
}

impl Store {
    /// The digest of the request with which a delivery was first processed, and what that request
    /// made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delivery(
        &self,
        namespace: &Namespace,
        source: &str,
        key: &str,
    ) -> Result<Option<(Digest, String)>, StoreError> {
        let sql = "SELECT request_digest, subject FROM deliveries \
                   WHERE namespace = $1 AND source = $2 AND delivery_key = $3";
        let query =
            sqlx::query(sql).bind(namespace.as_str()).bind(source.to_owned()).bind(key.to_owned());
        let Some(row) = query.fetch_optional(&self.reader).await? else { return Ok(None) };
        let request: String = row.try_get(0)?;
        Ok(Some((request.parse().map_err(StoreError::inconsistent)?, row.try_get(1)?)))
    }
}
