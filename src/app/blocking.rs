//! Work that takes the processor for long, on threads beside the ones that answer requests: whatever somebody sends,
//! the probes and everybody else are answered meanwhile.

use super::error::AppError;
use tokio::task::spawn_blocking;

/// Above so many bytes reading or writing may take long enough for other requests to notice. Compressed, they may be 500
/// times more.
pub const LARGE: usize = 16 << 10;

/// Does `work` beside the requests.
///
/// # Errors
/// When it panics, or the service ends.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    spawn_blocking(work).await.map_err(AppError::failed)
}

/// Does `work` on `size` bytes: at once where they are few, as handing it over costs more than that.
///
/// # Errors
/// As [`run`].
pub async fn run_if_large<T: Send + 'static>(
    size: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AppError> {
    if size > LARGE { run(work).await } else { Ok(work()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_large_is_handed_over() {
        let here = std::thread::current().id();
        let place = || std::thread::current().id();
        assert_ne!(run(place).await.unwrap(), here);
        assert_eq!(run_if_large(LARGE, place).await.unwrap(), here);
        assert_ne!(run_if_large(LARGE + 1, place).await.unwrap(), here);
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error() {
        assert!(run(|| -> u8 { panic!("on purpose") }).await.is_err());
    }
}
