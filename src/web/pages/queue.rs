//! `/`: what waits for me.

use super::{draw, session::Session};
use crate::{
    app::releases::History,
    model::{Approval, Outcome},
    store::Filter,
    web::{
        Web,
        problem::Answer,
        views::{Item, QueuePage},
    },
};
use axum::{extract::State, response::Response};
use std::collections::BTreeSet;

/// Pending releases shown at most, and recent others.
const PENDING: u32 = 100;
const RECENT: u32 = 10;

pub(super) async fn show(State(web): State<Web>, session: Session) -> Answer<Response> {
    let pending = Filter { verdict: Some(Outcome::Pending.as_str().to_owned()), limit: PENDING, ..Filter::default() };
    let recent = Filter { limit: RECENT, ..Filter::default() };
    let mut stored = web.service.releases(&session.actor, &pending).await?;
    stored.extend(web.service.releases(&session.actor, &recent).await?);
    let ids: BTreeSet<_> = stored.into_iter().map(|s| (std::cmp::Reverse(s.release.log_index), s.release.id)).collect();
    let mut histories = Vec::with_capacity(ids.len());
    for (_, id) in ids {
        histories.push(web.service.history(&session.actor, &id).await?);
    }
    let votes: Vec<Vec<Approval>> = histories.iter().map(History::votes).collect();
    let items: Vec<Item<'_>> = histories.iter().zip(&votes).map(|(history, votes)| item(history, votes)).collect();
    let size = log_size(&web, &session).await;
    draw(&web, &QueuePage::new(&session.viewer, size, &items, None))
}

/// A release as lists show it.
pub(super) fn item<'a>(history: &'a History, approvals: &'a [Approval]) -> Item<'a> {
    Item { release: &history.stored.release, latest: history.latest(), approvals }
}

/// The size of the viewer's log; 0 while there is none.
pub(super) async fn log_size(web: &Web, session: &Session) -> u64 {
    web.service.checkpoint(&session.viewer.namespace).await.map_or(0, |head| head.size)
}
