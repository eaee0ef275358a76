//! `/api/v1/policies`

use super::{
    immutable,
    page::{self, PageQuery},
    published,
};
use crate::web::extract::Path;
use crate::{
    model::Digest,
    policy::Mistake,
    web::{
        Web,
        extract::{Bearer, Query, Sent, body_within},
        problem::{Answer, Problem},
    },
    wire::{
        common::{ListV1, ProblemV1},
        policy::{PublishedV1, WarningV1},
    },
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

/// Publish a policy. The body is its TOML; publishing the same bytes again changes nothing. The
/// answer reports as `warnings` what is valid but probably not what its author means.
#[utoipa::path(
    post, path = "/api/v1/policies", tag = "policies",
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
        .map_err(|_| Problem::bad("invalid-utf8", "a policy is UTF-8 text"))?;
    let (stored, warnings) = web.service.publish(&actor, text, delivery.as_ref()).await?;
    let told =
        PublishedV1 { warnings: warnings.into_iter().map(warning).collect(), ..published(stored) };
    Ok((StatusCode::CREATED, Json(told)))
}

fn warning(mistake: Mistake) -> WarningV1 {
    let Mistake { code, message, help, line, column, .. } = mistake;
    WarningV1 { code: code.to_owned(), message, help, line, column }
}

/// Versions of policies, newest first.
#[utoipa::path(
    get, path = "/api/v1/policies", tag = "policies", params(PageQuery),
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
        web.service.policies(&actor, page).await?,
        |p| p.log_index,
        published,
    )))
}

/// A policy's TOML, byte for byte.
#[utoipa::path(
    get, path = "/api/v1/policies/{digest}", tag = "policies", params(("digest" = String, Path)),
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
    let stored = web.service.policy(&actor, &digest).await?;
    Ok(immutable(
        &headers,
        "application/toml; charset=utf-8",
        &digest.hex(),
        stored.source.into_bytes(),
    ))
}
