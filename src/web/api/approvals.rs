//! `/api/v1/releases/{release}/approvals`

use super::{decided, json_of, size};
use crate::web::extract::Path;
use crate::{
    app::gate::approve::Ballot,
    model::{Digest, ReleaseId},
    web::{
        Web,
        extract::{Bearer, Sent, body, json},
        problem::Answer,
    },
    wire::{
        common::ProblemV1,
        release::{DecidedV1, VoteV1},
    },
};
use axum::{
    extract::{Request, State},
    response::Response,
};

/// Approve or reject a release for exactly the inputs that you saw.
#[utoipa::path(
    post, path = "/api/v1/releases/{release}/approvals", tag = "releases",
    params(("release" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = VoteV1,
    responses(
        (status = 200, body = DecidedV1), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1),
        (status = 403, body = ProblemV1), (status = 404, body = ProblemV1), (status = 409, body = ProblemV1),
        (status = 422, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn vote(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Path(release): Path<ReleaseId>,
    request: Request,
) -> Answer<Response> {
    let sent = Sent::of(&request);
    let bytes = body(request, &web).await?;
    let vote: VoteV1 = json(&bytes)?;
    let ballot = Ballot {
        release: release.clone(),
        vote: vote.vote,
        comment: vote.comment,
        inputs_digest: vote.inputs_digest,
        delivery: sent.delivery_key(&actor, Digest::of(&bytes))?,
    };
    let decision = web.service.vote(&actor, ballot).await?;
    json_of(size(&decision.record.verdict), decided(&web.service, release, decision)).await
}
