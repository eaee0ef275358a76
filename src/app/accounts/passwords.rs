//! Passwords, hashed and checked with argon2: only a few at a time, because each check needs 19 MiB
//! and one processor.

use crate::app::{
    core::blocking,
    core::error::{AppError, Kind},
};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// The shortest password, in characters.
pub const MIN_PASSWORD: usize = 12;
/// The longest password, in bytes.
pub const MAX_PASSWORD: usize = 1_024;
/// How many checks may wait for each one that may run. Further ones are refused and can try again
/// later.
const WAITING: usize = 16;
/// How long a check waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// After how many seconds a refused caller can try again.
const RETRY_AFTER: u32 = 2;

/// The hash to compare with if the user name is unknown; no known password has it.
const UNKNOWN: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8";

/// Hashes and checks passwords.
#[derive(Debug)]
pub(in crate::app) struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Passwords {
    /// Passwords with at most `at_once` checks running at once.
    pub(in crate::app) fn new(at_once: u64) -> Self {
        let at_once = usize::try_from(at_once).unwrap_or(usize::MAX).clamp(1, 1_024);
        Self {
            running: Arc::new(Semaphore::new(at_once)),
            waiting: Arc::new(Semaphore::new(at_once * (1 + WAITING))),
        }
    }

    /// The hash of a password, as a PHC string.
    pub(in crate::app) async fn hash(&self, password: String) -> Result<String, AppError> {
        let work =
            move || Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string());
        self.run(work).await?.map_err(|e| AppError::broken(e.to_string()))
    }

    /// Whether `password` matches the hash `stored`. Without a hash it does not, and the check
    /// takes as long.
    pub(in crate::app) async fn verify(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<bool, AppError> {
        let work = move || {
            let hash = stored.as_deref().unwrap_or(UNKNOWN);
            let parsed = PasswordHash::new(hash).map_err(|e| AppError::broken(e.to_string()))?;
            let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
            Ok(matches && stored.is_some())
        };
        self.run(work).await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let busy = || {
            let message = "too many people are signing in at the same time; try again in a moment";
            AppError::new(Kind::Failed, "busy", message).retry_after(RETRY_AFTER)
        };
        let waiting = self.waiting.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = tokio::time::timeout(PATIENCE, self.running.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(AppError::failed)?;
        // The work continues after the caller is gone, so its permit is held until it ends.
        let work = move || {
            let done = work();
            drop((turn, waiting));
            done
        };
        blocking::run(work).await
    }
}

/// Refuses an invalid password, with the reason.
///
/// # Errors
/// When it is too short or too long.
pub fn check_password(password: &str) -> Result<(), AppError> {
    if password.chars().count() < MIN_PASSWORD {
        let message = format!("a password must have at least {MIN_PASSWORD} characters");
        return Err(AppError::invalid("password-too-short", message));
    }
    check_length(password)
}

/// Refuses a password that is longer than any stored one.
pub(in crate::app) fn check_length(password: &str) -> Result<(), AppError> {
    if password.len() <= MAX_PASSWORD {
        return Ok(());
    }
    let message = format!(
        "a password can have at most {MAX_PASSWORD} bytes; this one has {}",
        password.len()
    );
    Err(AppError::invalid("password-too-long", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_fit_into_the_queue_is_told_to_come_again() {
        let passwords = Passwords::new(1);
        let all: Vec<_> =
            (0..=WAITING).map(|_| passwords.waiting.clone().try_acquire_owned().unwrap()).collect();
        let refused = passwords.verify("x".into(), None).await.unwrap_err();
        assert_eq!((refused.code, refused.retry_after), ("busy", Some(RETRY_AFTER)));
        drop(all);
        assert!(!passwords.verify("x".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn every_byte_of_a_password_counts() {
        let passwords = Passwords::new(1);
        let long = "x".repeat(MAX_PASSWORD);
        let hash = passwords.hash(long.clone()).await.unwrap();
        assert!(passwords.verify(long.clone(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(long[1..].to_owned(), Some(hash)).await.unwrap());
        assert_eq!(check_password(&format!("{long}x")).unwrap_err().code, "password-too-long");
        assert_eq!(check_password("short").unwrap_err().code, "password-too-short");
    }
}
