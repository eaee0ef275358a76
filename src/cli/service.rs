//! The parts that commands share which open the database themselves: settings, and the service.

use super::{exit::Failure, output};
use crate::{
    app::{Parts, Service, UploadLimits, core::env::Env, core::private},
    config::{ConfigError, Partial, Settings},
    keys::Keyring,
    model::Namespace,
    store::{Existing, Store, StoreError},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{task::JoinHandle, time::timeout};

/// How long the last batch may take.
const LAST_BATCH: Duration = Duration::from_secs(3);
/// How long the connections of the database may take to close.
const CLOSE: Duration = Duration::from_secs(1);

/// The places where the service stores its data.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct StoreArgs {
    /// Configuration file, in TOML
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Database: a path, `sqlite:PATH` or `postgres://…` [default: modelgate-data/modelgate.db]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Folder of keys and heads [default: the folder of the SQLite file, else modelgate-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Another folder for the heads of logs, on another disk, so that a data folder restored from
    /// an older backup is detected
    #[arg(long, value_name = "DIR")]
    pub heads: Option<PathBuf>,
    /// Folder of uploaded files, which services on one database must share [default: blobs/ in the data folder]
    #[arg(long, value_name = "DIR")]
    pub blobs: Option<PathBuf>,
    /// The public address of the service [default: <http://LISTEN>]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::input("invalid-configuration", error)
    }
}

impl StoreArgs {
    /// The settings that follow from the command line, the environment and the configuration file, in that order.
    ///
    /// # Errors
    /// When the file cannot be read, or a setting cannot be used.
    pub fn settings(self, listen: Option<String>) -> Result<Settings, Failure> {
        self.settings_with(Partial { listen, ..Partial::default() })
    }

    /// The settings, with those that a command takes in addition to the shared arguments.
    ///
    /// # Errors
    /// As [`StoreArgs::settings`].
    pub fn settings_with(self, more: Partial) -> Result<Settings, Failure> {
        let file = match &self.config {
            None => Partial::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| {
                    Failure::input("unreadable", format!("{}: {e}", path.display()))
                })?;
                Partial::from_toml(&text)?
            }
        };
        let line = Partial {
            database: self.database,
            data: self.data,
            heads: self.heads,
            blobs: self.blobs,
            public_url: self.public_url,
            ..more
        };
        Ok(line.over(Partial::from_variables(&variables())?).over(file).resolve()?)
    }
}

#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
fn variables() -> BTreeMap<String, String> {
    std::env::vars().collect()
}

/// The folders that heads are kept in.
pub(super) fn head_folders(settings: &Settings) -> Vec<PathBuf> {
    std::iter::once(settings.data.join("heads")).chain(settings.heads.clone()).collect()
}

/// Refuses, before anything is created or written, a damaged database, and one whose key is
/// missing: a new key could not continue what the old one signed.
async fn look_before(settings: &Settings, keys: &Path, pages: bool) -> Result<(), Failure> {
    let missing = Keyring::missing(keys);
    if !pages && missing.is_none() {
        return Ok(());
    }
    let mut logs = false;
    if let Some(mut existing) = Existing::open(&settings.database).await.map_err(database)? {
        if pages {
            existing.quick_check().await.map_err(database)?;
        }
        logs = existing.has_logs().await.map_err(database)?;
        existing.close().await.map_err(database)?;
    }
    let Some(path) = missing else { return Ok(()) };
    let kept = head_folders(settings).iter().any(|folder| holds_heads(folder));
    if !logs && !kept {
        return Ok(());
    }
    let there =
        if logs { "the database has logs that it signed" } else { "heads are kept that it signed" };
    let message = format!(
        "the key `{}` is gone, and {there}: a new key cannot continue them. Put it back from your backup, or copy it from \
         another replica; nothing was written",
        path.display()
    );
    Err(Failure::service("key-missing", message))
}

fn holds_heads(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| !entry.file_name().to_string_lossy().contains('.'))
}

/// Creates a folder whose name survives a power cut.
fn durable_folder(folder: &Path) -> std::io::Result<()> {
    let made = !folder.exists();
    private::folder(folder)?;
    let parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if made { std::fs::File::open(parent)?.sync_all() } else { Ok(()) }
}

/// A database that cannot be opened.
pub(super) fn database(error: StoreError) -> Failure {
    if error.is_damage() {
        let message = format!(
            "{error}. Nothing was written; bring back a good copy (`modelgate db restore`)"
        );
        return Failure::service("database-damaged", message);
    }
    Failure::service("database", error)
}

