//! `/api/v1/models`

use crate::{
    web::{Web, extract::Bearer, problem::Answer},
    wire::{
        common::{ListV1, ProblemV1},
        policy::ModelV1,
    },
};
use axum::{Json, extract::State};

/// The models that ever asked for a release, by name.
#[utoipa::path(
    get, path = "/api/v1/models", tag = "models",
    responses((status = 200, body = ListV1<ModelV1>), (status = 401, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn list(State(web): State<Web>, Bearer(actor): Bearer) -> Answer<Json<ListV1<ModelV1>>> {
    let models = web.service.models(&actor).await?;
    let data = models.into_iter().map(|(model, releases)| ModelV1 { model, releases }).collect();
    Ok(Json(ListV1 { data, next: None }))
}
