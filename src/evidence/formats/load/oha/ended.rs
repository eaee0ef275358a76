//! How the requests of a run ended, as oha counts them.

use crate::evidence::{collector::Collector, formats::load::sample as load};
use crate::model::{Measurement, Slice};

/// oha's name for requests that the end of the run cut short. They count neither for nor against
/// the service.
const DEADLINE: &str = "aborted due to deadline";

/// How requests ended.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Ended {
    /// Answers of any status.
    pub(super) answers: u64,
    /// Answers whose status is a failure.
    pub(super) bad: u64,
    /// Requests without an answer, except those that the end of the run cut short.
    pub(super) lost: u64,
    /// Requests that the end of the run cut short.
    pub(super) late: u64,
}

impl Ended {
    pub(super) fn counted(self) -> u64 {
        self.answers.saturating_add(self.lost)
    }

    pub(super) fn all(self) -> u64 {
        self.counted().saturating_add(self.late)
    }

    pub(super) fn error(&mut self, what: &str, times: u64) {
        let heap = if what == DEADLINE { &mut self.late } else { &mut self.lost };
        *heap = heap.saturating_add(times);
    }

    /// Adds the error rate and the check.
    pub(super) fn verdict(self, collector: &mut Collector<'_>) {
        if self.lost > 0 {
            load::count(collector, "errors", Slice::overall(), self.lost, Some(self.all()));
        }
        if self.late > 0 {
            load::count(
                collector,
                "aborted due to deadline",
                Slice::overall(),
                self.late,
                Some(self.all()),
            );
        }
        let failed = self.bad.saturating_add(self.lost);
        load::error_rate(collector, Slice::overall(), self.counted(), failed);
        let ended = load::Ended { requests: self.counted(), failed, unfinished: self.late };
        ended.tell(collector, 0, &Slice::overall(), "");
    }
}

/// Fills n, trials and successes of a success rate.
pub(super) fn rate(m: &mut Measurement, ended: Ended) {
    (m.n, m.trials) = (Some(ended.counted()), Some(ended.counted()));
    m.successes = m.value.map(|_| ended.answers);
    if ended.counted() == 0 {
        m.value = None;
    }
}
