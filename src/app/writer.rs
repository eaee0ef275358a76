//! One task that writes, batching what waits: while one batch is being made durable, the next one gathers.

use super::{
    error::{AppError, Kind},
    heads::HeadKeeper,
    notary::Notary,
};
use crate::store::{Done, Store, StoreError, Work};
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, oneshot};

/// The most works in one transaction.
const BATCH: usize = 256;
/// How many works may wait before callers do.
const QUEUE: usize = 4096;
/// How often a batch is tried again after another replica moved a head first.
const TRIES: u32 = 20;

struct Job {
    work: Work,
    reply: oneshot::Sender<Result<Done, AppError>>,
}

/// Hands works to the writing task.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
    stop: Arc<Notify>,
}

impl Writer {
    /// Starts the writing task. It ends, after the last batch, when every handle is gone or it is told to.
    pub fn start(store: Store, notary: Arc<Notary>, heads: HeadKeeper) -> (Self, tokio::task::JoinHandle<()>) {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let stop = Arc::new(Notify::new());
        let told = stop.clone();
        (Self { jobs, stop }, tokio::spawn(run(store, notary, heads, queue, told)))
    }

    /// Takes no more works. Those that wait are written, and then the writing task ends.
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// Stores `work` and returns when it is durable and under a signed head.
    ///
    /// # Errors
    /// When the database fails or the service is stopping; then nothing was stored.
    pub async fn write(&self, work: Work) -> Result<Done, AppError> {
        let (reply, answer) = oneshot::channel();
        let stopping = || AppError::new(Kind::Failed, "stopping", "the service is stopping; try again");
        self.jobs.send(Job { work, reply }).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }
}

async fn run(store: Store, notary: Arc<Notary>, heads: HeadKeeper, mut queue: mpsc::Receiver<Job>, stop: Arc<Notify>) {
    let mut jobs = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            () = stop.notified() => {
                // What was handed in before is still received.
                queue.close();
                continue;
            }
            count = queue.recv_many(&mut jobs, BATCH) => if count == 0 { return },
        }
        let (works, replies): (Vec<Work>, Vec<_>) = jobs.drain(..).map(|job| (job.work, job.reply)).unzip();
        let outcomes = write(&store, &notary, &heads, &works).await;
        for (reply, outcome) in replies.into_iter().zip(outcomes) {
            // Whoever asked may be gone; what they asked for is stored all the same.
            let _ = reply.send(outcome);
        }
    }
}

async fn write(store: &Store, notary: &Notary, heads: &HeadKeeper, works: &[Work]) -> Vec<Result<Done, AppError>> {
    match append(store, notary, heads, works).await {
        Ok(done) => done.into_iter().map(Ok).collect(),
        Err(error) if works.len() == 1 => vec![Err(error.into())],
        Err(error) => {
            // One bad work must not take the others with it.
            tracing::warn!(%error, works = works.len(), "a batch failed; writing its works one by one");
            let mut outcomes = Vec::with_capacity(works.len());
            for work in works {
                let alone = append(store, notary, heads, std::slice::from_ref(work)).await;
                let only = alone.map(|done| done.into_iter().next());
                outcomes.push(match only {
                    Ok(Some(done)) => Ok(done),
                    Ok(None) => Err(AppError::broken("a work without an outcome")),
                    Err(error) => Err(error.into()),
                });
            }
            outcomes
        }
    }
}

async fn append(store: &Store, notary: &Notary, heads: &HeadKeeper, works: &[Work]) -> Result<Vec<Done>, StoreError> {
    let mut tries = 0;
    loop {
        match store.append(works, notary).await {
            Ok(done) => {
                heads.keep(notary.take());
                return Ok(done);
            }
            Err(StoreError::HeadMoved(_)) if tries < TRIES => {
                notary.take();
                tries += 1;
            }
            Err(error) => {
                notary.take();
                return Err(error);
            }
        }
    }
}
