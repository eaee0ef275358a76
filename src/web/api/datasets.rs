//! `/api/v1/datasets`: labels and groups under a name. The rows cannot be read back.

use super::page::{self, PageQuery};
use crate::{
    app::{StoredDataset, registry::datasets::Registration},
    model::Digest,
    web::{
        Web,
        extract::{Bearer, Path, Query, Sent, body, json},
        problem::Answer,
    },
    wire::{
        common::{ListV1, ProblemV1},
        predictions::{DatasetV1, RegisterV1},
    },
};
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};

fn wire(stored: StoredDataset) -> DatasetV1 {
    DatasetV1 {
        name: stored.name,
        digest: stored.digest,
        id: stored.id,
        label: stored.label,
        groups: stored.groups,
        registered_by: stored.registered_by,
        registered_at: stored.registered_at,
        log_index: stored.log_index,
    }
}

/// Register an upload as a data set of labels and groups. A name always means the same rows.
#[utoipa::path(
    post, path = "/api/v1/datasets", tag = "predictions",
    params(("Idempotency-Key" = Option<String>, Header)), request_body = RegisterV1,
    responses(
        (status = 201, body = DatasetV1), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1),
        (status = 403, body = ProblemV1), (status = 409, body = ProblemV1), (status = 422, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn register(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    request: Request,
) -> Answer<(StatusCode, Json<DatasetV1>)> {
    let sent = Sent::of(&request);
    let bytes = body(request, &web).await?;
    let RegisterV1 { name, digest, id, label, groups } = json(&bytes)?;
    let new = Registration { name, digest, id, label, groups };
    let delivery = sent.delivery_key(&actor, Digest::of(&bytes))?;
    Ok((
        StatusCode::CREATED,
        Json(wire(web.service.register_dataset(&actor, new, delivery.as_ref()).await?)),
    ))
}

/// Registered data sets, newest first.
#[utoipa::path(
    get, path = "/api/v1/datasets", tag = "predictions", params(PageQuery),
    responses((status = 200, body = ListV1<DatasetV1>), (status = 401, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Query(query): Query<PageQuery>,
) -> Answer<Json<ListV1<DatasetV1>>> {
    let page = query.page()?;
    Ok(Json(page::answer(page, web.service.datasets(&actor, page).await?, |d| d.log_index, wire)))
}

/// One registered data set.
#[utoipa::path(
    get, path = "/api/v1/datasets/{name}", tag = "predictions", params(("name" = String, Path)),
    responses((status = 200, body = DatasetV1), (status = 401, body = ProblemV1), (status = 404, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn get(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Path(name): Path<String>,
) -> Answer<Json<DatasetV1>> {
    Ok(Json(wire(web.service.dataset(&actor, &name).await?)))
}
