//! `/api/v1/decisions`

use super::releases;
use crate::web::extract::Path;
use crate::{
    model::DecisionId,
    web::{Web, extract::Bearer, problem::Answer},
    wire::{
        common::{ExportV1, FileV1, ProblemV1},
        release::DecisionV1,
    },
};
use axum::{Json, extract::State};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// One decision.
#[utoipa::path(
    get, path = "/api/v1/decisions/{decision}", tag = "decisions", params(("decision" = String, Path)),
    responses((status = 200, body = DecisionV1), (status = 401, body = ProblemV1), (status = 404, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn get(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Path(id): Path<DecisionId>,
) -> Answer<Json<DecisionV1>> {
    let stored = web.service.decision(&actor, &id).await?;
    let decision = stored.decision().map_err(crate::app::error::AppError::from)?;
    Ok(Json(releases::decision(decision)))
}

/// Everything that verifies and replays a decision without this service.
#[utoipa::path(
    get, path = "/api/v1/decisions/{decision}/export", tag = "decisions", params(("decision" = String, Path)),
    responses((status = 200, body = ExportV1), (status = 401, body = ProblemV1), (status = 404, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn export(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Path(id): Path<DecisionId>,
) -> Answer<Json<ExportV1>> {
    let files = web.service.export_decision(&actor, &id).await?;
    let file = |(path, bytes): (String, Vec<u8>)| FileV1 { path, content_base64: STANDARD.encode(bytes) };
    Ok(Json(ExportV1 { files: files.into_iter().map(file).collect() }))
}
