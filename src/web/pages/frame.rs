//! What is around every page: the policy that keeps scripts out, the check of where a form came from, and failures
//! as pages.

use super::session::{self, cookie};
use crate::web::{
    Web,
    problem::Problem,
    views::{ProblemPage, problem},
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse as _, Response},
};
use std::sync::Arc;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The same router with all of it.
pub(super) fn around(router: Router<Web>, web: &Web) -> Router<Web> {
    router.layer(middleware::from_fn(same_origin)).layer(middleware::from_fn_with_state(web.clone(), as_page))
}

/// A form that another site sent is refused before anything reads it. Browsers say where a request comes from; one
/// that says nothing sends no cookie across sites either, as ours are `SameSite=Lax`.
async fn same_origin(request: Request, next: Next) -> Response {
    if request.method() != Method::POST || comes_from_here(request.headers()) {
        return next.run(request).await;
    }
    let detail = "this form was sent from another site";
    Problem::new(StatusCode::FORBIDDEN, "cross-site", detail).into_response()
}

fn comes_from_here(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let host = text(header::HOST);
    let origin = text(header::ORIGIN).map(|o| o.split_once("://").map_or(o, |(_, rest)| rest));
    origin.is_none_or(|origin| Some(origin) == host)
}

async fn as_page(State(web): State<Web>, request: Request, next: Next) -> Response {
    let cookie = cookie(request.headers());
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        response = drawn(&web, &problem, cookie).await;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn drawn(web: &Web, problem: &Problem, cookie: Option<crate::identity::Secret>) -> Response {
    let viewer = match cookie {
        Some(cookie) => web.service.signed_in(&cookie).await.ok().flatten().map(|s| session::viewer(&s)),
        None => None,
    };
    let page = problem::Problem {
        status: problem.status.as_u16(),
        code: problem.code.clone(),
        title: title(problem.status).to_owned(),
        detail: problem.detail.clone(),
        request_id: None,
    };
    match web.renderer.render(&ProblemPage::new(page, viewer.as_ref())) {
        Ok(text) => (problem.status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the page of a problem cannot be drawn");
            (problem.status, problem.detail.clone()).into_response()
        }
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::FORBIDDEN => "You may not do this",
        StatusCode::CONFLICT => "Things have changed",
        StatusCode::UNAUTHORIZED => "Please sign in",
        _ if status.is_server_error() => "Something failed on our side",
        _ => "This cannot be done",
    }
}
