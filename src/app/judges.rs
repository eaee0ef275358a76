//! Where verdicts are computed: on threads beside the requests, and only so many at once. However long one takes, the
//! service answers others meanwhile.

use super::{blocking, error::AppError};
use std::{num::NonZero, sync::Arc, thread::available_parallelism};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Verdicts at once, beside one for each processor: one that takes long must not hold up all others.
const SPARE: usize = 2;

/// The places at which verdicts are computed.
#[derive(Debug, Clone)]
pub struct Judges {
    seats: Arc<Semaphore>,
    all: u32,
}

impl Default for Judges {
    fn default() -> Self {
        let seats = available_parallelism().map_or(1, NonZero::get) + SPARE;
        Self { seats: Arc::new(Semaphore::new(seats)), all: u32::try_from(seats).unwrap_or(u32::MAX) }
    }
}

impl Judges {
    /// Does `work` on a thread of its own, as soon as there is a place.
    ///
    /// # Errors
    /// When it panics, or the service ends.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
        let seat = self.seats.clone().acquire_owned().await.map_err(AppError::failed)?;
        let seated = move || {
            // Whoever asked may be gone: the place is taken until the work ends.
            let _seat = seat;
            work()
        };
        blocking::run(seated).await
    }

    /// Takes every place, as work that does not end would, until it is dropped.
    ///
    /// # Errors
    /// When the service ends.
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
