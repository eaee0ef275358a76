//! The number of decisions that this process made, by verdict.

use crate::app::Service;
use crate::model::Outcome;
use std::sync::atomic::{AtomicU64, Ordering};

/// The names of the verdicts, in the order of [`Service::decided`].
pub const VERDICTS: [&str; 4] = ["allow", "deny", "pending", "revoked"];

/// Decisions since the process was started.
#[derive(Debug, Default)]
pub(in crate::app) struct Tally([AtomicU64; VERDICTS.len()]);

impl Tally {
    pub(in crate::app) fn count(&self, outcome: Outcome) {
        for (word, count) in VERDICTS.iter().zip(&self.0) {
            if *word == outcome.as_str() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Service {
    /// The number of decisions that this process made, in the order of [`VERDICTS`].
    pub fn decided(&self) -> [u64; VERDICTS.len()] {
        [0, 1, 2, 3].map(|i: usize| self.tally.0[i].load(Ordering::Relaxed))
    }
}
