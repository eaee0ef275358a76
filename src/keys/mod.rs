//! Signers: where private keys are kept and used.

mod file;

pub use file::FileSigner;

use crate::ledger::Signer;
use std::{fmt, path::Path, path::PathBuf, sync::Arc};

/// Why a key could not be created, saved or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file or its directory cannot be read or written.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// The action that failed.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others could read the key, or replace it.
    #[error(
        "`{path}` is open to others (mode {mode:03o}): restrict it to the service with `chmod 600`"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file contains no key that can be used.
    #[error("`{path}` contains no usable key: {why}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// The system provided no new key.
    #[error("the system provided no new key: its source of randomness failed")]
    Generate,
    /// One key would have two purposes.
    #[error("the {0} and the {1} key are the same: each purpose needs a key of its own")]
    Shared(&'static str, &'static str),
}

impl KeyError {
    /// The stable word for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "key-io",
            Self::Exposed { .. } => "key-exposed",
            Self::Unusable { .. } => "key-unusable",
            Self::Generate => "key-generate",
            Self::Shared(..) => "key-shared",
        }
    }
}

/// The service's keys: one for each purpose, never shared between them.
#[derive(Clone)]
pub struct Keyring {
    /// Signs decisions.
    pub decision: Arc<dyn Signer>,
    /// Signs the heads of logs.
    pub log: Arc<dyn Signer>,
}

const DECISION: &str = "decision.key";
const LOG: &str = "log.key";

impl Keyring {
    /// The first of the two keys that is not in a directory; `None` if both are.
    pub fn missing(directory: &Path) -> Option<PathBuf> {
        [DECISION, LOG].map(|name| directory.join(name)).into_iter().find(|path| !path.exists())
    }

    /// The keys `decision.key` and `log.key` of a directory. Those that do not exist are created,
    /// and the directory too.
    ///
    /// # Errors
    /// When a key cannot be read, created or saved, is open to others, or has both purposes.
    pub fn open_or_create(directory: &Path) -> Result<Self, KeyError> {
        let open = |name: &str| file::open_or_create(&directory.join(name));
        let (decision, log) = (open(DECISION)?, open(LOG)?);
        if decision.kid() == log.kid() {
            return Err(KeyError::Shared("decision", "log"));
        }
        Ok(Self { decision: Arc::new(decision), log: Arc::new(log) })
    }

    /// New keys in memory only: for tests, and for a demonstration that leaves nothing behind.
    ///
    /// # Errors
    /// When the system provides none.
    pub fn ephemeral() -> Result<Self, KeyError> {
        Ok(Self {
            decision: Arc::new(FileSigner::generate()?),
            log: Arc::new(FileSigner::generate()?),
        })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("decision", &self.decision.kid())
            .field("log", &self.log.kid())
            .finish()
    }
}
