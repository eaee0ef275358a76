//! Extractors: handlers receive checked values, such as the actor, the body and the idempotency
//! key.

use super::{Web, intake, nearest::with_nearest, problem::Problem};
use crate::{
    app::core::once::DeliveryKey,
    identity::{Actor, Secret},
    model::Digest,
};
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION, request::Parts},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;

/// The actor to whom the bearer token of this request belongs.
pub struct Bearer(pub Actor);

impl FromRequestParts<Web> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let missing = || {
            let detail = "send a token as `Authorization: Bearer <token>`; make one with `modelgate token create`";
            Problem::new(StatusCode::UNAUTHORIZED, "token-missing", detail)
        };
        let value =
            parts.headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).ok_or_else(missing)?;
        let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        Ok(Self(web.service.actor(&Secret::presented(token.trim())).await?))
    }
}

/// The parameters in the path of an address; an invalid one is answered as not found.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Web> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, web).await;
        path.map(|axum::extract::Path(inner)| Self(inner)).map_err(|rejection| {
            Problem::new(StatusCode::NOT_FOUND, "not-found", rejection.body_text())
        })
    }
}

/// The query of an address.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Web> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let query = axum::extract::Query::from_request_parts(parts, web).await;
        query
            .map(|axum::extract::Query(inner)| Self(inner))
            .map_err(|rejection| Problem::bad("invalid-query", with_nearest(rejection.body_text())))
    }
}

/// The fields of a form.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Problem> {
        let (parts, inner) = request.into_parts();
        let bytes = collected(&parts, inner).await?;
        let form =
            axum::Form::from_request(Request::from_parts(parts, Body::from(bytes)), web).await;
        form.map(|axum::Form(inner)| Self(inner))
            .map_err(|rejection| Problem::bad("invalid-form", rejection.body_text()))
    }
}

/// The bytes of a body that carries no evidence and is therefore small.
pub async fn body(request: Request, _: &Web) -> Result<Bytes, Problem> {
    let (parts, inner) = request.into_parts();
    collected(&parts, inner).await
}

/// The bytes of a body of up to `limit` bytes.
pub async fn body_within(request: Request, limit: u64) -> Result<Bytes, Problem> {
    intake::allow(&request, limit);
    let (parts, inner) = request.into_parts();
    collected(&parts, inner).await
}

async fn collected(parts: &Parts, inner: Body) -> Result<Bytes, Problem> {
    // `intake` limits the size.
    to_bytes(inner, usize::MAX).await.map_err(|_| intake::unreadable(&parts.extensions))
}

/// A JSON body as `T`; the error says where the mistake is.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::bad("invalid-json", error.to_string()))
}

/// The longest Idempotency-Key.
const MAX_KEY: usize = 255;

/// The headers and the target of a request, kept while its body is read.
pub struct Sent {
    /// Its headers.
    pub headers: HeaderMap,
    target: String,
}

impl Sent {
    /// Copies them from a request.
    pub fn of(request: &Request) -> Self {
        let target = format!("{} {}", request.method(), request.uri().path());
        Self { headers: request.headers().clone(), target }
    }

    /// The header `Idempotency-Key`, by which a sender marks a repetition of this request. The key
    /// is bound to the method, the path and the body, so that a key of one release is refused for
    /// another.
    pub fn delivery_key(
        &self,
        actor: &Actor,
        body: Digest,
    ) -> Result<Option<DeliveryKey>, Problem> {
        let Some(value) = self.headers.get("idempotency-key") else { return Ok(None) };
        let key = value.to_str().ok().filter(|k| !k.is_empty() && k.len() <= MAX_KEY).ok_or_else(
            || {
                Problem::bad(
                    "invalid-idempotency-key",
                    format!("an Idempotency-Key is 1 to {MAX_KEY} ASCII characters"),
                )
            },
        )?;
        let mut whole = format!("{}\n", self.target).into_bytes();
        whole.extend_from_slice(body.as_bytes());
        Ok(Some(DeliveryKey {
            source: format!("api:{}", actor.who.id),
            key: key.to_owned(),
            request: Digest::of(&whole),
            formerly: Some(body),
        }))
    }
}
