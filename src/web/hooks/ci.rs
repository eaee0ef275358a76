//! `/hooks/ci`: a submission as a Standard Webhooks delivery.

use super::addressee::Addressee;
use crate::{
    app::core::once::DeliveryKey,
    identity::hook::{Check, Headers, HookError},
    model::Namespace,
    web::{
        Web,
        api::{self, submission},
        intake,
        problem::{Answer, Problem},
    },
};
use axum::{
    body::{Body, HttpBody as _},
    extract::{Request, State},
    http::{Extensions, HeaderMap, StatusCode},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use std::{future::poll_fn, pin::Pin};

const SOURCE: &str = "ci";

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Problem> {
    let value = headers.get(name).and_then(|v| v.to_str().ok());
    value.ok_or_else(|| {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "hook-unsigned",
            format!("the header `{name}` of a signed webhook is missing"),
        )
    })
}

fn refused(error: HookError) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "hook-refused", error.to_string())
}

/// Submit evidence as a signed webhook. The namespace that the body names selects the secret;
/// nothing else in the body is trusted before the signature is verified. A delivery whose headers
/// cannot be valid is refused unread.
#[utoipa::path(
    post, path = "/hooks/ci", tag = "hooks",
    params(
        ("webhook-id" = String, Header, min_length = 1, max_length = 255, description = "Unique for each delivery, the same when it is repeated"),
        ("webhook-timestamp" = i64, Header, description = "Seconds since 1970, within five minutes of now"),
        ("webhook-signature" = String, Header, description = "`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64; several are separated by spaces")
    ),
    request_body = crate::wire::release::SubmitV1,
    responses(
        (status = 201, body = crate::wire::release::DecidedV1),
        (status = 200, body = crate::wire::release::DecidedV1, description = "The same delivery was processed before")
    )
)]
pub async fn receive(State(web): State<Web>, request: Request) -> Answer<Response> {
    intake::allow(&request, web.max_body as u64);
    let (parts, body) = request.into_parts();
    let signed = Headers {
        id: header(&parts.headers, "webhook-id")?,
        timestamp: header(&parts.headers, "webhook-timestamp")?,
        signature: header(&parts.headers, "webhook-signature")?,
    };
    signed.check(web.service.now()).map_err(refused)?;
    if !web.service.awaits_hooks(SOURCE).await? {
        return Err(refused(HookError::Signature));
    }
    let (namespace, bytes) = signed_body(&web, &signed, &parts.extensions, body).await?;
    let (mut submission, identity) = submission::from_json(bytes).await?;
    if *submission.model.namespace() != namespace {
        return Err(refused(HookError::Signature));
    }
    let actor = web.service.hook_sender(namespace, SOURCE);
    let key = DeliveryKey {
        source: format!("hook:{SOURCE}"),
        key: signed.id.to_owned(),
        request: identity,
        formerly: None,
    };
    submission.delivery = Some(key);
    let answer = web.service.submit(&actor, submission).await?;
    api::submitted(&web, answer).await
}

/// The body, and whose secret signed it. The signature is computed while the body arrives, and
/// reading stops as soon as it cannot be valid.
async fn signed_body(
    web: &Web,
    signed: &Headers<'_>,
    extensions: &Extensions,
    mut body: Body,
) -> Result<(Namespace, Bytes), Problem> {
    let mut bytes = BytesMut::new();
    let mut addressee = Addressee::default();
    let mut check: Option<(Namespace, Check)> = None;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(piece) = frame.map_err(|_| intake::unreadable(extensions))?.into_data() else {
            continue;
        };
        if bytes.is_empty() {
            let rest = usize::try_from(body.size_hint().lower()).unwrap_or(0);
            bytes.reserve(piece.len() + rest.min(web.max_body));
        }
        bytes.extend_from_slice(&piece);
        if let Some((_, check)) = &mut check {
            check.update(&piece);
            continue;
        }
        addressee.read(&piece);
        if addressee.done() {
            let namespace = addressee.namespace().ok_or_else(|| refused(HookError::Signature))?;
            let secrets = web.service.hook_secrets(&namespace, SOURCE).await?;
            if secrets.is_empty() {
                // The same answer as for a wrong secret, so that it does not reveal whether the
                // namespace exists.
                return Err(refused(HookError::Signature));
            }
            let mut begun = Check::new(signed, &secrets);
            begun.update(&bytes);
            check = Some((namespace, begun));
        }
    }
    let (namespace, check) = check.ok_or_else(|| {
        let detail = if addressee.whole() {
            "the webhook's body names no `model`, so no secret is known"
        } else {
            "the webhook's body ended before it named a `model`, so no secret is known: it is not a complete JSON object; send all of it"
        };
        Problem::new(StatusCode::UNAUTHORIZED, "hook-refused", detail)
    })?;
    check.finish().map_err(refused)?;
    Ok((namespace, bytes.freeze()))
}
