//! Passwords: hashed and checked with argon2, a few at a time, as each takes 19 MiB and a core.

use super::{
    blocking,
    error::{AppError, Kind},
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
/// How many wait for each check that may run; further ones are told to come again.
const WAITING: usize = 16;
/// How long one waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// When one that was told so may come again, in seconds.
const RETRY_AFTER: u32 = 2;

/// The hash of a password that nobody has, to compare with when a name is unknown.
const UNKNOWN: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8";

/// Hashes and checks passwords.
#[derive(Debug)]
pub(super) struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Passwords {
    /// With so many checks at once.
    pub(super) fn new(at_once: u64) -> Self {
        let at_once = usize::try_from(at_once).unwrap_or(usize::MAX).clamp(1, 1_024);
        Self { running: Arc::new(Semaphore::new(at_once)), waiting: Arc::new(Semaphore::new(at_once * (1 + WAITING))) }
    }

    /// The hash of a password, as a PHC string.
    pub(super) async fn hash(&self, password: String) -> Result<String, AppError> {
        let work = move || Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string());
        self.run(work).await?.map_err(|e| AppError::broken(e.to_string()))
    }

    /// Whether a password is the one of that hash; without a hash it is not, and takes as long.
    pub(super) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, AppError> {
        let work = move || {
            let hash = stored.as_deref().unwrap_or(UNKNOWN);
            let parsed = PasswordHash::new(hash).map_err(|e| AppError::broken(e.to_string()))?;
            let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
            Ok(matches && stored.is_some())
        };
        self.run(work).await?
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
        let busy = || {
            let message = "too many people sign in at this moment; try again in a moment";
            AppError::new(Kind::Failed, "busy", message).retry_after(RETRY_AFTER)
        };
        let waiting = self.waiting.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = tokio::time::timeout(PATIENCE, self.running.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(AppError::failed)?;
        // The work goes on when the caller is gone, so its place is taken until it ends.
        let work = move || {
            let done = work();
            drop((turn, waiting));
            done
        };
        blocking::run(work).await
    }
}

/// Refuses what cannot be a password, saying why.
///
/// # Errors
/// When it is too short or too long.
pub fn check_password(password: &str) -> Result<(), AppError> {
    if password.chars().count() < MIN_PASSWORD {
        let message = format!("a password has at least {MIN_PASSWORD} characters");
        return Err(AppError::invalid("password-too-short", message));
    }
    check_length(password)
}

/// Refuses a password that is too long to be one of ours.
pub(super) fn check_length(password: &str) -> Result<(), AppError> {
    if password.len() <= MAX_PASSWORD {
        return Ok(());
    }
    let message = format!("a password has at most {MAX_PASSWORD} bytes; this one has {}", password.len());
    Err(AppError::invalid("password-too-long", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_fit_into_the_queue_is_told_to_come_again() {
        let passwords = Passwords::new(1);
        let all: Vec<_> = (0..=WAITING).map(|_| passwords.waiting.clone().try_acquire_owned().unwrap()).collect();
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
