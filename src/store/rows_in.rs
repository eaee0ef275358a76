//! Inserts the rows of a batch, with one statement for each table.

use super::{
    StoreError,
    append::Placed,
    insert::Insert,
    rows::{Receipt, Signed, Work},
};
use crate::model::{Namespace, Outcome, jcs};
use sqlx::{AnyConnection, Row as _};

const EVIDENCE: Insert = Insert {
    table: "evidence",
    columns: &["namespace", "digest", "format", "bytes", "accepted_at_us", "entry_idx"],
    tail: "",
};
const RELEASES: Insert = Insert {
    table: "releases",
    columns: &[
        "id",
        "namespace",
        "model",
        "version",
        "artifact",
        "environment",
        "submitter_id",
        "submitter_name",
        "comment",
        "inputs",
        "inputs_digest",
        "requested_at_us",
        "entry_idx",
        "decisions",
        "verdict",
        "allowed_idx",
    ],
    tail: "",
};
const DECISIONS: Insert = Insert {
    table: "decisions",
    columns: &[
        "id",
        "namespace",
        "release_id",
        "seq",
        "verdict",
        "decided_at_us",
        "kid",
        "record",
        "record_signature",
        "record_idx",
        "vsa",
        "vsa_signature",
        "vsa_idx",
    ],
    tail: "",
};
const APPROVALS: Insert = Insert {
    table: "approvals",
    columns: &["id", "namespace", "release_id", "by_id", "document", "vote", "at_us", "entry_idx"],
    tail: "",
};
const DELIVERIES: Insert = Insert {
    table: "deliveries",
    columns: &["namespace", "source", "delivery_key", "request_digest", "subject", "at_us"],
    tail: "",
};

/// Inserts the rows of the accepted works.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    placed: &[Placed<'_>],
) -> Result<(), StoreError> {
    let ns = namespace.as_str();
    let pairs: Vec<(&Work, &Receipt)> = placed.iter().map(|p| (p.work, &p.receipt)).collect();
    insert_evidence(connection, ns, placed).await?;
    insert_releases(connection, ns, &pairs).await?;
    insert_approvals(connection, ns, &pairs).await?;
    insert_policies(connection, ns, &pairs).await?;
    insert_decisions(connection, ns, &pairs).await?;
    note_allows(connection, ns, &pairs).await?;
    insert_facts(connection, ns, &pairs).await?;
    let deliveries: Vec<_> =
        pairs.iter().filter_map(|(w, _)| Some((w.delivery.as_ref()?, w.at))).collect();
    DELIVERIES
        .run(connection, &deliveries, |query, (d, at)| {
            query
                .bind(ns.to_owned())
                .bind(d.source.clone())
                .bind(d.key.clone())
                .bind(d.request.to_string())
                .bind(d.subject.clone())
                .bind(at.micros())
        })
        .await?;
    Ok(())
}

