//! The report of one release: a self-contained page that does not need this service.

use super::{Web, problem::Answer, views::release};
use crate::{
    app::{core::blocking, core::error::AppError},
    identity::Actor,
    model::ReleaseId,
};

/// The report of a release, as HTML.
pub(super) async fn draw(web: &Web, actor: &Actor, id: &ReleaseId) -> Answer<String> {
    let (history, indexes) = web.service.story(actor, id).await?;
    let renderer = web.renderer.clone();
    let drawn = blocking::run(move || renderer.render(&release::whole(&history, &indexes))).await?;
    Ok(drawn.map_err(AppError::failed)?)
}
