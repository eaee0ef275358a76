//! `/log`: the head of the log and how to check it.

use super::{draw, session::Session};
use crate::web::{Web, problem::Answer, views::LogPage};
use axum::{extract::State, response::Response};

pub(super) async fn show(State(web): State<Web>, session: Session) -> Answer<Response> {
    let head = web.service.report_head(&session.actor).await?;
    let service = web.service.clone();
    draw(&web, move || LogPage::new(&session.viewer, head, service.public_url())).await
}
