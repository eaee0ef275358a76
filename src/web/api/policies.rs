//! `/api/v1/policies`

use super::immutable;
use crate::web::extract::Path;
use crate::{
    model::Digest,
    store::StoredPolicy,
    web::{
        Web,
        extract::{Bearer, body},
        problem::{Answer, Problem},
    },
    wire::{
        common::{ListV1, ProblemV1},
        policy::PolicyV1,
    },
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

fn wire(stored: StoredPolicy) -> PolicyV1 {
    PolicyV1 {
        name: stored.name,
        version: stored.version,
        digest: stored.digest,
        published_by: stored.published_by,
        published_at: stored.published_at,
        log_index: stored.log_index,
    }
}

/// Publish a policy. The body is its TOML; publishing the same bytes again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/policies", tag = "policies",
    request_body(content = String, content_type = "application/toml"),
    responses(
        (status = 201, body = PolicyV1), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1),
        (status = 403, body = ProblemV1), (status = 422, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn publish(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    request: Request,
) -> Answer<(StatusCode, Json<PolicyV1>)> {
    let bytes = body(request, &web).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::bad("invalid-utf8", "a policy is UTF-8 text"))?;
    Ok((StatusCode::CREATED, Json(wire(web.service.publish(&actor, text).await?))))
}

/// Every version of every policy, newest first.
#[utoipa::path(
    get, path = "/api/v1/policies", tag = "policies",
    responses((status = 200, body = ListV1<PolicyV1>), (status = 401, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn list(State(web): State<Web>, Bearer(actor): Bearer) -> Answer<Json<ListV1<PolicyV1>>> {
    let policies = web.service.policies(&actor).await?;
    Ok(Json(ListV1 { data: policies.into_iter().map(wire).collect(), next: None }))
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
    Ok(immutable(&headers, "application/toml; charset=utf-8", &digest.hex(), stored.source.into_bytes()))
}
