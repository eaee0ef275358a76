//! The use cases: what the service does, without HTTP and without a command line.

pub mod approve;
mod audit;
pub mod check;
pub mod compute;
mod decide;
pub mod env;
pub mod error;
mod export;
mod heads;
pub mod inspect;
mod log;
pub mod notary;
pub mod people;
pub mod policy_tests;
pub mod publish;
pub mod releases;
pub mod replay;
mod shelf;
pub mod submit;
pub mod tally;
mod writer;

use crate::{keys::Keyring, store::Store};
use env::Env;
use error::AppError;
use heads::HeadKeeper;
use notary::Notary;
use people::TokenCache;
use shelf::Shelf;
use std::{path::PathBuf, sync::Arc};
use tally::Tally;
use tokio::task::JoinHandle;
use writer::Writer;

/// The service: its database, its keys, its one writer.
pub struct Service {
    env: Env,
    store: Store,
    notary: Arc<Notary>,
    heads: HeadKeeper,
    writer: Writer,
    shelf: Shelf,
    tokens: TokenCache,
    tally: Tally,
    nobody: String,
}

/// What a service is started from.
pub struct Parts {
    /// Clock and randomness.
    pub env: Env,
    /// The database.
    pub store: Store,
    /// The keys.
    pub keys: Keyring,
    /// The address that others know the service by.
    pub public_url: String,
    /// The folder to keep heads in; `None` to keep none.
    pub heads: Option<PathBuf>,
}

impl Service {
    /// Starts the service, after checking that every log is the one it signed. The handle ends when the last batch
    /// is durable, once the service is dropped.
    ///
    /// # Errors
    /// When a log is broken, a key cannot sign, or the database fails.
    pub async fn start(parts: Parts) -> Result<(Arc<Self>, JoinHandle<()>), AppError> {
        let notary = Arc::new(Notary::new(&parts.keys, &parts.public_url)?);
        let heads = match &parts.heads {
            Some(folder) => HeadKeeper::open(folder).map_err(AppError::failed)?,
            None => HeadKeeper::none(),
        };
        let (writer, ended) = Writer::start(parts.store.clone(), notary.clone(), heads.clone());
        let service = Self {
            env: parts.env,
            store: parts.store,
            notary,
            heads,
            writer,
            shelf: Shelf::default(),
            tokens: TokenCache::default(),
            tally: Tally::default(),
            nobody: people::NOBODY.to_owned(),
        };
        service.check_logs().await?;
        Ok((Arc::new(service), ended))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), AppError> {
        Ok(self.store.ping().await?)
    }

    /// The address that others know the service by.
    pub fn public_url(&self) -> &str {
        self.notary.public_url()
    }

    /// An id for a request that came without one.
    pub fn new_request_id(&self) -> String {
        self.env.new_id()
    }

    /// The present moment.
    pub fn now(&self) -> crate::model::Timestamp {
        self.env.now()
    }
}
