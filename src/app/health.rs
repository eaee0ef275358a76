//! Whether the database takes writes: what `readyz` tells, and what the writer asks before it goes on after a failure.

use super::{
    error::{AppError, Kind},
    heads::HeadKeeper,
};
use crate::store::{Store, StoreError};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long an answer is believed: a good one, and a bad one.
const BELIEVED: Duration = Duration::from_secs(1);
const DOUBTED: Duration = Duration::from_millis(250);
/// How long a probe may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// After a failure a probe writes about as much as what failed, so that a few bytes that fit do not pass for room.
const FILLER: std::ops::RangeInclusive<usize> = (64 << 10)..=(4 << 20);

#[derive(Debug, Clone)]
struct Failure {
    at: Instant,
    code: &'static str,
    message: String,
    filler: usize,
}

#[derive(Debug, Default)]
struct State {
    worked_at: Option<Instant>,
    failure: Option<Failure>,
}

/// How the last write went.
pub(super) struct Health {
    store: Store,
    heads: Arc<HeadKeeper>,
    state: Mutex<State>,
    probing: tokio::sync::Mutex<()>,
}

impl Health {
    pub(super) fn new(store: Store, heads: Arc<HeadKeeper>) -> Self {
        Self { store, heads, state: Mutex::default(), probing: tokio::sync::Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch was made durable.
    pub(super) fn worked(&self) {
        *self.state() = State { worked_at: Some(Instant::now()), failure: None };
    }

    /// A batch of about `size` bytes failed.
    pub(super) fn failed(&self, error: &StoreError, size: usize) {
        let (code, message) = told(error);
        let filler = size.clamp(*FILLER.start(), *FILLER.end());
        self.state().failure = Some(Failure { at: Instant::now(), code, message, filler });
    }

    /// Refuses while the last write failed and a probe does, too.
    pub(super) async fn before_write(&self) -> Result<(), AppError> {
        if self.state().failure.is_none() { Ok(()) } else { self.check().await }
    }

    /// Whether the database takes writes, as of at most a second ago.
    pub(super) async fn check(&self) -> Result<(), AppError> {
        if let Some(known) = self.known() {
            return known;
        }
        let _turn = self.probing.lock().await;
        // Who waited for the turn has the answer of the one before.
        if let Some(known) = self.known() {
            return known;
        }
        self.probe().await
    }

    fn known(&self) -> Option<Result<(), AppError>> {
        let state = self.state();
        match (&state.failure, state.worked_at) {
            (Some(failure), _) if failure.at.elapsed() < DOUBTED => Some(Err(refusal(failure))),
            (None, Some(at)) if at.elapsed() < BELIEVED => Some(Ok(())),
            _ => None,
        }
    }

    /// Writes to the database now, and holds its heads against those that were signed.
    pub(super) async fn probe(&self) -> Result<(), AppError> {
        let filler = self.state().failure.as_ref().map_or(0, |failure| failure.filler);
        let probed = tokio::time::timeout(PATIENCE, self.ask(filler)).await;
        let late = || StoreError::NotDurable(format!("it did not answer within {} seconds", PATIENCE.as_secs()));
        if let Err(error) = probed.unwrap_or_else(|_| Err(late())) {
            tracing::error!(%error, "the database takes no writes");
            self.failed(&error, filler);
            let failure = self.state().failure.clone();
            return failure.map_or(Ok(()), |failure| Err(refusal(&failure)));
        }
        self.worked();
        Ok(())
    }

    async fn ask(&self, filler: usize) -> Result<(), StoreError> {
        self.store.probe(filler).await?;
        let heads = self.store.log_heads().await?;
        self.heads
            .compare(&heads)
            .map_err(|(namespace, why)| StoreError::RolledBack { namespace: namespace.to_string(), why })
    }
}

fn refusal(failure: &Failure) -> AppError {
    AppError::new(Kind::Failed, failure.code, failure.message.clone())
}

/// A code and a sentence that anyone may read; what the driver said is in the log.
fn told(error: &StoreError) -> (&'static str, String) {
    match error {
        StoreError::RolledBack { .. } => ("log-rolled-back", error.to_string()),
        StoreError::Damaged(_) => ("database-damaged", error.to_string()),
        _ => {
            let why = if error.is_full() { ": the disk is full" } else { "" };
            let message = format!(
                "the database takes no writes{why}; nothing is decided meanwhile, and the service goes on by itself when \
                 it takes them again: see the service's log"
            );
            ("database-not-writable", message)
        }
    }
}
