//! Signing in and out.

use super::{
    draw,
    session::{COOKIE, Session, cookie},
};
use crate::web::{
    caller::Caller,
    extract::{Form, Query},
};
use crate::{
    app::core::error::Kind,
    web::{
        Web,
        problem::{Answer, Problem},
        views::{SignInPage, paths},
    },
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

/// `GET /sign-in`
pub(super) async fn show(State(web): State<Web>, Query(query): Query<Next>) -> Answer<Response> {
    let next = ours(query.next, web.renderer.base());
    draw(&web, move || SignInPage::new(String::new(), String::new(), next, None)).await
}

#[derive(Deserialize)]
pub(super) struct Entry {
    user: String,
    password: String,
    next: Option<String>,
}

/// `POST /sign-in`
pub(super) async fn enter(
    State(web): State<Web>,
    Caller(address): Caller,
    headers: HeaderMap,
    Form(form): Form<Entry>,
) -> Answer<Response> {
    let next = ours(form.next, web.renderer.base());
    let before = cookie(&headers);
    match web.service.sign_in(&form.user, &form.password, address, before.as_ref()).await {
        Ok(secret) => {
            tracing::info!(user = form.user, %address, "signed in");
            let cookie = set_cookie(&web, secret.reveal(), LIFE);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&web.renderer.address(&next)))
                .into_response())
        }
        Err(error) if error.kind == Kind::Failed && error.retry_after.is_none() => {
            Err(error.into())
        }
        // After a mistake the user sees the form again, with the reason.
        Err(error) => {
            let user: String = form.user.chars().take(100).collect();
            tracing::info!(user, %address, code = error.code, "sign-in refused");
            let message = error.message.clone();
            let page = move || SignInPage::new(String::new(), user, next, Some(message));
            let mut response = draw(&web, page).await?;
            let problem = Problem::from(error);
            *response.status_mut() = problem.status;
            if let Some(seconds) = problem.retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            Ok(response)
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Leave {
    csrf: String,
}

/// `POST /sign-out`
pub(super) async fn leave(
    State(web): State<Web>,
    session: Session,
    headers: HeaderMap,
    Form(form): Form<Leave>,
) -> Result<Response, Problem> {
    session.check(&form.csrf)?;
    if let Some(cookie) = cookie(&headers) {
        web.service.sign_out(&cookie).await?;
    }
    let gone = set_cookie(&web, "", 0);
    Ok(([(header::SET_COOKIE, gone)], Redirect::to(&web.renderer.address(paths::SIGN_IN)))
        .into_response())
}

/// How long a browser keeps the cookie, in seconds.
const LIFE: u32 = 43_200;

/// The cookie, for the addresses of this service only: the same host may serve others.
fn set_cookie(web: &Web, value: &str, life: u32) -> String {
    let secure = if web.service.public_url().starts_with("https://") { "; Secure" } else { "" };
    let path = match web.renderer.base() {
        "" => "/",
        base => base,
    };
    format!("{COOKIE}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={life}{secure}")
}

/// The page after signing in: a path of this service, never an external address. A path with
/// `base`, the path that the service is below, and a path without it mean the same.
fn ours(next: Option<String>, base: &str) -> String {
    let below = |path: String| match path.strip_prefix(base) {
        Some("") => paths::QUEUE.to_owned(),
        Some(rest) if rest.starts_with(['/', '?']) => rest.to_owned(),
        _ => path,
    };
    let plain = |path: &String| {
        let mut bytes = path.bytes();
        bytes.next() == Some(b'/')
            && !matches!(bytes.next(), Some(b'/' | b'\\'))
            && path.bytes().all(|b| b.is_ascii_graphic())
            && !path.starts_with(paths::SIGN_IN)
    };
    next.map(below).filter(plain).unwrap_or_else(|| paths::QUEUE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_only_to_our_own_pages() {
        for bad in
            ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\r\nb", ""]
        {
            assert_eq!(ours(Some(bad.into()), ""), "/", "{bad}");
            assert_eq!(ours(Some(bad.into()), "/gate"), "/", "{bad}");
        }
        for bad in ["/gate", "/gate//evil.example", "/gate/\\evil.example", "/gate/sign-in"] {
            assert_eq!(ours(Some(bad.into()), "/gate"), "/", "{bad}");
        }
        assert_eq!(ours(Some("/releases/x?a=b".into()), ""), "/releases/x?a=b");
        for next in ["/releases/x?a=b", "/gate/releases/x?a=b"] {
            assert_eq!(ours(Some(next.into()), "/gate"), "/releases/x?a=b");
        }
        assert_eq!(ours(Some("/gateway".into()), "/gate"), "/gateway");
    }
}
