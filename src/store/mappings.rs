//! Reads mappings.

use super::{Page, Published, Store, StoreError, published::read};
use crate::model::{Digest, Namespace};

macro_rules! select {
    ($tail:literal) => {
        select!("source", $tail)
    };
    ($source:literal, $tail:literal) => {
        concat!(
            "SELECT name, version, digest, ",
            $source,
            ", published_by, at_us, entry_idx FROM mappings WHERE namespace = $1 ",
            $tail
        )
    };
}

impl Store {
    /// The newest version of the mapping of that name.
    ///
    /// # Errors
    /// When the database fails or a row is impossible.
    pub async fn mapping_named(
        &self,
        namespace: &Namespace,
        name: &str,
    ) -> Result<Option<Published>, StoreError> {
        let query = sqlx::query(select!("AND name = $2 ORDER BY version DESC LIMIT 1"))
            .bind(namespace.as_str());
        query
            .bind(name.to_owned())
            .fetch_optional(&self.reader)
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// A mapping by the digest of its bytes.
    ///
    /// # Errors
    /// As [`Store::mapping_named`].
    pub async fn mapping(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Option<Published>, StoreError> {
        let query = sqlx::query(select!("AND digest = $2 ORDER BY entry_idx LIMIT 1"))
            .bind(namespace.as_str());
        query
            .bind(digest.to_string())
            .fetch_optional(&self.reader)
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Versions of mappings, newest first, without their TOML.
    ///
    /// # Errors
    /// As [`Store::mapping_named`].
    pub async fn mappings(
        &self,
        namespace: &Namespace,
        page: Page,
    ) -> Result<Vec<Published>, StoreError> {
        let sql = select!("'' AS source", "AND entry_idx < $2 ORDER BY entry_idx DESC LIMIT $3");
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(page.below()).bind(page.rows());
        query.fetch_all(&self.reader).await?.iter().map(read).collect()
    }
}
