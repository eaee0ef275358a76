//! The screening of a batch: each delivery is accepted once, and only if the policies, the
//! baselines and the release that it was evaluated with are unchanged.

use super::{
    StoreError, attempts,
    baselines::Stands,
    head::Head,
    rows::{Done, Work},
};
use crate::model::{Digest, Environment, ModelId, Namespace, Release};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _, any::AnyRow};
use std::collections::{HashMap, HashSet};

/// The works that must not be stored, and why.
pub(super) async fn screen(
    connection: &mut AnyConnection,
    head: &Head,
    members: &[usize],
    works: &[Work],
) -> Result<Vec<(usize, Done)>, StoreError> {
    let mut refused = Vec::new();
    let mut seen = processed(connection, head.namespace(), members, works).await?;
    let fresh = |work: &Work| {
        work.delivery
            .as_ref()
            .is_none_or(|d| !seen.contains_key(&(d.source.clone(), d.key.clone())))
    };
    let tries: Vec<usize> = members.iter().copied().filter(|m| fresh(&works[*m])).collect();
    let taken = attempts::keep(connection, head.namespace(), &tries, works).await?;
    let mut publishes = false;
    let mut stands = Stands::default();
    let mut facts = HashSet::new();
    let mut requested = HashSet::new();
    for &member in members {
        let work = &works[member];
        let delivery = work.delivery.as_ref();
        if let Some((request, subject)) =
            delivery.and_then(|d| seen.get(&(d.source.clone(), d.key.clone())))
        {
            refused.push((member, Done::Duplicate { request: *request, subject: subject.clone() }));
            continue;
        }
        if work.policies_at.is_some_and(|at| publishes || at != head.policies_at()) {
            refused.push((member, Done::PoliciesChanged));
            continue;
        }
        if taken.contains(&member) {
            refused.push((member, Done::AttemptsTaken));
            continue;
        }
        if !stands.hold(connection, work).await? {
            refused.push((member, Done::BaselineMoved));
            continue;
        }
        if let Some(fact) = &work.fact
            && (facts.contains(&fact.row.key())
                || fact.row.known(connection, head.namespace()).await?)
        {
            refused.push((member, Done::Known));
            continue;
        }
        if !still_newest(connection, work, &requested).await? || !advance(connection, work).await? {
            refused.push((member, Done::ReleaseChanged));
            continue;
        }
        publishes |= work.policy.is_some();
        stands.note(work);
        requested.extend(work.release.as_ref().map(|new| place(&new.release)));
        facts.extend(work.fact.as_ref().map(|fact| fact.row.key()));
        if let Some(d) = delivery {
            seen.insert((d.source.clone(), d.key.clone()), (d.request, d.subject.clone()));
        }
    }
    Ok(refused)
}

/// A model, an environment, and an artifact that was requested for it.
type Place<'w> = (&'w ModelId, &'w Environment, Digest);

fn place(release: &Release) -> Place<'_> {
    (&release.model, &release.environment, release.artifact)
}

/// Whether the release that `work` is about is the newest of its artifact and environment.
/// `requested` contains the releases of this batch, whose rows are inserted after the whole batch
/// is screened.
async fn still_newest(
    connection: &mut AnyConnection,
    work: &Work,
    requested: &HashSet<Place<'_>>,
) -> Result<bool, StoreError> {
    let Some(newest) = &work.newest else { return Ok(true) };
    if requested.contains(&(&newest.model, &newest.environment, newest.artifact)) {
        return Ok(false);
    }
    let sql = "SELECT MAX(entry_idx) FROM releases WHERE namespace = $1 AND model = $2 AND environment = $3 \
               AND artifact = $4";
    let query = sqlx::query(sql).bind(work.namespace.as_str()).bind(newest.model.to_string());
    let query = query.bind(newest.environment.to_string()).bind(newest.artifact.to_string());
    let at: Option<i64> = query.fetch_one(connection).await?.try_get(0)?;
    Ok(at.map(i64::cast_unsigned) == Some(newest.at))
}

/// Advances an existing release by one decision; false if another writer did so first.
async fn advance(connection: &mut AnyConnection, work: &Work) -> Result<bool, StoreError> {
    let Some(decision) = work.decision.as_ref().filter(|_| work.release.is_none()) else {
        return Ok(true);
    };
    let sql = "UPDATE releases SET decisions = $1, verdict = $2 WHERE id = $3 AND namespace = $4 AND decisions = $5";
    let moved = sqlx::query(sql)
        .bind(decision.seq.cast_signed() + 1)
        .bind(decision.verdict.as_str())
        .bind(decision.release.as_str())
        .bind(work.namespace.as_str())
        .bind(decision.seq.cast_signed())
        .execute(connection)
        .await?;
    Ok(moved.rows_affected() == 1)
}

type Processed = HashMap<(String, String), (Digest, String)>;

/// The deliveries among `members` that were processed before.
async fn processed(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    members: &[usize],
    works: &[Work],
) -> Result<Processed, StoreError> {
    let keys: Vec<String> =
        members.iter().filter_map(|m| works[*m].delivery.as_ref()).map(|d| d.key.clone()).collect();
    let select = "SELECT source, delivery_key, request_digest, subject FROM deliveries \
                  WHERE namespace = $1 AND delivery_key IN ";
    let mut found = Processed::new();
    for row in select_in(connection, select, namespace, &keys).await? {
        let request: String = row.try_get(2)?;
        let request = request.parse().map_err(StoreError::inconsistent)?;
        found.insert((row.try_get(0)?, row.try_get(1)?), (request, row.try_get(3)?));
    }
    Ok(found)
}

/// For each document that is new to the namespace, the first work that contains it.
pub(super) async fn new_evidence(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    accepted: &[usize],
    works: &[Work],
) -> Result<HashMap<Digest, usize>, StoreError> {
    let mut new = HashMap::new();
    for &member in accepted {
        for evidence in &works[member].evidence {
            new.entry(evidence.digest).or_insert(member);
        }
    }
    let digests: Vec<String> = new.keys().map(Digest::to_string).collect();
    let select = "SELECT digest FROM evidence WHERE namespace = $1 AND digest IN ";
    for row in select_in(connection, select, namespace, &digests).await? {
        let digest: String = row.try_get(0)?;
        new.remove(&digest.parse().map_err(StoreError::inconsistent)?);
    }
    Ok(new)
}

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
