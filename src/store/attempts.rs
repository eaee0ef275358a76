//! Attempts: how many artifacts of a model were evaluated on each data set, under each policy.

use super::{
    Store, StoreError,
    change::{Change, NewAttempts},
    insert::Insert,
    select::select_in,
};
use crate::model::{Attempt, Digest, ModelId, Namespace};
use sqlx::{AnyConnection, Row as _};
use std::collections::{HashMap, HashSet};

const TRIES: Insert = Insert {
    table: "tries",
    columns: &["namespace", "policy", "model", "dataset", "artifact", "tries"],
    tail: "ON CONFLICT DO NOTHING",
};

/// A series of attempts: the artifacts of a model that were evaluated on a data set under a policy,
/// numbered in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Series {
    /// The namespace of the model.
    pub namespace: Namespace,
    /// The policy's name.
    pub policy: String,
    /// The model.
    pub model: ModelId,
    /// The data set, as [`Attempt::dataset`] names it.
    pub dataset: String,
}

impl Store {
    /// The highest number in a series, 0 if the series is empty, and the number that an artifact has
    /// in it, if it has one. Numbers from before attempts were counted by model belong to no model,
    /// and are included for every model.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tries(
        &self,
        series: &Series,
        artifact: &Digest,
    ) -> Result<(u64, Option<u64>), StoreError> {
        // Each is found at the end of an index; one that covered both models would read the series.
        let sql = "SELECT (SELECT MAX(tries) FROM tries WHERE namespace = $1 AND policy = $2 AND model = $3 AND dataset = $4), \
                   (SELECT MAX(tries) FROM tries WHERE namespace = $1 AND policy = $2 AND model = '' AND dataset = $4), \
                   (SELECT tries FROM tries WHERE namespace = $1 AND policy = $2 AND model = $3 AND dataset = $4 AND artifact = $5)";
        let query = sqlx::query(sql).bind(series.namespace.as_str()).bind(series.policy.clone());
        let query = query
            .bind(series.model.to_string())
            .bind(series.dataset.clone())
            .bind(artifact.to_string());
        let row = query.fetch_one(&self.reader).await?;
        let number = |at: usize| -> Result<Option<u64>, StoreError> {
            Ok(row.try_get::<Option<i64>, _>(at)?.map(i64::cast_unsigned))
        };
        Ok((number(0)?.max(number(1)?).unwrap_or(0), number(2)?))
    }
}

/// Stores the attempts of `changes`, and returns the places of those whose numbers are taken. An
/// attempt is stored whether or not the rest of its change is, because the artifact was evaluated
/// on the data set.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    changes: &[(usize, &Change)],
) -> Result<Vec<usize>, StoreError> {
    let mut rows = HashSet::new();
    for new in changes.iter().filter_map(|(_, change)| change.attempts.as_ref()) {
        rows.extend(new.attempts.iter().map(|attempt| (new.artifact, &new.model, attempt)));
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = rows.into_iter().collect();
    let inserted = TRIES
        .run(connection, &rows, |query, (artifact, model, attempt)| {
            query
                .bind(namespace.as_str().to_owned())
                .bind(attempt.policy.clone())
                .bind(model.to_string())
                .bind(attempt.dataset.clone())
                .bind(artifact.to_string())
                .bind(attempt.tries.cast_signed())
        })
        .await?;
    if inserted == rows.len() as u64 {
        return Ok(Vec::new());
    }
    let stored = stored(connection, namespace, rows.iter().map(|(artifact, ..)| artifact)).await?;
    let own = |new: &NewAttempts| {
        let known = stored.get(&(new.artifact, new.model.to_string()));
        new.attempts.iter().all(|attempt| known.is_some_and(|known| known.contains(attempt)))
    };
    let taken = |change: &Change| change.attempts.as_ref().is_some_and(|new| !own(new));
    Ok(changes.iter().filter(|(_, change)| taken(change)).map(|(member, _)| *member).collect())
}

/// The numbers of artifacts, by artifact and model.
type Stored = HashMap<(Digest, String), HashSet<Attempt>>;

async fn stored(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    artifacts: impl Iterator<Item = &Digest>,
) -> Result<Stored, StoreError> {
    let distinct: HashSet<String> = artifacts.map(Digest::to_string).collect();
    let distinct: Vec<String> = distinct.into_iter().collect();
    let select = "SELECT artifact, policy, dataset, tries, model FROM tries WHERE namespace = $1 AND artifact IN ";
    let mut found = Stored::new();
    for row in select_in(connection, select, namespace, &distinct).await? {
        let artifact: Digest =
            row.try_get::<String, _>(0)?.parse().map_err(StoreError::inconsistent)?;
        let tries: i64 = row.try_get(3)?;
        let attempt = Attempt {
            policy: row.try_get(1)?,
            dataset: row.try_get(2)?,
            tries: tries.cast_unsigned(),
        };
        found.entry((artifact, row.try_get(4)?)).or_default().insert(attempt);
    }
    Ok(found)
}
