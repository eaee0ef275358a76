//! `/`: the releases that wait for the viewer.

use super::{draw, session::Session};
use crate::{
    app::{Filter, gate::releases::History},
    model::Approval,
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
    let mut histories = Vec::new();
    if place.after.is_none() {
        for stored in web.service.releases(&session.actor, &recent).await? {
            histories.push(web.service.history(&session.actor, &stored.release.id).await?);
        }
    }
    let size = log_size(&web, &session).await;
    let page = move || {
        with_items(&histories, |items| QueuePage::new(&session.viewer, size, waiting, items, None))
    };
    draw(&web, page).await
}

/// One page of the releases that wait for the viewer. All pending releases are read, a batch at a
/// time, because only the decision says whom a release waits for.
async fn waiting(web: &Web, session: &Session, after: Option<u64>) -> Answer<Waiting> {
    let mut waiting = Waiting::after(after);
    let mut seen = None;
    loop {
        let batch = web.service.pending(&session.actor, seen, BATCH).await?;
        for pending in &batch {
            let (latest, approvals) =
                (Some(&pending.decision), pending.decision.record.approvals.as_slice());
            let standing = Some(&pending.standing);
            waiting.take(
                &session.viewer,
                &Item { release: &pending.release, latest, approvals, standing },
            );
        }
        seen = batch.last().map(|pending| pending.release.log_index);
        if seen.is_none() {
            return Ok(waiting);
        }
    }
}

/// Builds a page from releases as lists show them.
pub(super) fn with_items<P>(histories: &[History], page: impl FnOnce(&[Item<'_>]) -> P) -> P {
    let votes: Vec<Vec<Approval>> = histories.iter().map(History::votes).collect();
    let item = |(history, approvals)| {
        let History { stored, standing, .. }: &History = history;
        let approvals: &Vec<Approval> = approvals;
        Item {
            release: &stored.release,
            latest: history.latest(),
            approvals,
            standing: Some(standing),
        }
    };
    let items: Vec<Item<'_>> = histories.iter().zip(&votes).map(item).collect();
    page(&items)
}

/// The size of the viewer's log; 0 if the namespace has no log yet.
pub(super) async fn log_size(web: &Web, session: &Session) -> u64 {
    web.service.checkpoint(&session.viewer.namespace).await.map_or(0, |head| head.size)
}