async fn insert_evidence(
    connection: &mut AnyConnection,
    ns: &str,
    placed: &[Placed<'_>],
) -> Result<(), StoreError> {
    let with_time = |p: &'_ Placed<'_>| p.work.at.micros();
    let rows: Vec<_> = placed
        .iter()
        .flat_map(|p| p.evidence.iter().map(move |(e, idx)| (*e, *idx, with_time(p))))
        .collect();
    EVIDENCE
        .run(connection, &rows, |query, (e, idx, at_us)| {
            query
                .bind(ns.to_owned())
                .bind(e.digest.to_string())
                .bind(e.format.clone())
                .bind(e.bytes.to_vec())
                .bind(*at_us)
                .bind(idx.cast_signed())
        })
        .await?;
    Ok(())
}

async fn insert_releases(
    connection: &mut AnyConnection,
    ns: &str,
    pairs: &[(&Work, &Receipt)],
) -> Result<(), StoreError> {
    let rows: Vec<_> = pairs
        .iter()
        .filter_map(|(w, r)| Some((w, w.release.as_ref()?, r.release?, allowed(w, r))))
        .collect();
    RELEASES
        .run(connection, &rows, |query, (work, new, idx, allowed)| {
            let release = &new.release;
            query
                .bind(release.id.to_string())
                .bind(ns.to_owned())
                .bind(release.model.to_string())
                .bind(release.version.clone())
                .bind(release.artifact.to_string())
                .bind(release.environment.to_string())
                .bind(release.submitter.id.clone())
                .bind(release.submitter.name.clone())
                .bind(release.comment.clone())
                .bind(new.inputs.clone())
                .bind(new.inputs_digest.to_string())
                .bind(release.requested_at.micros())
                .bind(idx.cast_signed())
                .bind(i64::from(work.decision.is_some()))
                .bind(work.decision.as_ref().map_or("pending", |d| d.verdict.as_str()))
                .bind(*allowed)
        })
        .await?;
    Ok(())
}

/// The log index of the record of an allow, which makes its artifact the champion.
fn allowed(work: &Work, receipt: &Receipt) -> Option<i64> {
    let allow = work.decision.as_ref().is_some_and(|d| d.verdict == Outcome::Allow);
    receipt.record.filter(|_| allow).map(u64::cast_signed)
}

/// Updates the releases that were waiting for approvals and are now allowed.
async fn note_allows(
    connection: &mut AnyConnection,
    ns: &str,
    pairs: &[(&Work, &Receipt)],
) -> Result<(), StoreError> {
    for (work, receipt) in pairs.iter().filter(|(w, _)| w.release.is_none()) {
        let (Some(decision), Some(idx)) = (&work.decision, allowed(work, receipt)) else {
            continue;
        };
        sqlx::query("UPDATE releases SET allowed_idx = $1 WHERE id = $2 AND namespace = $3")
            .bind(idx)
            .bind(decision.release.to_string())
            .bind(ns.to_owned())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_facts(
    connection: &mut AnyConnection,
    ns: &str,
    pairs: &[(&Work, &Receipt)],
) -> Result<(), StoreError> {
    for (work, receipt) in pairs {
        if let (Some(fact), Some(idx)) = (&work.fact, receipt.fact) {
            fact.row.insert(connection, ns, work.at, idx).await?;
        }
    }
    Ok(())
}

async fn insert_approvals(
    connection: &mut AnyConnection,
    ns: &str,
    pairs: &[(&Work, &Receipt)],
) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for (work, receipt) in pairs {
        if let (Some(new), Some(idx)) = (&work.approval, receipt.approval) {
            let document = jcs::to_vec(&new.approval).map_err(StoreError::inconsistent)?;
            rows.push((
                &new.approval,
                String::from_utf8(document).map_err(StoreError::inconsistent)?,
                idx,
            ));
        }
    }
    APPROVALS
        .run(connection, &rows, |query, (approval, document, idx)| {
            query
                .bind(approval.id.as_ref().map_or("", |id| id.as_str()).to_owned())
                .bind(ns.to_owned())
                .bind(approval.release.as_ref().map_or("", |id| id.as_str()).to_owned())
                .bind(approval.by.id.clone())
                .bind(document.clone())
                .bind(approval.vote.as_str())
                .bind(approval.at.micros())
                .bind(idx.cast_signed())
        })
        .await?;
    Ok(())
}

async fn insert_policies(
    connection: &mut AnyConnection,
    ns: &str,
    pairs: &[(&Work, &Receipt)],
) -> Result<(), StoreError> {
    for (work, receipt) in pairs {
        let (Some(policy), Some(idx)) = (&work.policy, receipt.policy) else { continue };
        let latest = sqlx::query(
            "SELECT COALESCE(MAX(version), 0) FROM policies WHERE namespace = $1 AND name = $2",
        )
        .bind(ns.to_owned())
        .bind(policy.name.clone())
        .fetch_one(&mut *connection)
        .await?;
        let sql = "INSERT INTO policies (namespace, name, version, digest, source, published_by, published_at_us, \
                   entry_idx) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        sqlx::query(sql)
            .bind(ns.to_owned())
            .bind(policy.name.clone())
            .bind(latest.try_get::<i64, _>(0)? + 1)
            .bind(policy.digest.to_string())
            .bind(policy.source.clone())
            .bind(policy.published_by.clone())
            .bind(work.at.micros())
            .bind(idx.cast_signed())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_decisions(
    connection: &mut AnyConnection,
    ns: &str,
    pairs: &[(&Work, &Receipt)],
) -> Result<(), StoreError> {
    let rows: Vec<_> =
        pairs.iter().filter_map(|(w, r)| Some((w, w.decision.as_ref()?, r))).collect();
    DECISIONS
        .run(connection, &rows, |query, (work, decision, receipt)| {
            let vsa = decision.vsa.as_ref();
            query
                .bind(decision.id.to_string())
                .bind(ns.to_owned())
                .bind(decision.release.to_string())
                .bind(decision.seq.cast_signed())
                .bind(decision.verdict.as_str())
                .bind(work.at.micros())
                .bind(decision.kid.clone())
                .bind(decision.record.payload.clone())
                .bind(decision.record.signature.clone())
                .bind(receipt.record.map(u64::cast_signed))
                .bind(vsa.map(|v: &Signed| v.payload.clone()))
                .bind(vsa.map(|v: &Signed| v.signature.clone()))
                .bind(receipt.vsa.map(u64::cast_signed))
        })
        .await?;
    Ok(())
}