/// An open service, and the handle of its writing task.
pub struct Open {
    /// The service.
    pub service: Arc<Service>,
    /// Whether the public address is certain: set, or the one that the service was started with.
    address_is_known: bool,
    store: Store,
    ended: JoinHandle<()>,
}

impl Open {
    /// Opens the database and the keys, creating what does not exist yet, and checks the pages of a
    /// SQLite file and every log: for commands that serve or check.
    ///
    /// # Errors
    /// When any of it cannot be opened, is damaged, a key is missing, or a log is broken.
    pub async fn with(settings: &Settings) -> Result<Self, Failure> {
        let open = Self::prepared(settings, true).await?;
        open.service.check_logs().await?;
        open.service.take_over_accounts().await?;
        Ok(open)
    }

    /// Opens them without the checks: for commands that do not touch a log, while a service may run.
    ///
    /// # Errors
    /// When any of it cannot be opened, or a key is missing.
    pub async fn unchecked(settings: &Settings) -> Result<Self, Failure> {
        Self::prepared(settings, false).await
    }

    /// The same for commands that change users, tokens and secrets, which the log states.
    ///
    /// # Errors
    /// As [`Open::unchecked`]; when the log cannot be written.
    pub async fn accounts(settings: &Settings) -> Result<Self, Failure> {
        let open = Self::unchecked(settings).await?;
        open.service.take_over_accounts().await?;
        Ok(open)
    }

    /// The same for the service itself, whose address the commands on this database then use.
    ///
    /// # Errors
    /// As [`Open::with`].
    pub async fn serving(settings: &Settings) -> Result<Self, Failure> {
        let settings = Settings { public_url_is_set: true, ..settings.clone() };
        let open = Self::with(&settings).await?;
        open.store.note_address(&settings.public_url).await.map_err(database)?;
        Ok(open)
    }

    /// Says so if a command is about to begin the log of a namespace under an address that may not
    /// be that of the service: a log keeps its name permanently.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tell_beginning(&self, namespace: &Namespace) -> Result<(), Failure> {
        let begun = self.store.log_head(namespace).await.map_err(database)?.is_some();
        if self.address_is_known || begun {
            return Ok(());
        }
        let identity = self.service.identity(namespace).await?;
        output::note(&format!(
            "This begins the log of `{namespace}` under the permanent name `{}`. If the service will have another address, \
             start it first, or give --public-url.",
            identity.origin
        ));
        Ok(())
    }

    async fn prepared(settings: &Settings, pages: bool) -> Result<Self, Failure> {
        let keys = settings.data.join("keys");
        look_before(settings, &keys, pages).await?;
        let failed =
            |e| Failure::service("data-folder", format!("{}: {e}", settings.data.display()));
        durable_folder(&settings.data).map_err(failed)?;
        let keys = Keyring::open_or_create(&keys).map_err(|e| Failure::service(e.code(), &e))?;
        let store = Store::open(&settings.database).await.map_err(database)?;
        let served_at = if settings.public_url_is_set {
            None
        } else {
            store.address().await.map_err(database)?
        };
        let address_is_known = settings.public_url_is_set || served_at.is_some();
        let parts = Parts {
            env: Env::default(),
            store: store.clone(),
            keys,
            public_url: served_at.unwrap_or_else(|| settings.public_url.clone()),
            heads: head_folders(settings),
            observe_only: settings.observe_only.clone(),
            uploads: UploadLimits {
                folder: settings.blobs.clone(),
                max_size: settings.max_upload,
                deadline: Duration::from_secs(settings.upload_seconds),
            },
            limits: settings.limits.clone(),
        };
        let (service, ended) = Service::open(parts)?;
        Ok(Self { service, address_is_known, store, ended })
    }

    /// Lets the last batch become durable and closes the database. Requests that were cut off may
    /// still hold the service or a connection: nothing of them was acknowledged, so they are not
    /// waited for long.
    pub async fn close(self) {
        self.service.stop();
        drop(self.service);
        if timeout(LAST_BATCH, self.ended).await.is_err() {
            tracing::warn!("the last batch was not durable in time; it was not acknowledged");
        }
        let _ = timeout(CLOSE, self.store.close()).await;
    }
}

/// Runs `work` on a new runtime.
///
/// # Errors
/// When no runtime can be created, or the work fails.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::service("runtime", e))?;
    let done = runtime.block_on(work);
    // Abandoned work may still be running: it ends with the process.
    runtime.shutdown_background();
    done
}
