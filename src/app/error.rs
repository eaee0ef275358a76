//! How a use case fails: a kind for the caller, a stable code for scripts, a sentence for people.

use crate::{identity::Denied, store::StoreError};

/// The code of a database that is damaged.
pub const DAMAGED: &str = "database-damaged";
/// The code of a database that is an older state of itself, or another one.
pub(super) const ROLLED_BACK: &str = "log-rolled-back";
/// The code of a database that is no longer at its path.
pub(super) const REPLACED: &str = "database-replaced";
/// The code of heads that cannot be read.
pub(super) const HEADS_UNREADABLE: &str = "heads-unreadable";

/// What sort of failure it is; HTTP and the command line each map it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong.
    Invalid,
    /// Nobody is signed in, or the token does not count.
    Unauthenticated,
    /// They may not.
    Forbidden,
    /// There is no such thing, or it is another's.
    NotFound,
    /// It does not fit what has happened since.
    Conflict,
    /// It is too large.
    TooLarge,
    /// They have tried too often.
    TooMany,
    /// The service failed; the caller may try again.
    Failed,
}

/// Why a use case could not be done. Nothing was stored, unless the message says that this is unknown.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct AppError {
    /// What sort of failure.
    pub kind: Kind,
    /// Stable, kebab-case.
    pub code: &'static str,
    /// What is wrong and what to do next.
    pub message: String,
    /// When the caller may try again, in seconds, where that is known.
    pub retry_after: Option<u32>,
    /// What went wrong inside; logged, never shown.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl AppError {
    /// A failure without an inner cause.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), retry_after: None, cause: None }
    }

    /// The request is wrong.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }

    /// The same, to be tried again after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// There is no such `thing`.
    pub fn not_found(thing: &str) -> Self {
        Self::new(Kind::NotFound, "not-found", format!("there is no such {thing} here"))
    }

    /// The service failed.
    pub fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let message = "the service could not do this now; nothing was stored, try again".to_owned();
        Self { kind: Kind::Failed, code: "service-failed", message, retry_after: None, cause: Some(Box::new(cause)) }
    }

    /// The database is damaged.
    pub fn damaged() -> Self {
        let message = "the database is damaged: run `modelgate db check`, and bring back a good copy";
        Self::new(Kind::Failed, DAMAGED, message)
    }

    /// The clock was set back: nothing is signed until it has caught up.
    pub fn clock_behind(by_us: i64) -> Self {
        let seconds = by_us.unsigned_abs().div_ceil(1_000_000);
        let message = format!(
            "the service's clock is {seconds} s behind the newest entry of the log, so that nothing can be signed; set \
             the clock right, or wait that long"
        );
        Self::new(Kind::Failed, "clock-behind", message)
    }

    /// The service failed at something that has no error of its own.
    pub fn broken(what: impl Into<String>) -> Self {
        Self::failed(std::io::Error::other(what.into()))
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let (code, message) = match &error {
            StoreError::ClockBehind { by_us, .. } => return Self::clock_behind(*by_us),
            StoreError::RolledBack { .. } => (ROLLED_BACK, error.to_string()),
            StoreError::Replaced(_) => (REPLACED, error.to_string()),
            StoreError::HeadsUnreadable(_) => (HEADS_UNREADABLE, error.to_string()),
            StoreError::Unknown(_) => {
                let message = "the database did not say whether this was stored: ask for it, or send it again with the \
                               same `Idempotency-Key`, which stores it at most once";
                ("outcome-unknown", message.to_owned())
            }
            StoreError::NotDurable(_) => (
                "not-durable",
                "the database did not keep what was stored; try again, and see the service's log".into(),
            ),
            _ if error.is_damage() => return Self { cause: Some(Box::new(error)), ..Self::damaged() },
            _ => return Self::failed(error),
        };
        Self { kind: Kind::Failed, code, message, retry_after: None, cause: Some(Box::new(error)) }
    }
}

impl From<Denied> for AppError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Scope(_) | Denied::NotAPerson => Self::new(Kind::Forbidden, "forbidden", denied.to_string()),
            // As if it did not exist: whether another namespace has such a thing is nobody's business.
            Denied::Namespace(_) => Self::new(Kind::NotFound, "not-found", denied.to_string()),
        }
    }
}
