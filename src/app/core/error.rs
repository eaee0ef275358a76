//! The error of a use case: a kind for the caller, a stable code for scripts, and a sentence for
//! people.

use crate::{identity::Denied, store::StoreError};

/// The code for a damaged database.
pub const DAMAGED: &str = "database-damaged";
/// The code for a row that its log entry does not prove.
const UNPROVED: &str = "row-unproved";
/// The code for a database that is an older state of itself, or another database.
pub(in crate::app) const ROLLED_BACK: &str = "log-rolled-back";
/// The code for a database that is no longer at its path.
pub(in crate::app) const REPLACED: &str = "database-replaced";
/// The code for signed heads that cannot be read.
pub(in crate::app) const HEADS_UNREADABLE: &str = "heads-unreadable";

/// The kind of a failure; HTTP and the command line each map it in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong.
    Invalid,
    /// The caller is not signed in, or the token is not valid.
    Unauthenticated,
    /// The caller lacks permission.
    Forbidden,
    /// The thing does not exist, or it belongs to another namespace.
    NotFound,
    /// The request conflicts with a later change.
    Conflict,
    /// It is too large.
    TooLarge,
    /// The caller made too many attempts.
    TooMany,
    /// The service failed; the caller may try again.
    Failed,
}

/// Why a use case failed. Nothing was stored, unless the message says that this is unknown.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct AppError {
    /// The kind of failure.
    pub kind: Kind,
    /// The stable code, in kebab case.
    pub code: &'static str,
    /// What is wrong and what to do next.
    pub message: String,
    /// After how many seconds the caller can try again, if that is known.
    pub retry_after: Option<u32>,
    /// The internal cause; logged, never shown.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What is wrong with a row that its log entry does not prove.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unproved(String);

impl AppError {
    /// The failure of a row that its log entry does not prove. `what` says which, and what is wrong.
    pub(in crate::app) fn unproved(what: impl Into<String>) -> Self {
        let what = what.into();
        tracing::error!(what, "a row of the database is not what was logged");
        let message = format!(
            "{what}, so it is not served. The database was changed outside modelgate: run `modelgate db check`, and \
             restore a good copy"
        );
        let cause: Option<Box<dyn std::error::Error + Send + Sync>> =
            Some(Box::new(Unproved(what)));
        Self { kind: Kind::Failed, code: UNPROVED, message, retry_after: None, cause }
    }

    /// What is wrong with the row, if this is the failure of a row that its entry does not prove.
    pub(in crate::app) fn unproved_row(&self) -> Option<&str> {
        let unproved = self.cause.as_ref()?.downcast_ref::<Unproved>();
        unproved.map(|Unproved(what)| what.as_str())
    }

    /// A failure without an internal cause.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), retry_after: None, cause: None }
    }

    /// The request is wrong.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }

    /// The same failure, with the number of seconds after which to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The failure that no such `thing` exists in this namespace.
    pub fn not_found(thing: &str) -> Self {
        Self::new(Kind::NotFound, "not-found", format!("there is no such {thing} here"))
    }

    /// A failure of the service, with its internal cause.
    pub fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let message = "the service could not do this now; nothing was stored, try again".to_owned();
        Self {
            kind: Kind::Failed,
            code: "service-failed",
            message,
            retry_after: None,
            cause: Some(Box::new(cause)),
        }
    }

    /// The failure of a damaged database.
    pub fn damaged() -> Self {
        let message = "the database is damaged: run `modelgate db check`, and restore a good copy";
        Self::new(Kind::Failed, DAMAGED, message)
    }

    /// The failure of a clock that was set back: nothing is signed until it has caught up.
    pub fn clock_behind(by_us: i64) -> Self {
        let seconds = by_us.unsigned_abs().div_ceil(1_000_000);
        let message = format!(
            "the service's clock is {seconds} s behind the newest entry of the log, so nothing can be signed; correct \
             the clock, or wait that long"
        );
        Self::new(Kind::Failed, "clock-behind", message)
    }

    /// A failure of the service without an error value of its own.
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
                let message = "the database did not report whether this was stored: read it back, or send it again \
                               with the same `Idempotency-Key`, which stores it at most once";
                ("outcome-unknown", message.to_owned())
            }
            StoreError::NotDurable(_) => (
                "not-durable",
                "the database did not keep what was stored; try again, and see the service's log"
                    .into(),
            ),
            StoreError::Inconsistent(what) => return Self::unproved(what),
            _ if error.is_damage() => {
                return Self { cause: Some(Box::new(error)), ..Self::damaged() };
            }
            _ => return Self::failed(error),
        };
        Self { kind: Kind::Failed, code, message, retry_after: None, cause: Some(Box::new(error)) }
    }
}

impl From<Denied> for AppError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Scope(_) | Denied::NotAPerson => {
                Self::new(Kind::Forbidden, "forbidden", denied.to_string())
            }
            // Answered as if the thing did not exist: a caller must not learn what other namespaces
            // contain.
            Denied::Namespace(_) => Self::new(Kind::NotFound, "not-found", denied.to_string()),
        }
    }
}
