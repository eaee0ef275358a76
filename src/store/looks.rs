//! How often each data set was tried under each policy.

use super::{Store, StoreError, insert::Insert, rows::Work, screen::select_in};
use crate::model::{Digest, Look, Namespace};
use sqlx::{AnyConnection, Row as _};
use std::collections::{HashMap, HashSet};

const LOOKS: Insert = Insert {
    table: "looks",
    columns: &["namespace", "policy", "dataset", "artifact", "tries"],
    tail: "ON CONFLICT DO NOTHING",
};

impl Store {
    /// The number that an artifact has for a policy and a data set, if it has one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look_of(
        &self,
        namespace: &Namespace,
        policy: &str,
        dataset: &str,
        artifact: &Digest,
    ) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT tries FROM looks WHERE namespace = $1 AND policy = $2 AND dataset = $3 AND artifact = $4";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(policy.to_owned()).bind(dataset.to_owned());
        let row = query.bind(artifact.to_string()).fetch_optional(&self.reader).await?;
        Ok(row.map(|row| row.try_get::<i64, _>(0)).transpose()?.map(i64::cast_unsigned))
    }

    /// The highest number given for a policy and a data set; 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tries(&self, namespace: &Namespace, policy: &str, dataset: &str) -> Result<u64, StoreError> {
        let sql = "SELECT COALESCE(MAX(tries), 0) FROM looks WHERE namespace = $1 AND policy = $2 AND dataset = $3";
        let query = sqlx::query(sql).bind(namespace.as_str()).bind(policy.to_owned()).bind(dataset.to_owned());
        Ok(query.fetch_one(&self.reader).await?.try_get::<i64, _>(0)?.cast_unsigned())
    }
}

/// Keeps the tries of `members`, and gives those whose numbers are not theirs. A try is kept whether or not the rest of
/// its work goes in: the artifact was held against the data set.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    members: &[usize],
    works: &[Work],
) -> Result<Vec<usize>, StoreError> {
    let mut rows = HashSet::new();
    for new in members.iter().filter_map(|m| works[*m].looks.as_ref()) {
        rows.extend(new.looks.iter().map(|look| (new.artifact, look)));
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = rows.into_iter().collect();
    let inserted = LOOKS
        .run(connection, &rows, |query, (artifact, look)| {
            query
                .bind(namespace.as_str().to_owned())
                .bind(look.policy.clone())
                .bind(look.dataset.clone())
                .bind(artifact.to_string())
                .bind(look.tries.cast_signed())
        })
        .await?;
    if inserted == rows.len() as u64 {
        return Ok(Vec::new());
    }
    let stored = stored(connection, namespace, rows.iter().map(|(artifact, _)| artifact)).await?;
    let own = |artifact: &Digest, look: &Look| stored.get(artifact).is_some_and(|known| known.contains(look));
    let taken = members.iter().filter(|m| {
        let new = works[**m].looks.as_ref();
        new.is_some_and(|new| !new.looks.iter().all(|look| own(&new.artifact, look)))
    });
    Ok(taken.copied().collect())
}

async fn stored(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    artifacts: impl Iterator<Item = &Digest>,
) -> Result<HashMap<Digest, HashSet<Look>>, StoreError> {
    let distinct: HashSet<String> = artifacts.map(Digest::to_string).collect();
    let distinct: Vec<String> = distinct.into_iter().collect();
    let select = "SELECT artifact, policy, dataset, tries FROM looks WHERE namespace = $1 AND artifact IN ";
    let mut found: HashMap<Digest, HashSet<Look>> = HashMap::new();
    for row in select_in(connection, select, namespace, &distinct).await? {
        let artifact = row.try_get::<String, _>(0)?.parse().map_err(StoreError::inconsistent)?;
        let tries: i64 = row.try_get(3)?;
        let look = Look { policy: row.try_get(1)?, dataset: row.try_get(2)?, tries: tries.cast_unsigned() };
        found.entry(artifact).or_default().insert(look);
    }
    Ok(found)
}
