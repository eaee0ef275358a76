//! Whether the database takes writes: what `readyz` tells, and what the writer asks before it goes on after a failure.

use super::{
    error::{AppError, Kind},
    heads::{self, HeadKeeper},
};
use crate::{
    model::Namespace,
    store::{KnownHead, Store, StoreError},
};
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

const ROLLED_BACK: &str = "log-rolled-back";

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
    /// Something that was read is damaged. Only a start, which looks at the whole file, takes that back.
    damaged: bool,
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
        let mut state = self.state();
        (state.worked_at, state.failure) = (Some(Instant::now()), None);
    }

    /// A batch of about `size` bytes failed.
    pub(super) fn failed(&self, error: &StoreError, size: usize) {
        let (code, message) = told(error);
        let filler = size.clamp(*FILLER.start(), *FILLER.end());
        self.state().failure = Some(Failure { at: Instant::now(), code, message, filler });
    }

    /// Something that was read is damaged.
    pub(super) fn damaged(&self) {
        self.state().damaged = true;
    }

    /// Refuses once damage was seen.
    pub(super) fn undamaged(&self) -> Result<(), AppError> {
        if self.state().damaged { Err(AppError::damaged()) } else { Ok(()) }
    }

    /// Refuses while the database is known to be an older state of itself: what it says was overtaken.
    pub(super) async fn before_read(&self) -> Result<(), AppError> {
        let rolled_back = self.state().failure.as_ref().is_some_and(|failure| failure.code == ROLLED_BACK);
        if rolled_back { self.check().await } else { Ok(()) }
    }

    /// Refuses what was read of a log, if its head is not at least `known`, which was known before the reading.
    pub(super) async fn after_read(
        &self,
        namespace: &Namespace,
        known: Option<(KnownHead, String)>,
    ) -> Result<(), AppError> {
        let Some(known) = known else { return Ok(()) };
        let found = self.store.log_head(namespace).await?;
        heads::holds(&known, found.as_ref()).map_err(|why| {
            let error = StoreError::RolledBack { namespace: namespace.to_string(), why };
            self.failed(&error, 0);
            error.into()
        })
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
        let known = self.heads.all_remembered();
        let found = self.store.log_heads().await?;
        known.iter().try_for_each(|(namespace, known)| {
            let found = found.iter().find(|head| head.namespace == *namespace);
            heads::holds(known, found).map_err(|why| StoreError::RolledBack { namespace: namespace.to_string(), why })
        })
    }
}

fn refusal(failure: &Failure) -> AppError {
    AppError::new(Kind::Failed, failure.code, failure.message.clone())
}

/// A code and a sentence that anyone may read; what the driver said is in the log.
fn told(error: &StoreError) -> (&'static str, String) {
    match error {
        StoreError::RolledBack { .. } => (ROLLED_BACK, error.to_string()),
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
