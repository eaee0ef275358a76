//! `/api/v1/models`

use super::page::{self, PageQuery};
use crate::{
    app::Asking,
    web::{
        Web,
        extract::{Bearer, Query},
        problem::Answer,
    },
    wire::{
        common::{ListV1, ProblemV1},
        policy::ModelV1,
    },
};
use axum::{Json, extract::State};

/// Models with a requested release, the most recent request first.
#[utoipa::path(
    get, path = "/api/v1/models", tag = "models", params(PageQuery),
    responses((status = 200, body = ListV1<ModelV1>), (status = 401, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Query(query): Query<PageQuery>,
) -> Answer<Json<ListV1<ModelV1>>> {
    let page = query.page()?;
    let wire = |asking: Asking| ModelV1 { model: asking.model, releases: asking.releases };
    Ok(Json(page::answer(
        page,
        web.service.models(&actor, page).await?,
        |asking| asking.last,
        wire,
    )))
}
