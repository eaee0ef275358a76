//! The layers around every page: the content security policy, the check of a form's origin, and
//! failures as pages.

use super::session;
use crate::{
    identity::Secret,
    web::{
        Web,
        problem::Problem,
        views::{ProblemPage, problem},
    },
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse as _, Response},
};

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// Wraps a router in these layers.
pub(super) fn around(router: Router<Web>, web: &Web) -> Router<Web> {
    router
        .layer(middleware::from_fn_with_state(web.clone(), same_origin))
        .layer(middleware::from_fn(as_page))
}

/// Refuses a form that another site sent, before anything reads it. Browsers name the origin of a
/// request; a browser that does not sends no cookie across sites either, because ours are
/// `SameSite=Lax`.
async fn same_origin(State(web): State<Web>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST
        || comes_from_here(request.headers(), web.service.public_url())
    {
        return next.run(request).await;
    }
    let detail = "this form was sent from another site";
    Problem::new(StatusCode::FORBIDDEN, "cross-site", detail).into_response()
}

/// Whether a form comes from this service. A proxy in front may replace the `Host` that the browser
/// asked for, so the host of the public address is accepted too.
fn comes_from_here(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    let public =
        public_url.match_indices('/').nth(2).map_or(public_url, |(end, _)| &public_url[..end]);
    let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    origin == public || Some(host) == text(header::HOST)
}

async fn as_page(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    dress(response.headers_mut());
    response.extensions_mut().insert(IsPage);
    response
}

/// Marks an answer that comes from the address of a page.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct IsPage;

/// Sets the headers that every page has.
fn dress(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// A failure as the page that a browser shows; `id` is the id of the request, `cookie` its session.
pub(in crate::web) async fn failure(
    web: &Web,
    problem: &Problem,
    id: &str,
    cookie: Option<Secret>,
) -> Response {
    let viewer = match cookie {
        Some(cookie) => {
            web.service.signed_in(&cookie).await.ok().flatten().map(|s| session::viewer(&s))
        }
        None => None,
    };
    let page = problem::Problem {
        status: problem.status.as_u16(),
        code: problem.code.clone(),
        title: title(problem.status).to_owned(),
        detail: problem.detail.clone(),
        // The operator finds a failure of the service by it; a mistake of the user needs none.
        request_id: problem.status.is_server_error().then(|| id.to_owned()),
    };
    let mut response = match web.renderer.render(&ProblemPage::new(page, viewer.as_ref())) {
        Ok(text) => (problem.status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the page of a problem cannot be drawn");
            (problem.status, problem.detail.clone()).into_response()
        }
    };
    dress(response.headers_mut());
    response
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Page not found",
        StatusCode::METHOD_NOT_ALLOWED => "This address does not accept that request",
        StatusCode::FORBIDDEN => "You cannot do this",
        StatusCode::CONFLICT => "Something has changed since",
        StatusCode::UNAUTHORIZED => "Please sign in",
        _ if status.is_server_error() => "Something failed on our side",
        _ => "This cannot be done",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_comes_from_the_host_that_was_asked_or_from_the_public_address() {
        let from = |host: &'static str, origin: &'static str, public: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            comes_from_here(&headers, public)
        };
        let public = "http://example.com/gate";
        assert!(from("127.0.0.1:8080", "http://127.0.0.1:8080", public));
        // The proxy did not pass the host on.
        assert!(from("127.0.0.1:8080", "http://example.com", public));
        for other in [
            "http://evil.example",
            "https://example.com",
            "http://example.com.evil.example",
            "null",
        ] {
            assert!(!from("127.0.0.1:8080", other, public), "{other}");
        }
    }
}
