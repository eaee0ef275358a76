//! The session of a user who views a page.

use crate::{
    app::accounts::sign_in::SignedIn,
    identity::{Actor, Secret},
    web::{
        Web,
        problem::Problem,
        views::{Viewer, paths},
    },
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use subtle::ConstantTimeEq as _;

/// The name of the cookie.
pub(super) const COOKIE: &str = "modelgate_session";

/// The session of a signed-in user. Other visitors are redirected to the sign-in form.
pub(super) struct Session {
    pub(super) actor: Actor,
    pub(super) viewer: Viewer,
}

impl FromRequestParts<Web> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let signed_in = match cookie(&parts.headers) {
            Some(cookie) => web
                .service
                .signed_in(&cookie)
                .await
                .map_err(|e| Problem::from(e).into_response())?,
            None => None,
        };
        let Some(signed_in) = signed_in else {
            let next = parts.uri.path_and_query().map_or(paths::QUEUE, |p| p.as_str());
            let next = if parts.method == axum::http::Method::GET { next } else { paths::QUEUE };
            let form = format!("{}?next={}", paths::SIGN_IN, encode(next));
            return Err(Redirect::to(&web.renderer.address(&form)).into_response());
        };
        Ok(Self { viewer: viewer(&signed_in), actor: signed_in.actor })
    }
}

impl Session {
    /// Checks that a form was made for this session.
    pub(super) fn check(&self, csrf: &str) -> Result<(), Problem> {
        if bool::from(self.viewer.csrf.as_bytes().ct_eq(csrf.as_bytes())) {
            return Ok(());
        }
        let detail =
            "this form is from another session; go back, reload the page and send it again";
        Err(Problem::new(StatusCode::FORBIDDEN, "stale-form", detail))
    }
}

/// The viewer of a page.
pub(super) fn viewer(signed_in: &SignedIn) -> Viewer {
    Viewer {
        person: signed_in.actor.who.clone(),
        roles: signed_in.actor.roles.clone(),
        csrf: signed_in.csrf.clone(),
        namespace: signed_in.actor.namespace.clone(),
    }
}

/// The session's cookie.
pub(in crate::web) fn cookie(headers: &HeaderMap) -> Option<Secret> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs =
        all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| Secret::presented(value))
}

/// The bytes that the address of a page can have in a query as they are, beside letters and digits.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Percent-encodes text for a query.
fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, PLAIN)
}
