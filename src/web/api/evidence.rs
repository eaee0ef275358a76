//! `/api/v1/evidence`

use super::immutable;
use crate::web::extract::Path;
use crate::{
    model::Digest,
    web::{Web, extract::Bearer, problem::Answer},
    wire::common::ProblemV1,
};
use axum::{extract::State, http::HeaderMap, response::Response};

/// A document of evidence, byte for byte.
#[utoipa::path(
    get, path = "/api/v1/evidence/{digest}", tag = "evidence", params(("digest" = String, Path)),
    responses(
        (status = 200, content_type = "application/octet-stream"), (status = 304),
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
    let stored = web.service.evidence(&actor, &digest).await?;
    // Never a type that a browser would execute: the bytes are user data.
    Ok(immutable(&headers, "application/octet-stream", &digest.hex(), stored.bytes))
}
