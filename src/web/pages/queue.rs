//! `/`: the releases that wait for the viewer.

use super::{draw, session::Session};
use crate::{
    app::{Filter, gate::releases::Current},
    web::{
        Web,
        extract::Query,
        problem::Answer,
        views::{Item, QueuePage, Waiting},
    },
};
use axum::{extract::State, response::Response};
use serde::Deserialize;

/// How many pending releases are read at once, and how many recent ones are shown.
const BATCH: u32 = 32;
const RECENT: u32 = 10;

#[derive(Debug, Deserialize)]
pub(super) struct Place {
    after: Option<u64>,
}

pub(super) async fn show(
    State(web): State<Web>,
    session: Session,
    Query(place): Query<Place>,
) -> Answer<Response> {
    let waiting = waiting(&web, &session, place.after).await?;
    let recent = Filter { limit: RECENT, ..Filter::default() };
    let recent = match place.after {
        None => web.service.current(&session.actor, &recent).await?,
        Some(_) => Vec::new(),
    };
    let size = log_size(&web, &session).await;
    let page = move || QueuePage::new(&session.viewer, size, waiting, &items(&recent), None);
    draw(&web, page).await
}

/// One page of the releases that wait for the viewer. All pending releases are read, a batch at a
/// time, because only the decision says whom a release waits for.
async fn waiting(web: &Web, session: &Session, after: Option<u64>) -> Answer<Waiting> {
    let mut waiting = Waiting::after(after);
    let mut seen = None;
    loop {
        let batch = web.service.pending(&session.actor, seen, BATCH).await?;
        for item in &items(&batch) {
            waiting.take(&session.viewer, item);
        }
        seen = batch.last().map(|pending| pending.release.log_index);
        if seen.is_none() {
            return Ok(waiting);
        }
    }
}

/// Releases as lists show them.
pub(super) fn items(releases: &[Current]) -> Vec<Item<'_>> {
    let item = |current| {
        let Current { release, decision, standing, .. }: &Current = current;
        let approvals = decision.record.approvals.as_slice();
        Item { release, latest: Some(decision), approvals, standing: Some(standing) }
    };
    releases.iter().map(item).collect()
}

/// The size of the viewer's log; 0 if the namespace has no log yet.
pub(super) async fn log_size(web: &Web, session: &Session) -> u64 {
    web.service.checkpoint(&session.viewer.namespace).await.map_or(0, |head| head.size)
}
