//! The queue: what waits for me, and what happened lately.

use super::{Frame, Item, Notice, ReleaseRow, Section, Viewer, paths, samples, waits_for};
use crate::render::Page;
use serde::Serialize;

/// The queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueuePage {
    frame: Frame,
    waiting: Vec<ReleaseRow>,
    waiting_count: usize,
    recent: Vec<ReleaseRow>,
    roles: String,
    all: &'static str,
}

impl Page for QueuePage {
    const TEMPLATE: &'static str = "pages/queue";
}

impl QueuePage {
    /// The queue of `viewer`. `items`, newest first: every pending release of the namespace with its approvals, and
    /// the latest others; this splits them.
    pub fn new(viewer: &Viewer, log_size: u64, items: &[Item<'_>], notice: Option<Notice>) -> Self {
        let (waiting, recent): (Vec<&Item<'_>>, Vec<&Item<'_>>) =
            items.iter().partition(|i| waits_for(viewer, i.release, i.latest, i.approvals));
        Self {
            frame: Frame::new("Queue", Section::Queue, Some(viewer), Some(log_size)).with_notice(notice),
            waiting_count: waiting.len(),
            waiting: waiting.into_iter().map(ReleaseRow::from).collect(),
            recent: recent.into_iter().map(ReleaseRow::from).collect(),
            roles: viewer.roles.join(", "),
            all: paths::RELEASES,
        }
    }

    /// One with something of everything.
    pub fn sample() -> Self {
        let stories = samples::Story::all();
        let items: Vec<Item<'_>> = stories.iter().map(samples::Story::item).collect();
        Self::new(&samples::reviewer(), 48, &items, None)
    }

    /// The very first one.
    pub fn empty() -> Self {
        Self::new(&samples::reviewer(), 3, &[], None)
    }
}
