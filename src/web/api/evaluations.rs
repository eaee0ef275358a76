//! `/api/v1/releases/{release}/evaluations`

use super::{decided, json_of, size};
use crate::{
    model::ReleaseId,
    web::{
        Web,
        extract::{Bearer, Path},
        problem::Answer,
    },
    wire::{common::ProblemV1, release::DecidedV1},
};
use axum::{extract::State, response::Response};

/// Evaluate a waiting release again, with the policies, champion and reference of today. If nothing
/// has moved, its decision stays as it is. Approvals of the earlier inputs do not count for the new
/// ones.
#[utoipa::path(
    post, path = "/api/v1/releases/{release}/evaluations", tag = "releases",
    params(("release" = String, Path)),
    responses(
        (status = 200, body = DecidedV1), (status = 401, body = ProblemV1), (status = 403, body = ProblemV1),
        (status = 404, body = ProblemV1), (status = 409, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn again(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Path(release): Path<ReleaseId>,
) -> Answer<Response> {
    let decision = web.service.evaluate_again(&actor, &release).await?;
    json_of(size(&decision.record.verdict), decided(&web.service, release, decision)).await
}
