//! The public side of every log (C2SP static tiles), the keys, and the health checks. None of it
//! needs a token: entries contain hashes only.

use super::{
    Web,
    problem::{Answer, Problem},
};
use crate::web::extract::Path;
use crate::{ledger::TilePath, model::Namespace};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// `/log/{namespace}/checkpoint`
pub async fn checkpoint(
    State(web): State<Web>,
    Path(namespace): Path<Namespace>,
) -> Answer<Response> {
    let head = web.service.checkpoint(&namespace).await?;
    Ok((
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")],
        head.checkpoint,
    )
        .into_response())
}

/// `/log/{namespace}/vkey`
pub async fn verifier_key(
    State(web): State<Web>,
    Path(namespace): Path<Namespace>,
) -> Answer<Response> {
    web.service.checkpoint(&namespace).await?;
    let key = format!("{}\n", web.service.log_key(&namespace).await?);
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], key).into_response())
}

/// `/log/{namespace}/tile/…`
pub async fn tile(
    State(web): State<Web>,
    Path((namespace, path)): Path<(Namespace, String)>,
) -> Answer<Response> {
    let path: TilePath = format!("tile/{path}")
        .parse()
        .map_err(|_| Problem::new(StatusCode::NOT_FOUND, "not-found", "there is no such tile"))?;
    let bytes = web.service.tile(&namespace, path).await?;
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, IMMUTABLE)];
    Ok((headers, bytes).into_response())
}

/// `/.well-known/jwks.json`
pub async fn jwks(State(web): State<Web>) -> Answer<Response> {
    Ok(([(header::CONTENT_TYPE, "application/jwk-set+json")], web.service.jwks()?).into_response())
}

/// `/healthz`: the process runs.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `/readyz`: the database answers and accepts writes, and the clock is not behind the log.
pub async fn readyz(State(web): State<Web>) -> Answer<&'static str> {
    web.service.ready().await?;
    Ok("ok\n")
}

/// Answers an unknown address.
pub async fn unknown(State(web): State<Web>) -> Problem {
    let detail = format!("there is nothing at this address; {}", described(&web));
    Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
}

/// Answers a method that an address does not accept.
pub async fn wrong_method(State(web): State<Web>) -> Problem {
    let detail = format!("this address does not accept that method; {}", described(&web));
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}

fn described(web: &Web) -> String {
    format!("the API is described at {}", web.renderer.address("/api/v1/openapi.json"))
}
