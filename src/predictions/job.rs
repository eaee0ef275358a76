//! What the engine is handed: where rows are, what the columns are, what is wanted, and who works.

use super::{
    PredictionsError,
    block::{Reader, Wanted},
};
use crate::model::{Against, Columns, Plan};

/// A set of files that can be read as often as needed, each time for some columns.
pub trait Source: Sync {
    /// A reader of those columns, in that order, from the first row on.
    ///
    /// # Errors
    /// When a file cannot be read or has no such column.
    fn open(&self, wanted: &[Wanted]) -> Result<Box<dyn Reader + '_>, PredictionsError>;
}

/// Those who work at once. Floor 1 starts no thread, so they come from above.
pub trait ThreadPool: Sync {
    /// How many there are; at least 1.
    fn size(&self) -> usize;
    /// Calls `work` with each of `0..size()`, at the same time if it can, and returns when all are done.
    fn run(&self, work: &(dyn Fn(usize) + Sync));
}

/// A pool of one, in the caller's own thread.
#[derive(Debug, Clone, Copy)]
pub struct SingleThread;

impl ThreadPool for SingleThread {
    fn size(&self) -> usize {
        1
    }
    fn run(&self, work: &(dyn Fn(usize) + Sync)) {
        work(0);
    }
}

/// Everything one computation takes.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// What the candidate predicted.
    pub predictions: &'a dyn Source,
    /// Labels and groups kept apart, joined on the id.
    pub labels: Option<&'a dyn Source>,
    /// What the artifacts predicted that the plan's contrasts name.
    pub baselines: &'a [(Against, &'a dyn Source)],
    /// The data that drift is measured from.
    pub drift_reference: Option<&'a dyn Source>,
    /// Which columns are what.
    pub columns: &'a Columns,
    /// What is wanted.
    pub plan: &'a Plan,
    /// Who works.
    pub pool: &'a dyn ThreadPool,
}
