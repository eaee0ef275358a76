//! Work that needs the processor for long, on blocking threads: the threads that answer requests
//! stay free, so that one caller cannot delay the health probes or other callers.

use crate::app::core::error::AppError;
use tokio::task::spawn_blocking;

/// Above this many bytes, reading or writing may take long enough for other requests to notice.
/// Compressed bytes may expand to 500 times as many.
pub const LARGE: usize = 16 << 10;

/// Runs `work` on a blocking thread.
///
/// # Errors
/// When it panics, or the service is stopping.
pub async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AppError> {
    spawn_blocking(work).await.map_err(AppError::failed)
}

/// Runs `work` on `size` bytes, on a blocking thread if there are more than [`LARGE`]. Few bytes
/// are worked on at once, because handing them over costs more.
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
