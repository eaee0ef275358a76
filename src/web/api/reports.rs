//! `/api/v1/reports`: self-contained documents, which do not need this service.

use crate::{
    model::{ReleaseId, Timestamp},
    web::{
        Web,
        audit::{self, ReportFormat},
        extract::{Bearer, Path, Query},
        problem::Answer,
        release_report,
    },
    wire::common::ProblemV1,
};
use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

const HTML: &str = "text/html; charset=utf-8";

/// The period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodQuery {
    /// The start of the period, included.
    #[param(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The end of the period, not included.
    #[param(value_type = String, format = DateTime)]
    to: Timestamp,
    /// `html`, `csv` or `json`.
    #[serde(default)]
    #[param(inline)]
    format: ReportFormat,
}

/// The audit report of your namespace for a period: every decision, control totals, and whether it is complete.
#[utoipa::path(
    get, path = "/api/v1/reports/audit", tag = "reports", params(PeriodQuery),
    responses(
        (status = 200, content((String = "text/html"), (String = "text/csv"), (serde_json::Map<String, serde_json::Value> = "application/json"))),
        (status = 400, body = ProblemV1), (status = 401, body = ProblemV1), (status = 422, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn period(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Query(query): Query<PeriodQuery>,
) -> Answer<Response> {
    audit::answer(&web, &actor, (query.from, query.to), query.format, None).await
}

/// The report of one release.
#[utoipa::path(
    get, path = "/api/v1/reports/releases/{release}", tag = "reports", params(("release" = String, Path)),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 401, body = ProblemV1), (status = 404, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn of_release(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Path(id): Path<ReleaseId>,
) -> Answer<Response> {
    Ok(([(CONTENT_TYPE, HTML)], release_report::draw(&web, &actor, &id).await?).into_response())
}
