//! `/api/v1/mappings`: how a namespace's own files are read.

use super::{
    immutable,
    page::{self, PageQuery},
    published,
};
use crate::web::extract::Path;
use crate::{
    model::Digest,
    web::{
        Web,
        extract::{Bearer, Query, Sent, body_within},
        problem::{Answer, Problem},
    },
    wire::{
        common::{ListV1, ProblemV1},
        policy::PublishedV1,
    },
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

/// Publish a mapping. The body is its TOML; publishing the same bytes again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/mappings", tag = "evidence",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body(content = String, content_type = "application/toml"),
    responses(
        (status = 201, body = PublishedV1), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1),
        (status = 403, body = ProblemV1), (status = 422, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn publish(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    request: Request,
) -> Answer<(StatusCode, Json<PublishedV1>)> {
    let sent = Sent::of(&request);
    let bytes = body_within(request, web.limits.source_body).await?;
    let delivery = sent.delivery_key(&actor, Digest::of(&bytes))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Problem::bad("invalid-utf8", "a mapping is UTF-8 text"))?;
    Ok((
        StatusCode::CREATED,
        Json(published(web.service.publish_mapping(&actor, text, delivery.as_ref()).await?)),
    ))
}

/// Versions of mappings, newest first.
#[utoipa::path(
    get, path = "/api/v1/mappings", tag = "evidence", params(PageQuery),
    responses((status = 200, body = ListV1<PublishedV1>), (status = 401, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Query(query): Query<PageQuery>,
) -> Answer<Json<ListV1<PublishedV1>>> {
    let page = query.page()?;
    Ok(Json(page::answer(
        page,
        web.service.mappings(&actor, page).await?,
        |m| m.log_index,
        published,
    )))
}

/// A mapping's TOML, byte for byte.
#[utoipa::path(
    get, path = "/api/v1/mappings/{digest}", tag = "evidence", params(("digest" = String, Path)),
    responses(
        (status = 200, body = String, content_type = "application/toml"), (status = 304),
        (status = 401, body = ProblemV1), (status = 404, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn get(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Path(digest): Path<Digest>,
    headers: HeaderMap,
) -> Answer<Response> {
    let stored = web.service.mapping(&actor, &digest).await?;
    Ok(immutable(
        &headers,
        "application/toml; charset=utf-8",
        &digest.hex(),
        stored.source.into_bytes(),
    ))
}
