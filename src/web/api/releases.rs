//! `/api/v1/releases`

use super::{
    json_of, logged,
    page::{Limit, cursor},
    size, submission, submitted,
};
use crate::web::extract::{Path, Query};
use crate::{
    app::{Filter, gate::releases::History, gate::standing::Standing},
    model::{Decision, Environment, ModelId, Outcome, Release, ReleaseId},
    web::{
        Web,
        extract::{Bearer, Sent},
        problem::Answer,
    },
    wire::{
        common::{ListV1, ProblemV1},
        release::{
            DecidedV1, DecisionV1, FormV1, ObstacleV1, ReleaseSummaryV1, ReleaseV1, StandingV1,
            SubmitV1,
        },
        verdict::OutcomeV1,
    },
};
use axum::{
    Json,
    extract::{Request, State},
    response::Response,
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Submit evidence and request a release, in one call. The answered decision is durable, signed and
/// logged.
#[utoipa::path(
    post, path = "/api/v1/releases", tag = "releases",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat this request")),
    request_body(
        description = "JSON; or a multipart form with a part `request` of this JSON and a part `evidence` for each file",
        content((SubmitV1 = "application/json"), (FormV1 = "multipart/form-data"))
    ),
    responses(
        (status = 201, body = DecidedV1), (
            status = 200, body = DecidedV1,
            description = "The same request, or one with the same inputs, was decided before; nothing was stored"
        ),
        (status = 400, body = ProblemV1), (status = 401, body = ProblemV1), (status = 403, body = ProblemV1),
        (status = 409, body = ProblemV1), (status = 413, body = ProblemV1), (status = 422, body = ProblemV1),
        (status = 503, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn submit(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    request: Request,
) -> Answer<Response> {
    let sent = Sent::of(&request);
    let (mut submission, identity) = submission::receive(request, web.max_body as u64).await?;
    submission.delivery = sent.delivery_key(&actor, identity)?;
    let answer = web.service.submit(&actor, submission).await?;
    submitted(&web, answer).await
}

/// The releases to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only releases of this model.
    #[param(value_type = Option<String>)]
    model: Option<ModelId>,
    /// Only releases to this environment.
    #[param(value_type = Option<String>)]
    environment: Option<Environment>,
    /// Only releases with this verdict.
    #[param(inline)]
    #[param(inline, value_type = Option<OutcomeV1>)]
    verdict: Option<Outcome>,
    /// The `next` of the previous page.
    cursor: Option<String>,
    /// The maximum number of items on the page.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
}

const PAGE: u32 = 50;

/// List releases, newest first.
#[utoipa::path(
    get, path = "/api/v1/releases", tag = "releases", params(ListQuery),
    responses((status = 200, body = ListV1<ReleaseSummaryV1>), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Query(query): Query<ListQuery>,
) -> Answer<Json<ListV1<ReleaseSummaryV1>>> {
    let limit = query.limit.map_or(PAGE, |limit| limit.0);
    let filter = Filter {
        model: query.model.map(|model| model.to_string()),
        environment: query.environment.map(|environment| environment.to_string()),
        verdict: query.verdict,
        before: query.cursor.as_deref().map(cursor).transpose()?,
        limit,
    };
    let releases = web.service.releases(&actor, &filter).await?;
    let full = releases.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = releases.last().filter(|_| full).map(|last| last.release.log_index.to_string());
    Ok(Json(ListV1 {
        data: releases.iter().map(|listed| summary(&listed.release, listed.verdict)).collect(),
        next,
    }))
}

/// One release with its whole history.
#[utoipa::path(
    get, path = "/api/v1/releases/{release}", tag = "releases", params(("release" = String, Path)),
    responses((status = 200, body = ReleaseV1), (status = 401, body = ProblemV1), (status = 404, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn get(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Path(id): Path<ReleaseId>,
) -> Answer<Response> {
    let history = web.service.history(&actor, &id).await?;
    let size = history.decisions.iter().map(|decision| size(&decision.record.verdict)).sum();
    json_of(size, whole(history)).await
}

fn summary(release: &Release, verdict: Outcome) -> ReleaseSummaryV1 {
    ReleaseSummaryV1 {
        release: release.id.clone(),
        model: release.model.clone(),
        version: release.version.clone(),
        artifact: release.artifact,
        environment: release.environment.clone(),
        verdict,
        submitter: release.submitter.clone(),
        requested_at: release.requested_at,
        log_index: release.log_index,
    }
}

fn whole(history: History) -> ReleaseV1 {
    ReleaseV1 {
        summary: summary(&history.stored.release, history.stored.verdict),
        comment: history.stored.release.comment,
        inputs_digest: history.stored.inputs_digest,
        inputs: history.stored.inputs.into(),
        decisions: history.decisions.into_iter().map(decision).collect(),
        approvals: history.approvals.into_iter().map(|(approval, _)| approval.into()).collect(),
        standing: Some(standing(history.standing)),
    }
}

/// The present state of a release, on the wire.
fn standing(standing: Standing) -> StandingV1 {
    StandingV1 {
        open: standing.open,
        superseded_by: standing.superseded_by,
        ended: standing.ended,
        obstacle: standing
            .obstacle
            .map(|o| ObstacleV1 { code: o.code.to_owned(), message: o.message }),
        approvals: standing.approvals.into_iter().map(Into::into).collect(),
    }
}

/// A decision on the wire.
pub(super) fn decision(decision: Decision) -> DecisionV1 {
    DecisionV1 {
        log: logged(&decision),
        decision: decision.id,
        release: decision.release,
        trigger: decision.trigger,
        decided_at: decision.record.decided_at,
        verdict: decision.record.verdict.into(),
    }
}
