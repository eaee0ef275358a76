//! `/api/v1/log`: the actor's own log, with what each entry is about.

use super::page::cursor;
use crate::web::extract::Query;
use crate::{
    app::core::error::AppError,
    ledger::Checkpoint,
    web::{Web, extract::Bearer, problem::Answer},
    wire::{
        common::{ListV1, ProblemV1},
        policy::{EntryV1, LogV1},
    },
};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

const PAGE: u64 = 100;

/// The signed head of your namespace's log.
#[utoipa::path(
    get, path = "/api/v1/log", tag = "log",
    responses((status = 200, body = LogV1), (status = 401, body = ProblemV1), (status = 404, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn head(State(web): State<Web>, Bearer(actor): Bearer) -> Answer<Json<LogV1>> {
    let head = web.service.checkpoint(&actor.namespace).await?;
    let origin = Checkpoint::unverified(&head.checkpoint).map_err(AppError::failed)?.origin;
    let verifier_key = web.service.log_key(&actor.namespace).await?.to_string();
    Ok(Json(LogV1 { origin, size: head.size, checkpoint: head.checkpoint, verifier_key }))
}

/// The entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// The `next` of the previous page, or the index to start from.
    cursor: Option<String>,
}

/// List the entries of your namespace's log, oldest first.
#[utoipa::path(
    get, path = "/api/v1/log/entries", tag = "log", params(EntriesQuery),
    responses((status = 200, body = ListV1<EntryV1>), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn entries(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Query(query): Query<EntriesQuery>,
) -> Answer<Json<ListV1<EntryV1>>> {
    let first = query.cursor.as_deref().map_or(Ok(0), cursor)?;
    let entries = web.service.entries(&actor.namespace, first, PAGE).await?;
    let next =
        entries.last().filter(|_| entries.len() as u64 == PAGE).map(|e| (e.index + 1).to_string());
    let wire = |e: crate::app::StoredEntry| EntryV1 {
        index: e.index,
        kind: e.kind,
        subject: e.subject,
        at: e.at,
        body: String::from_utf8_lossy(&e.body).into_owned(),
    };
    Ok(Json(ListV1 { data: entries.into_iter().map(wire).collect(), next }))
}
