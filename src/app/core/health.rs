//! Whether the database accepts writes: `readyz` reports it, and the writer checks it before it
//! continues after a failure.

use crate::app::{
    core::error::{AppError, DAMAGED, HEADS_UNREADABLE, Kind, REPLACED, ROLLED_BACK},
    core::heads::{Guard, HeadKeeper, Known},
};
use crate::{
    ledger::merkle::Tree,
    model::Namespace,
    store::{FoundHead, KnownHead, LogHead, Seal as _, Snapshot, Store, StoreError},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long a result is reused: a success, and a failure.
const BELIEVED: Duration = Duration::from_secs(1);
const DOUBTED: Duration = Duration::from_millis(250);
/// How long a probe may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// After a failure, a probe writes about as many bytes as the failed batch did, so that a few bytes
/// that fit are not taken for enough free space.
const FILLER: std::ops::RangeInclusive<usize> = (64 << 10)..=(4 << 20);

#[derive(Debug, Clone)]
struct Failure {
    at: Instant,
    code: &'static str,
    message: String,
    filler: usize,
}

impl Failure {
    /// Whether nothing that the database contains can be proved. Only a check of all its logs
    /// clears this: a batch that was stored proves nothing about another log.
    fn proves_nothing(&self) -> bool {
        matches!(self.code, ROLLED_BACK | REPLACED)
    }
}

#[derive(Debug, Default)]
struct State {
    worked_at: Option<Instant>,
    failure: Option<Failure>,
    /// Damaged data was read. Only a restart, which checks the whole file, clears this.
    damaged: bool,
}

/// The result of the last write.
pub(in crate::app) struct Health {
    store: Store,
    heads: Arc<HeadKeeper>,
    guard: Arc<Guard>,
    state: Mutex<State>,
    probing: tokio::sync::Mutex<()>,
}

impl Health {
    pub(in crate::app) fn new(store: Store, heads: Arc<HeadKeeper>, guard: Arc<Guard>) -> Self {
        Self {
            store,
            heads,
            guard,
            state: Mutex::default(),
            probing: tokio::sync::Mutex::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a batch was made durable.
    pub(in crate::app) fn worked(&self) {
        let mut state = self.state();
        state.worked_at = Some(Instant::now());
        state.failure.take_if(|failure| !failure.proves_nothing());
    }

    /// Records that a batch of about `size` bytes failed.
    pub(in crate::app) fn failed(&self, error: &StoreError, size: usize) {
        let (code, message) = told(error);
        let filler = size.clamp(*FILLER.start(), *FILLER.end());
        let failure = Failure { at: Instant::now(), code, message, filler };
        let mut state = self.state();
        state.damaged |= error.is_damage();
        state.failure = match state.failure.take() {
            // This condition remains, even if something else fails after it.
            Some(worse) if worse.proves_nothing() && !failure.proves_nothing() => {
                Some(Failure { at: failure.at, ..worse })
            }
            _ => Some(failure),
        };
    }

    /// Refuses if a file of the database was replaced or removed.
    pub(in crate::app) fn in_place(&self) -> Result<(), AppError> {
        self.store.in_place().map_err(|error| {
            self.failed(&error, 0);
            error.into()
        })
    }

    /// Records that damaged data was read.
    pub(in crate::app) fn damaged(&self) {
        self.state().damaged = true;
    }

    /// Refuses after damage was seen.
    pub(in crate::app) fn undamaged(&self) -> Result<(), AppError> {
        if self.state().damaged { Err(AppError::damaged()) } else { Ok(()) }
    }

    /// Refuses while the database is known to be an older state of itself, or is no longer at its
    /// path: its data may be out of date.
    pub(in crate::app) async fn before_read(&self) -> Result<(), AppError> {
        self.in_place()?;
        let proves_nothing = self.state().failure.as_ref().is_some_and(Failure::proves_nothing);
        if proves_nothing { self.check().await } else { Ok(()) }
    }

    /// Refuses data that was read from a log, if the head of the log does not continue `known`, the
    /// head known before the read.
    pub(in crate::app) async fn after_read(
        &self,
        namespace: &Namespace,
        known: Option<(KnownHead, String)>,
    ) -> Result<(), AppError> {
        let Some(known) = known else { return Ok(()) };
        let found = self.store.log_head(namespace).await?;
        // Almost always, the head is the same as before, or one that this process has signed or
        // proved since.
        let again = |head: &LogHead, (_, text): &(KnownHead, String)| head.checkpoint == *text;
        if let Some(head) = &found
            && (again(head, &known)
                || self.heads.remembered(namespace).is_some_and(|last| again(head, &last)))
        {
            return Ok(());
        }
        let mut snapshot = self.store.snapshot().await?;
        let head = snapshot.log_head(namespace).await?;
        let outcome = self.holds(&mut snapshot, namespace, head.as_ref(), &known.into()).await;
        snapshot.end().await?;
        outcome.map_err(|error| {
            if matches!(error, StoreError::RolledBack { .. }) {
                self.failed(&error, 0);
            }
            error.into()
        })
    }

    /// Checks that a log contains everything that was known of it, as a batch does before it is
    /// admitted.
    async fn holds(
        &self,
        snapshot: &mut Snapshot,
        namespace: &Namespace,
        head: Option<&LogHead>,
        known: &Known,
    ) -> Result<(), StoreError> {
        let Some(head) = head else {
            let nothing =
                FoundHead { namespace, size: 0, root: Tree::new().root(), checkpoint: "" };
            return self.guard.continues(&nothing, known).map(drop);
        };
        let root = Tree::parse(&head.edge).map_err(|e| StoreError::log(namespace, e))?.root();
        let found = FoundHead { namespace, size: head.size, root, checkpoint: &head.checkpoint };
        for prefix in self.guard.continues(&found, known)? {
            if snapshot.root_at(namespace, prefix.size, head.size).await? != prefix.root {
                return Err(StoreError::no_prefix(namespace, prefix.size));
            }
        }
        self.heads.proved(head, root);
        Ok(())
    }

    /// Refuses while the last write failed and a new probe fails too.
    pub(in crate::app) async fn before_write(&self) -> Result<(), AppError> {
        if self.state().failure.is_none() { Ok(()) } else { self.check().await }
    }

    /// Checks that the database accepts writes, with a result that is at most one second old.
    pub(in crate::app) async fn check(&self) -> Result<(), AppError> {
        if let Some(known) = self.known() {
            return known;
        }
        let _turn = self.probing.lock().await;
        // A caller that waited for the lock uses the result of the probe before it.
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

    /// Writes to the database now, and compares its heads with the signed ones.
    pub(in crate::app) async fn probe(&self) -> Result<(), AppError> {
        let began = Instant::now();
        let filler = self.state().failure.as_ref().map_or(0, |failure| failure.filler);
        let probed = tokio::time::timeout(PATIENCE, self.ask(filler)).await;
        let late = || {
            StoreError::NotDurable(format!(
                "it did not answer within {} seconds",
                PATIENCE.as_secs()
            ))
        };
        if let Err(error) = probed.unwrap_or_else(|_| Err(late())) {
            tracing::error!(%error, "the database accepts no writes, or its logs cannot be signed");
            self.failed(&error, filler);
        } else {
            let mut state = self.state();
            state.worked_at = Some(Instant::now());
            // A failure after the start of this probe is not cleared by it.
            state.failure.take_if(|failure| failure.at <= began);
        }
        self.state().failure.as_ref().map_or(Ok(()), |failure| Err(refusal(failure)))
    }

    async fn ask(&self, filler: usize) -> Result<(), StoreError> {
        self.store.probe(filler).await?;
        let mut known = self.guard.all_known()?;
        let mut snapshot = self.store.snapshot().await?;
        let found = snapshot.log_heads().await?;
        for head in &found {
            let namespace = &head.namespace;
            if !self.guard.knows(namespace)
                && let Some(identity) = self.store.identity(namespace, &*self.guard).await?
            {
                self.guard.adopt(namespace, &identity).map_err(StoreError::Seal)?;
            }
            let known = known.remove(namespace).unwrap_or_default();
            self.holds(&mut snapshot, namespace, Some(head), &known).await?;
        }
        for (namespace, known) in &known {
            self.holds(&mut snapshot, namespace, None, known).await?;
        }
        snapshot.end().await
    }
}

fn refusal(failure: &Failure) -> AppError {
    AppError::new(Kind::Failed, failure.code, failure.message.clone())
}

/// The code and the public message of a failure; the driver's own error is only logged.
fn told(error: &StoreError) -> (&'static str, String) {
    match error.origin() {
        StoreError::RolledBack { .. } => (ROLLED_BACK, error.to_string()),
        replaced @ StoreError::Replaced(_) => (REPLACED, replaced.to_string()),
        StoreError::HeadsUnreadable(_) => (HEADS_UNREADABLE, error.to_string()),
        damage if damage.is_damage() => (DAMAGED, AppError::damaged().message),
        _ => {
            let why = if error.is_full() { ": the disk is full" } else { "" };
            let message = format!(
                "the database accepts no writes{why}; nothing is decided until it does, and then the service continues \
                 without a restart: see the service's log"
            );
            ("database-not-writable", message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::core::notary::Notary, keys::Keyring};

    async fn health(folder: &std::path::Path) -> Health {
        let store = Store::open(folder.join("m.db").to_str().unwrap()).await.unwrap();
        let notary =
            Arc::new(Notary::new(&Keyring::ephemeral().unwrap(), "https://gate.test").unwrap());
        let heads = Arc::new(HeadKeeper::open(&[folder.join("heads")]).unwrap());
        let guard = Arc::new(Guard::new(notary, heads.clone()));
        Health::new(store, heads, guard)
    }

    /// The reported code of a failure, before and after a later write succeeded.
    async fn told_after(
        health: &Health,
        error: &StoreError,
    ) -> (Option<&'static str>, Option<&'static str>) {
        let code = || health.state().failure.as_ref().map(|failure| failure.code);
        health.failed(error, 0);
        let told = code();
        health.worked();
        (told, code())
    }

    #[tokio::test]
    async fn damage_that_a_batch_meets_stays_told() {
        let folder = tempfile::tempdir().unwrap();
        let health = health(folder.path()).await;
        let inside = StoreError::Unknown(Box::new(StoreError::Damaged("a page".into())));
        assert_eq!(told_after(&health, &inside).await, (Some(DAMAGED), None));
        assert_eq!(
            health.undamaged().unwrap_err().code,
            DAMAGED,
            "a successful write does not repair a page"
        );
    }

    #[tokio::test]
    async fn only_a_look_at_all_logs_takes_back_that_one_was_rolled_back() {
        let folder = tempfile::tempdir().unwrap();
        let health = health(folder.path()).await;
        let late = StoreError::NotDurable("slow".into());
        assert_eq!(told_after(&health, &late).await, (Some("database-not-writable"), None));
        let rolled_back = StoreError::rolled_back("acme", "why");
        assert_eq!(told_after(&health, &rolled_back).await, (Some(ROLLED_BACK), Some(ROLLED_BACK)));
        assert_eq!(
            told_after(&health, &late).await.1,
            Some(ROLLED_BACK),
            "another failure does not hide it"
        );
        health.probe().await.unwrap();
        assert!(health.state().failure.is_none());
        let replaced = StoreError::Unknown(Box::new(StoreError::Replaced("m.db".into())));
        assert_eq!(told_after(&health, &replaced).await.1, Some(REPLACED));
    }
}
