//! `/hooks/ci`: a submission as a Standard Webhooks delivery.

use crate::{
    app::submit::DeliveryKey,
    identity::hook::Headers,
    model::Digest,
    web::{
        Web,
        api::{self, submission},
        extract::body,
        problem::{Answer, Problem},
    },
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};

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

/// Takes a submission from a sender that signs. The secret is looked up by the namespace that the body names, and
/// nothing else of the body is believed before the signature holds.
pub async fn receive(State(web): State<Web>, request: Request) -> Answer<Response> {
    let headers = request.headers().clone();
    let signed = Headers {
        id: header(&headers, "webhook-id")?,
        timestamp: header(&headers, "webhook-timestamp")?,
        signature: header(&headers, "webhook-signature")?,
    };
    let bytes = body(request, &web).await?;
    let mut submission = submission::from_json(&bytes)?;
    let actor = web.service.hook_sender(submission.model.namespace(), SOURCE, &signed, &bytes).await?;
    let key = DeliveryKey { source: format!("hook:{SOURCE}"), key: signed.id.to_owned(), request: Digest::of(&bytes) };
    submission.delivery = Some(key);
    let answer = web.service.submit(&actor, submission).await?;
    let status = if answer.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(api::submitted(&web.service, answer))).into_response())
}
