//! Pages for people: each handler extracts, calls one use case, and renders one view.

mod documents;
mod frame;
mod log;
mod queue;
mod release;
mod releases;
mod reports;
mod session;
mod sign_in;

pub(super) use frame::{IsPage, failure};
pub(super) use session::cookie;

use super::{Web, problem::Answer};
use crate::{
    app::{core::blocking, core::error::AppError},
    render::Page,
};
use axum::{
    Router,
    response::{Html, IntoResponse as _, Response},
    routing::{get, post},
};

/// Every page.
pub fn router(web: &Web) -> Router<Web> {
    let pages = Router::new()
        .route("/", get(queue::show))
        .route("/releases", get(releases::show))
        .route("/releases/{release}", get(release::show))
        .route("/releases/{release}/vote", post(release::vote))
        .route("/releases/{release}/evaluate", post(release::evaluate_again))
        .route("/releases/{release}/report.html", get(documents::release_report))
        .route("/releases/{release}/evidence/{digest}", get(documents::read))
        .route("/decisions/{decision}/record.json", get(documents::record))
        .route("/evidence/{digest}", get(documents::evidence))
        .route("/reports", get(reports::show))
        .route("/reports/audit", get(reports::period))
        .route("/log", get(log::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/assets/{name}", get(documents::asset));
    frame::around(pages, web)
}

/// Builds and renders a page on a blocking thread: it may have thousands of findings.
async fn draw<P: Page>(web: &Web, build: impl FnOnce() -> P + Send + 'static) -> Answer<Response> {
    let renderer = web.renderer.clone();
    let drawn = blocking::run(move || renderer.render(&build())).await?;
    Ok(Html(drawn.map_err(AppError::failed)?).into_response())
}
