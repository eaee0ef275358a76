//! `/reports`: the audit report of a period.

use super::{draw, queue::log_size, session::Session};
use crate::web::extract::Query;
use crate::{
    model::{Age, Timestamp},
    web::{
        Web,
        audit::{self, ReportFormat},
        problem::Answer,
        views::ReportsPage,
    },
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;

const DAY: Age = Age::from_secs(86_400);
const MONTH_MICROS: i64 = 29 * 86_400 * 1_000_000;

pub(super) async fn show(State(web): State<Web>, session: Session) -> Answer<Response> {
    let today = web.service.now();
    let month_ago = Timestamp::from_micros(today.micros() - MONTH_MICROS);
    let size = log_size(&web, &session).await;
    draw(&web, move || {
        ReportsPage::new(&session.viewer, size, month_ago.date(), today.date(), None)
    })
    .await
}

#[derive(Debug, Deserialize)]
pub(super) struct AuditQuery {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    format: String,
}

/// The format that the form asks for; an unknown word means HTML.
fn format(word: &str) -> ReportFormat {
    match word {
        "csv" => ReportFormat::Csv,
        "json" => ReportFormat::Json,
        _ => ReportFormat::Html,
    }
}

/// The first moment of a day written `2026-11-20`.
fn day(text: &str) -> Option<Timestamp> {
    format!("{text}T00:00:00Z").parse().ok()
}

pub(super) async fn period(
    State(web): State<Web>,
    session: Session,
    Query(query): Query<AuditQuery>,
) -> Answer<Response> {
    let mistake = match (day(&query.from), day(&query.to)) {
        (Some(from), Some(to)) if from <= to => {
            let name = format!("audit-{}-{}-{}", session.viewer.namespace, query.from, query.to);
            return audit::answer(
                &web,
                &session.actor,
                (from, to.plus(DAY)),
                format(&query.format),
                Some(name),
            )
            .await;
        }
        (Some(_), Some(_)) => "The period ends before it starts.",
        _ => "Give the first and the last day, such as 2026-11-20.",
    };
    let size = log_size(&web, &session).await;
    let page = move || {
        ReportsPage::new(&session.viewer, size, query.from, query.to, Some(mistake.to_owned()))
    };
    let mut response = draw(&web, page).await?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}
