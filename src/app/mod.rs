//! The use cases: what the service does, without HTTP and without a command line.

pub mod accounts;
pub mod core;
pub mod gate;
pub mod offline;
pub mod registry;
pub mod reports;
pub mod transparency;

// What use cases are asked with, and answer with, as the store has it.
pub use crate::store::{Asking, Filter, Page, Proposal, Published, StoredDataset, StoredEntry};
pub use registry::blobs::{Upload, UploadLimits};

use crate::{config::Limits, keys::Keyring, model::ObserveOnlyBy, store::Store};
use accounts::passwords::Passwords;
use accounts::people::TokenCache;
use accounts::throttle::Throttle;
use core::clock::LogClock;
use core::env::Env;
use core::error::AppError;
use core::heads::{Guard, HeadKeeper};
use core::health::Health;
use core::judges::Judges;
use core::notary::Notary;
use core::places::Places;
use core::prover::Prover;
use core::tally::Tally;
use core::writer::Writer;
use gate::attempts::Numbers;
use gate::baselines::BaselineLocks;
use registry::blobs::Blobs;
use registry::policy_cache::PolicyCache;
use std::{path::PathBuf, sync::Arc};
use tokio::{sync::Semaphore, task::JoinHandle};

/// The service: its database, its keys, and its one writer.
pub struct Service {
    env: Env,
    clock: Arc<LogClock>,
    store: Store,
    notary: Arc<Notary>,
    heads: Arc<HeadKeeper>,
    health: Arc<Health>,
    writer: Writer,
    prover: Prover,
    policy_cache: PolicyCache,
    blobs: Blobs,
    baseline_locks: BaselineLocks,
    numbers: Numbers,
    computing: Arc<Semaphore>,
    reports: Places,
    reporting: Arc<Semaphore>,
    exports: Places,
    tokens: TokenCache,
    tally: Tally,
    observe_only: ObserveOnlyBy,
    judges: Judges,
    passwords: Passwords,
    throttle: Throttle,
}

/// The parts that a service is started with.
pub struct Parts {
    /// Clock and randomness.
    pub env: Env,
    /// The database.
    pub store: Store,
    /// The keys.
    pub keys: Keyring,
    /// The public address of the service.
    pub public_url: String,
    /// The folders to keep signed heads in.
    pub heads: Vec<PathBuf>,
    /// Where uploads are stored, and how large they may be.
    pub uploads: UploadLimits,
    /// The environments in which policies may still only observe.
    pub observe_only: ObserveOnlyBy,
    /// The limits for callers who are not signed in.
    pub limits: Limits,
}

impl Service {
    /// Starts the service, after checking that every log is the one it signed. After the service is
    /// stopped or dropped, the handle ends when the last batch is durable.
    ///
    /// # Errors
    /// When a log is broken, a key cannot sign, or the database fails.
    pub async fn start(parts: Parts) -> Result<(Arc<Self>, JoinHandle<()>), AppError> {
        let (service, ended) = Self::open(parts)?;
        service.check_logs().await?;
        service.take_over_accounts().await?;
        Ok((service, ended))
    }

    /// The same without the check: for commands that use no log, or check it in another way.
    ///
    /// # Errors
    /// When a key cannot sign, or the database fails.
    pub fn open(parts: Parts) -> Result<(Arc<Self>, JoinHandle<()>), AppError> {
        let clock = Arc::new(LogClock::over(parts.env.clock));
        let env = Env { clock: clock.clone() };
        let notary =
            Arc::new(Notary::new(&parts.keys, &parts.public_url)?.with_clock(clock.clone()));
        let heads = Arc::new(HeadKeeper::open(&parts.heads).map_err(AppError::failed)?);
        let guard = Arc::new(Guard::new(notary.clone(), heads.clone()));
        let health = Arc::new(Health::new(parts.store.clone(), heads.clone(), guard.clone()));
        let limits = &parts.limits;
        let blobs = Blobs::open(parts.uploads, env.now())?;
        let (writer, ended) = Writer::start(
            parts.store.clone(),
            notary.clone(),
            heads.clone(),
            guard,
            health.clone(),
        );
        let prover = Prover::new(parts.store.clone(), notary.clone());
        let service = Self {
            env,
            clock,
            policy_cache: PolicyCache::new(parts.store.clone(), prover.clone()),
            prover,
            store: parts.store,
            notary,
            heads,
            health,
            writer,
            blobs,
            baseline_locks: BaselineLocks::default(),
            numbers: Numbers::default(),
            computing: Arc::new(Semaphore::new(gate::recompute::AT_ONCE)),
            reports: Places::new(
                reports::audit::OPEN.0,
                reports::audit::OPEN.1,
                reports::audit::WAIT,
            ),
            reporting: Arc::new(Semaphore::new(reports::audit::AT_ONCE)),
            exports: Places::new(
                transparency::export::OPEN.0,
                transparency::export::OPEN.1,
                reports::audit::WAIT,
            ),
            tokens: TokenCache::default(),
            tally: Tally::default(),
            observe_only: parts.observe_only,
            judges: Judges::default(),
            passwords: Passwords::new(limits.password_checks),
            throttle: Throttle::new(
                limits.sign_in_tries,
                limits.sign_in_tries_per_address,
                limits.sign_in_minutes,
            ),
        };
        Ok((Arc::new(service), ended))
    }

    /// The permits to compute verdicts.
    pub fn judges(&self) -> &Judges {
        &self.judges
    }

    /// Accepts no more changes. Those that wait become durable, and then the handle of
    /// [`Service::start`] ends, even if the service is still in use elsewhere.
    pub fn stop(&self) {
        self.writer.stop();
    }

    /// Checks that the database answers and accepts writes, with a result that is at most one
    /// second old, and that the clock permits signing.
    ///
    /// # Errors
    /// When it does not; the code and the message say why.
    pub async fn ready(&self) -> Result<(), AppError> {
        self.health.in_place()?;
        self.store.ping().await?;
        self.health.undamaged()?;
        self.health.check().await?;
        self.clock.tick(self.store.newest_at().await?).map(|_| ()).map_err(AppError::clock_behind)
    }

    /// Checks that the data in the database can be proved: the database is at its path, and is not
    /// known to be an older state of itself.
    ///
    /// # Errors
    /// When it cannot be proved.
    pub async fn provable(&self) -> Result<(), AppError> {
        self.health.before_read().await
    }

    /// Records that damaged data was read: from now on [`Service::ready`] fails.
    pub fn saw_damage(&self) {
        self.health.damaged();
    }

    /// The public address of the service.
    pub fn public_url(&self) -> &str {
        self.notary.public_url()
    }

    /// An id for a request that has none.
    pub fn new_request_id(&self) -> String {
        self.env.new_id()
    }

    /// The current time.
    pub fn now(&self) -> crate::model::Timestamp {
        self.env.now()
    }
}
