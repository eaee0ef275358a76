//! The downloads and the assets of pages.

use super::{draw, queue::log_size, session::Session};
use crate::web::extract::{Path, Query};
use crate::{
    app::offline::inspect::inspect,
    model::{DecisionId, Digest, ReleaseId},
    render,
    web::{
        Web,
        problem::{Answer, Problem},
        release_report,
        views::{DocumentPage, Parts},
    },
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

pub(super) const HTML: &str = "text/html; charset=utf-8";

/// A file to download, never to be shown in place: a report has styles of its own, and evidence is
/// untrusted bytes.
pub(super) fn download(name: &str, content_type: &'static str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [
            (header::CONTENT_TYPE, content_type.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        bytes,
    )
        .into_response()
}

/// The report of one release.
pub(super) async fn release_report(
    State(web): State<Web>,
    session: Session,
    Path(id): Path<ReleaseId>,
) -> Answer<Response> {
    let text = release_report::draw(&web, &session.actor, &id).await?;
    Ok(download(&format!("release-{id}.html"), HTML, text.into_bytes()))
}

/// The signed record of a decision: the payload of its envelope.
pub(super) async fn record(
    State(web): State<Web>,
    session: Session,
    Path(id): Path<DecisionId>,
) -> Answer<Response> {
    let stored = web.service.decision(&session.actor, &id).await?;
    Ok(download(
        &format!("record-{id}.json"),
        "application/vnd.in-toto+json",
        stored.record.statement,
    ))
}

/// A document of evidence.
pub(super) async fn evidence(
    State(web): State<Web>,
    session: Session,
    Path(digest): Path<Digest>,
) -> Answer<Response> {
    let stored = web.service.evidence(&session.actor, &digest).await?;
    Ok(download(
        &format!("evidence-{:.12}", digest.hex()),
        "application/octet-stream",
        stored.bytes,
    ))
}

/// The part of each table that is shown, counted from 1.
#[derive(Debug, Deserialize)]
pub(super) struct PartsQuery {
    checks: Option<usize>,
    numbers: Option<usize>,
}

/// What was read from a document.
pub(super) async fn read(
    State(web): State<Web>,
    session: Session,
    Path((release, digest)): Path<(ReleaseId, Digest)>,
    Query(parts): Query<PartsQuery>,
) -> Answer<Response> {
    let document = web.service.document(&session.actor, &release, &digest).await?;
    let size = log_size(&web, &session).await;
    let parts = Parts { checks: parts.checks.unwrap_or(1), numbers: parts.numbers.unwrap_or(1) };
    let page = move || {
        let read = inspect(&document.evidence);
        DocumentPage::new(&session.viewer, size, &release, (&read, &document.claimed), parts)
    };
    draw(&web, page).await
}

/// A style sheet or a drawing. Its address contains its digest, so browsers may cache it
/// permanently.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Answer<Response> {
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not-found", "there is no such file");
    let asset = render::asset(&name).ok_or_else(missing)?;
    let kept = [
        (header::ETAG, asset.etag),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == asset.etag) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    Ok((kept, [(header::CONTENT_TYPE, asset.content_type)], asset.bytes).into_response())
}
