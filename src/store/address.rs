//! The address that the service was last started with.

use super::{Store, StoreError};
use sqlx::Row as _;

impl Store {
    /// The public address that the service was last started with; `None` before its first start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn address(&self) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT public_url FROM address WHERE id = 1")
            .fetch_optional(&self.reader)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Notes the public address that the service is started with.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_address(&self, public_url: &str) -> Result<(), StoreError> {
        if self.address().await?.as_deref() == Some(public_url) {
            return Ok(());
        }
        let sql = "INSERT INTO address (id, public_url) VALUES (1, $1) \
                   ON CONFLICT (id) DO UPDATE SET public_url = excluded.public_url";
        self.execute(sqlx::query(sql).bind(public_url.to_owned())).await?;
        Ok(())
    }
}
