//! Reads policies.

use super::{Page, Published, Store, StoreError, published::read};
use crate::model::{Digest, Namespace};
use sqlx::Row as _;

macro_rules! select {
    ($tail:literal) => {
        select!("source", $tail)
    };
    ($source:literal, $tail:literal) => {
        concat!(
            "SELECT name, version, digest, ",
            $source,
            ", published_by, published_at_us AS at_us, entry_idx FROM policies WHERE namespace = $1 ",
            $tail
        )
    };
}

impl Store {
    /// The policies that apply now, by name, and the `policies_at` that belongs to them.
    ///
    /// # Errors
    /// When the database fails or a row is impossible.
    pub async fn active_policies(
        &self,
        namespace: &Namespace,
    ) -> Result<(u64, Vec<Published>), StoreError> {
        // Read the number first: if a policy is published in between, the number is the older one,
        // and the batch refuses it.
        let at = self.policies_at(namespace).await?;
        let sql = select!(
            "AND version = (SELECT MAX(l.version) FROM policies l \
             WHERE l.namespace = policies.namespace AND l.name = policies.name) ORDER BY name"
        );
        let rows = sqlx::query(sql).bind(namespace.as_str()).fetch_all(&self.reader).await?;
        Ok((at, rows.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// One more than the log index of the latest policy of a namespace; 0 before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn policies_at(&self, namespace: &Namespace) -> Result<u64, StoreError> {
        let head = sqlx::query("SELECT policies_at FROM logs WHERE namespace = $1")
            .bind(namespace.as_str())
            .fetch_optional(&self.reader)
            .await?;
        Ok(head.map(|row| row.try_get::<i64, _>(0)).transpose()?.unwrap_or(0).cast_unsigned())
    }

    /// Versions of policies, newest first, without their TOML.
    ///
    /// # Errors
    /// As [`Store::active_policies`].
    pub async fn policy_versions(
        &self,
        namespace: &Namespace,
        page: Page,
    ) -> Result<Vec<Published>, StoreError> {
        let sql = select!("'' AS source", "AND entry_idx < $2 ORDER BY entry_idx DESC LIMIT $3");
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(page.below()).bind(page.rows());
        query.fetch_all(&self.reader).await?.iter().map(read).collect()
    }

    /// The newest version of a policy that has these bytes.
    ///
    /// # Errors
    /// As [`Store::active_policies`].
    pub async fn newest_policy(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Option<Published>, StoreError> {
        let sql = select!("AND digest = $2 ORDER BY entry_idx DESC LIMIT 1");
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(digest.to_string());
        query.fetch_optional(&self.reader).await?.as_ref().map(read).transpose()
    }

    /// A policy by the digest of its bytes.
    ///
    /// # Errors
    /// As [`Store::active_policies`].
    pub async fn policy(
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
}
