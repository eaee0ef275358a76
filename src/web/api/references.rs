//! `/api/v1/references`: the artifacts that others are compared with; changing one takes two
//! people.

use super::page::{self, Limit};
use crate::{
    app::{Proposal, registry::references::NewReference},
    model::{Digest, Environment, ModelId, ReleaseId as ReferenceId},
    web::{
        Web,
        extract::{Bearer, Path, Query, Sent, body, json},
        problem::Answer,
    },
    wire::{
        common::{ListV1, ProblemV1},
        reference::{
            ApproveReferenceV1, ProposeV1, ReferenceApprovalV1, ReferenceV1, ReferencesV1,
        },
    },
};
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use serde::Deserialize;
use utoipa::IntoParams;

fn wire(stored: Proposal) -> ReferenceV1 {
    let Proposal { proposal, at, log_index, pin } = stored;
    ReferenceV1 {
        reference: proposal.id,
        model: proposal.model,
        environment: proposal.environment,
        artifact: proposal.artifact,
        release: proposal.release,
        comment: proposal.comment,
        proposed_by: proposal.by,
        proposed_at: at,
        log_index,
        approval: pin.map(|pin| ReferenceApprovalV1 {
            by: pin.by,
            comment: pin.comment,
            at: pin.at,
            log_index: pin.log_index,
        }),
    }
}

/// Propose to pin an artifact as the reference. Another person must approve.
#[utoipa::path(
    post, path = "/api/v1/references", tag = "references",
    params(("Idempotency-Key" = Option<String>, Header)), request_body = ProposeV1,
    responses(
        (status = 201, body = ReferenceV1), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1),
        (status = 403, body = ProblemV1), (status = 404, body = ProblemV1), (status = 409, body = ProblemV1),
        (status = 422, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn propose(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    request: Request,
) -> Answer<(StatusCode, Json<ReferenceV1>)> {
    let sent = Sent::of(&request);
    let bytes = body(request, &web).await?;
    let ProposeV1 { model, environment, artifact, comment } = json(&bytes)?;
    let delivery = sent.delivery_key(&actor, Digest::of(&bytes))?;
    let proposal = NewReference { model, environment, artifact, comment, delivery };
    Ok((StatusCode::CREATED, Json(wire(web.service.propose_reference(&actor, proposal).await?))))
}

/// Approve a proposal: from then on its artifact is the reference.
#[utoipa::path(
    post, path = "/api/v1/references/{reference}/approvals", tag = "references",
    params(("reference" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = ApproveReferenceV1,
    responses(
        (status = 200, body = ReferenceV1), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1),
        (status = 403, body = ProblemV1), (status = 404, body = ProblemV1), (status = 409, body = ProblemV1),
        (status = 422, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn approve(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Path(reference): Path<ReferenceId>,
    request: Request,
) -> Answer<Json<ReferenceV1>> {
    let sent = Sent::of(&request);
    let bytes = body(request, &web).await?;
    let vote: ApproveReferenceV1 = json(&bytes)?;
    let delivery = sent.delivery_key(&actor, Digest::of(&bytes))?;
    let approved =
        web.service.approve_reference(&actor, reference.as_str(), &vote.comment, delivery.as_ref());
    Ok(Json(wire(approved.await?)))
}

/// The model and the environment.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReferenceQuery {
    /// The model, `namespace/name`.
    #[param(value_type = String)]
    model: ModelId,
    /// The environment in which it is the reference.
    #[param(value_type = String)]
    environment: Environment,
    /// The `next` of the previous page.
    cursor: Option<String>,
    /// The maximum number of items on the page.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 200)]
    limit: Option<Limit>,
}

/// The reference in force, and every proposal.
#[utoipa::path(
    get, path = "/api/v1/references", tag = "references", params(ReferenceQuery),
    responses(
        (status = 200, body = ReferencesV1), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1),
        (status = 404, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Query(query): Query<ReferenceQuery>,
) -> Answer<Json<ReferencesV1>> {
    let page = page::asked(query.cursor.as_deref(), query.limit)?;
    let found = web.service.references(&actor, &query.model, &query.environment, page).await?;
    let ListV1 { data, next } =
        page::answer(page, found.proposals, |proposal| proposal.log_index, wire);
    Ok(Json(ReferencesV1 { in_force: found.in_force.map(wire), data, next }))
}
