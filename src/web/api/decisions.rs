//! `/api/v1/decisions`

use super::{json_of, releases, size};
use crate::web::extract::Path;
use crate::{
    app::{core::error::AppError, transparency::export::Export},
    model::DecisionId,
    web::{
        Web,
        extract::Bearer,
        problem::Answer,
        stream::{self, Pieces, Stopped},
    },
    wire::{
        common::{ExportV1, ProblemV1},
        release::DecisionV1,
    },
};
use axum::{extract::State, response::Response};
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
) -> Answer<Response> {
    let decision = web.service.decision_read(&actor, &id).await?;
    json_of(size(&decision.record.verdict), releases::decision(decision)).await
}

/// Everything needed to verify and replay a decision without this service.
#[utoipa::path(
    get, path = "/api/v1/decisions/{decision}/export", tag = "decisions", params(("decision" = String, Path)),
    responses((status = 200, body = ExportV1), (status = 401, body = ProblemV1), (status = 404, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn export(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Path(id): Path<DecisionId>,
) -> Answer<Response> {
    let export = web.service.export_decision(&actor, &id).await?;
    Ok(stream::answer("application/json", |pieces| write(export, pieces)))
}

/// How many bytes are encoded at once: a multiple of three, so that the pieces join to one base64
/// text.
const PIECE: usize = 3 << 18;

/// An [`ExportV1`], file by file.
async fn write(mut export: Export, to: Pieces) -> Result<(), Stopped> {
    to.send("{\"files\":[").await?;
    let mut first = true;
    while let Some((path, bytes)) = export.next().await? {
        let path = serde_json::to_string(&path).map_err(AppError::failed)?;
        let comma = if first { "" } else { "," };
        to.send(format!("{comma}{{\"path\":{path},\"content_base64\":\"")).await?;
        for piece in bytes.chunks(PIECE) {
            to.send(STANDARD.encode(piece)).await?;
        }
        to.send("\"}").await?;
        first = false;
    }
    to.send("]}").await
}
