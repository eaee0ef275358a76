//! The layers around every request: its id, its limits, its log line.

use super::{
    Web, asked,
    intake::{Intake, Keeping},
    negotiate, pages,
    problem::{PROBLEM, Problem},
    stream::Break,
};
use crate::app::core::error::DAMAGED;
use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use std::{sync::Arc, time::Instant};
use tower_http::catch_panic::CatchPanicLayer;

/// The address to which files of rows are uploaded; its bodies are kept on disk.
pub(super) const PREDICTIONS: &str = "/api/v1/predictions";
/// The address that accepts webhooks of CI; its bodies are kept until their signature is checked.
pub(super) const HOOK: &str = "/hooks/ci";
const REQUEST_ID: &str = "x-request-id";
const MAX_ID: usize = 64;

/// Wraps a router in all layers.
pub fn wrap(router: Router, web: &Web) -> Router {
    let web = web.clone();
    let intake = Arc::new(Intake::new(&web.limits));
    router
        // `intake` limits bodies: it knows how large a body each address accepts.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| panicked()))
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            let (web, intake) = (web.clone(), intake.clone());
            async move {
                let id = sent_id(&request).unwrap_or_else(|| web.service.new_request_id());
                around(&web, &intake, id, request, next).await
            }
        }))
}

/// Refuses requests while the database is known to be an older state of itself: nothing that it
/// contains can be proved.
pub async fn provable(State(web): State<Web>, request: Request, next: Next) -> Response {
    // Assets are exempt: the page that reports the problem needs them.
    let asset = request
        .extensions()
        .get::<MatchedPath>()
        .is_some_and(|path| path.as_str().starts_with("/assets/"));
    match if asset { Ok(()) } else { web.service.provable().await } {
        Ok(()) => next.run(request).await,
        Err(error) => Problem::from(error).into_response(),
    }
}

fn panicked() -> Response<Body> {
    tracing::error!("a handler panicked");
    let detail = "the service failed at this request; nothing was acknowledged";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail).into_response()
}

/// The request id that the sender gave, if it is valid: it appears in logs and answers.
fn sent_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    (plain && !id.is_empty() && id.len() <= MAX_ID).then(|| id.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "how long a request took is not part of any verdict")]
async fn around(
    web: &Web,
    intake: &Arc<Intake>,
    id: String,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // Logs the route, not the address: an address may contain user text.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let headers = request.headers().clone();
    let (request, taken) = intake.watch(request, keeping(&route));
    let mut response = match asked::check(&method, &route, request.uri()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if !taken.whole() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    // The memory of the body is released when the request is answered, not when the body was read.
    drop(taken);
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        response = told(web, &problem, response, &id, &headers).await;
    }
    if let Some(broken) = response.extensions_mut().remove::<Break>() {
        let service = web.service.clone();
        broken.on(move |code| {
            if code == DAMAGED {
                service.saw_damage();
            }
        });
    }
    let status = response.status().as_u16();
    let took = started.elapsed();
    web.requests.count(status, took);
    let elapsed_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    tracing::debug!(%method, route, status, elapsed_us, request_id = %id, "request");
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Where the bytes of a body are kept.
fn keeping(route: &str) -> Keeping {
    match route {
        PREDICTIONS => Keeping::Disk,
        HOOK => Keeping::Unproved,
        _ => Keeping::Memory,
    }
}

/// The problem in the format that the client wants, with the id of the request.
async fn told(
    web: &Web,
    problem: &Problem,
    response: Response,
    id: &str,
    asked: &HeaderMap,
) -> Response {
    if problem.code == DAMAGED {
        web.service.saw_damage();
    }
    if problem.status.is_server_error() {
        tracing::warn!(code = problem.code, request_id = %id, "answered with a failure");
    }
    let as_page =
        negotiate::wants_page(asked, response.extensions().get::<pages::IsPage>().is_some());
    let (parts, _) = response.into_parts();
    let mut named = if as_page {
        pages::failure(web, problem, id, pages::cookie(asked)).await
    } else {
        let mut document = problem.document();
        document.request_id = Some(id.to_owned());
        let mut named = Json(document).into_response();
        *named.status_mut() = parts.status;
        named.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        named
    };
    for (name, value) in &parts.headers {
        if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
            named.headers_mut().insert(name, value.clone());
        }
    }
    named.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    named
}
