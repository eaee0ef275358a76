//! The one task that writes. It batches changes: while one batch is made durable, the next one is
//! collected.

use crate::app::{
    core::error::{AppError, Kind},
    core::heads::{Guard, HeadKeeper},
    core::health::Health,
    core::notary::Notary,
};
use crate::store::{Change, Committed, Store, StoreError};
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, oneshot};

/// The most changes in one transaction.
const BATCH: usize = 256;
/// How many changes may wait in the queue; further callers wait until there is room.
const QUEUE: usize = 4096;
/// How often a batch is attempted again after another replica moved a head first.
const TRIES: u32 = 20;

struct Job {
    change: Change,
    reply: oneshot::Sender<Result<Committed, AppError>>,
}

/// A handle to the writing task.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
    stop: Arc<Notify>,
}

impl Writer {
    /// Starts the writing task. It ends, after the last batch, when every handle is dropped or
    /// [`Writer::stop`] is called.
    pub(in crate::app) fn start(
        store: Store,
        notary: Arc<Notary>,
        heads: Arc<HeadKeeper>,
        guard: Arc<Guard>,
        health: Arc<Health>,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let stop = Arc::new(Notify::new());
        let told = stop.clone();
        let desk = Desk { store, notary, heads, guard, health };
        (Self { jobs, stop }, tokio::spawn(run(desk, queue, told)))
    }

    /// Accepts no more changes. Those that wait are written, and then the writing task ends.
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// Stores `change` and returns when it is durable and under a signed head.
    ///
    /// # Errors
    /// When the database fails or the service is stopping; then nothing was stored, unless the error says that this is
    /// unknown.
    pub async fn write(&self, change: Change) -> Result<Committed, AppError> {
        let (reply, answer) = oneshot::channel();
        let stopping =
            || AppError::new(Kind::Failed, "stopping", "the service is stopping; try again");
        self.jobs.send(Job { change, reply }).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }
}

/// What the writing task needs.
struct Desk {
    store: Store,
    notary: Arc<Notary>,
    heads: Arc<HeadKeeper>,
    guard: Arc<Guard>,
    health: Arc<Health>,
}

async fn run(desk: Desk, mut queue: mpsc::Receiver<Job>, stop: Arc<Notify>) {
    let mut jobs = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            () = stop.notified() => {
                // Works that were sent before are still received.
                queue.close();
                continue;
            }
            count = queue.recv_many(&mut jobs, BATCH) => if count == 0 { return },
        }
        let (changes, replies): (Vec<Change>, Vec<_>) =
            jobs.drain(..).map(|job| (job.change, job.reply)).unzip();
        let outcomes = match desk.health.before_write().await {
            Ok(()) => desk.write(&changes).await,
            Err(refusal) => refuse_all(&changes, &refusal),
        };
        for (reply, outcome) in replies.into_iter().zip(outcomes) {
            // The caller may be gone; its change is stored nevertheless.
            let _ = reply.send(outcome);
        }
    }
}

fn refuse_all(changes: &[Change], refusal: &AppError) -> Vec<Result<Committed, AppError>> {
    changes
        .iter()
        .map(|_| Err(AppError::new(refusal.kind, refusal.code, refusal.message.clone())))
        .collect()
}

impl Desk {
    async fn write(&self, changes: &[Change]) -> Vec<Result<Committed, AppError>> {
        let error = match self.append(changes).await {
            Ok(done) => {
                self.health.worked();
                return done.into_iter().map(Ok).collect();
            }
            Err(error) => error,
        };
        tracing::warn!(%error, changes = changes.len(), "a batch failed");
        self.health.failed(&error, changes.iter().map(Change::weight).sum());
        let probed = self.health.probe().await;
        // Works that may have been stored must not be attempted again as if nothing had happened.
        if let ([_], _) | (_, StoreError::Unknown(_) | StoreError::NotDurable(_)) =
            (changes, &error)
        {
            let error = AppError::from(error);
            let others = refuse_all(changes.get(1..).unwrap_or_default(), &error);
            return std::iter::once(Err(error)).chain(others).collect();
        }
        match probed {
            Ok(()) => self.write_one_by_one(changes).await,
            Err(refusal) => refuse_all(changes, &refusal),
        }
    }

    /// Writes each change separately, so that one bad change does not fail the others.
    async fn write_one_by_one(&self, changes: &[Change]) -> Vec<Result<Committed, AppError>> {
        let mut outcomes = Vec::with_capacity(changes.len());
        for change in changes {
            let outcome = match self.health.before_write().await {
                Ok(()) => Box::pin(self.write(std::slice::from_ref(change))).await.pop(),
                Err(refusal) => Some(Err(refusal)),
            };
            outcomes.push(
                outcome.unwrap_or_else(|| Err(AppError::broken("a change without an outcome"))),
            );
        }
        outcomes
    }

    async fn append(&self, changes: &[Change]) -> Result<Vec<Committed>, StoreError> {
        let mut tries = 0;
        loop {
            match self.store.append(changes, &*self.guard).await {
                Ok(done) => {
                    self.heads.keep(self.notary.take());
                    return Ok(done);
                }
                Err(StoreError::HeadMoved(_)) if tries < TRIES => {
                    self.notary.take();
                    tries += 1;
                }
                Err(error) => {
                    self.notary.take();
                    return Err(error);
                }
            }
        }
    }
}
