//! The computation of verdicts: on blocking threads, and only a limited number at once. However
//! long one takes, the service answers other requests meanwhile.

use crate::app::{core::blocking, core::error::AppError};
use std::{num::NonZero, sync::Arc, thread::available_parallelism};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many verdicts may be computed at once, in addition to one for each processor, so that a slow
/// one does not delay all others.
const SPARE: usize = 2;

/// The permits to compute a verdict.
#[derive(Debug, Clone)]
pub struct Judges {
    seats: Arc<Semaphore>,
    all: u32,
}

impl Default for Judges {
    fn default() -> Self {
        let seats = available_parallelism().map_or(1, NonZero::get) + SPARE;
        Self {
            seats: Arc::new(Semaphore::new(seats)),
            all: u32::try_from(seats).unwrap_or(u32::MAX),
        }
    }
}

impl Judges {
    /// Runs `work` on a blocking thread, as soon as a permit is free.
    ///
    /// # Errors
    /// When it panics, or the service is stopping.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let seat = self.seats.clone().acquire_owned().await.map_err(AppError::failed)?;
        let seated = move || {
            // The caller may be gone, but the permit is held until the work ends.
            let _seat = seat;
            work()
        };
        blocking::run(seated).await
    }

    /// Takes every permit, as work that never ends would, until the result is dropped.
    ///
    /// # Errors
    /// When the service is stopping.
    pub async fn hold(&self) -> Result<OwnedSemaphorePermit, AppError> {
        self.seats.clone().acquire_many_owned(self.all).await.map_err(AppError::failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_beside_the_requests() {
        let judges = Judges::default();
        let here = std::thread::current().id();
        assert_ne!(judges.run(|| std::thread::current().id()).await.unwrap(), here);
        let held = judges.hold().await.unwrap();
        let waiting = tokio::spawn({
            let judges = judges.clone();
            async move { judges.run(|| 7).await.unwrap() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        assert_eq!(waiting.await.unwrap(), 7);
    }
}
