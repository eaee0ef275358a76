//! The queue: the releases that wait for the viewer, and the recent ones.

use super::{Frame, Item, Notice, ReleaseRow, Section, Viewer, paths, samples, waits_for};
use crate::{model::number::grouped, render::Page};
use serde::Serialize;

/// The maximum number of waiting releases on one page.
const PAGE: usize = 50;

/// One page of the releases that wait for a reviewer, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Waiting {
    after: Option<u64>,
    rows: Vec<ReleaseRow>,
    last: Option<u64>,
    before: usize,
    count: usize,
    others: usize,
}

impl Waiting {
    /// The page that begins after the leaf `after`, or the first one.
    pub fn after(after: Option<u64>) -> Self {
        Self { after, ..Self::default() }
    }

    /// Adds the next pending release of the namespace; they come oldest first.
    pub fn take(&mut self, viewer: &Viewer, item: &Item<'_>) {
        if !waits_for(viewer, item) {
            self.others += 1;
            return;
        }
        self.count += 1;
        let index = item.release.log_index;
        if self.after.is_some_and(|after| index <= after) {
            self.before += 1;
        } else if self.rows.len() < PAGE {
            self.rows.push(ReleaseRow::from(item));
            self.last = Some(index);
        }
    }

    /// The address of the next page, if there is one.
    fn next(&self) -> Option<String> {
        let shown = self.before + self.rows.len();
        let last = self.last.filter(|_| shown < self.count)?;
        Some(format!("{}?after={last}", paths::QUEUE))
    }

    /// Which of them are on this page, if it is not all of them.
    fn shown(&self) -> Option<String> {
        let grouped = |n: usize| grouped(n as u64);
        let all = self.rows.len() == self.count;
        let range = (self.before + 1, self.before + self.rows.len());
        let text = || {
            format!(
                "{} to {} of {}, oldest first",
                grouped(range.0),
                grouped(range.1),
                grouped(self.count)
            )
        };
        (!all && !self.rows.is_empty()).then(text)
    }
}

/// The queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueuePage {
    frame: Frame,
    waiting: Vec<ReleaseRow>,
    waiting_count: Option<String>,
    shown: Option<String>,
    next: Option<String>,
    first: Option<&'static str>,
    others: Option<String>,
    pending: String,
    is_first: bool,
    recent: Vec<ReleaseRow>,
    roles: String,
    all: &'static str,
}

impl Page for QueuePage {
    const TEMPLATE: &'static str = "pages/queue";
}

impl QueuePage {
    /// The queue of `viewer`: what waits for them, and `recent`, the newest releases of the namespace, of which those
    /// that wait for them are left out.
    pub fn new(
        viewer: &Viewer,
        log_size: u64,
        waiting: Waiting,
        recent: &[Item<'_>],
        notice: Option<Notice>,
    ) -> Self {
        let recent = recent.iter().filter(|i| !waits_for(viewer, i));
        let counted = |n: usize| (n > 0).then(|| grouped(n as u64));
        Self {
            frame: Frame::new("Queue", Section::Queue, Some(viewer), Some(log_size))
                .with_notice(notice),
            waiting_count: counted(waiting.count),
            shown: waiting.shown(),
            next: waiting.next(),
            first: waiting.after.map(|_| paths::QUEUE),
            others: counted(waiting.others),
            pending: format!("{}?verdict=pending", paths::RELEASES),
            is_first: waiting.after.is_none(),
            waiting: waiting.rows,
            recent: recent.map(ReleaseRow::from).collect(),
            roles: viewer.roles.join(", "),
            all: paths::RELEASES,
        }
    }

    fn of(viewer: &Viewer, items: &[Item<'_>], after: Option<u64>) -> Self {
        let mut waiting = Waiting::after(after);
        let is_pending = |item: &&Item<'_>| {
            item.latest.is_some_and(|d| d.record.verdict.verdict == crate::model::Outcome::Pending)
        };
        items.iter().filter(is_pending).for_each(|item| waiting.take(viewer, item));
        Self::new(viewer, 48, waiting, items, None)
    }

    /// A queue with releases of every kind.
    pub fn sample() -> Self {
        let stories = samples::Story::all();
        let items: Vec<Item<'_>> = stories.iter().map(samples::Story::item).collect();
        Self::of(&samples::reviewer(), &items, None)
    }

    /// A queue that is longer than a page.
    pub fn long() -> Self {
        let story = samples::pending();
        let items: Vec<Item<'_>> = std::iter::repeat_n(story.item(), 1_130).collect();
        Self::of(&samples::reviewer(), &items, None)
    }

    /// The queue of a namespace without releases.
    pub fn empty() -> Self {
        Self::of(&samples::reviewer(), &[], None)
    }
}
