//! The input of the engine: where rows are, what the columns are, what is wanted, and which threads
//! work.

use super::{
    PredictionsError,
    block::{Reader, Wanted},
};
use crate::model::{Against, Columns, Plan};

/// A set of files that can be read as often as needed, each time for some columns.
pub trait Source: Sync {
    /// A reader of these columns, in this order, from the first row on.
    ///
    /// # Errors
    /// When a file cannot be read or has no such column.
    fn open(&self, wanted: &[Wanted]) -> Result<Box<dyn Reader + '_>, PredictionsError>;
}

/// The threads that work at the same time. Floor 1 starts no threads, so a higher floor provides
/// them.
pub trait ThreadPool: Sync {
    /// How many threads there are; at least 1.
    fn size(&self) -> usize;
    /// Calls `work` with each of `0..size()`, at the same time if it can, and returns when all are done.
    fn run(&self, work: &(dyn Fn(usize) + Sync));
}

/// A pool of one thread: the caller's own.
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

/// Everything that one computation needs.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// What the candidate predicted.
    pub predictions: &'a dyn Source,
    /// Labels and groups in a separate data set, joined on the id.
    pub labels: Option<&'a dyn Source>,
    /// The predictions of the artifacts that the plan's contrasts name.
    pub baselines: &'a [(Against, &'a dyn Source)],
    /// The data that drift is measured from.
    pub drift_reference: Option<&'a dyn Source>,
    /// The role of each column.
    pub columns: &'a Columns,
    /// What is wanted.
    pub plan: &'a Plan,
    /// The threads that do the work.
    pub pool: &'a dyn ThreadPool,
}
