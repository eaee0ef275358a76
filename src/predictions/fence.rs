//! A fence around the crates that read Parquet and Arrow: a panic on damaged bytes becomes an error.
//! What aborts the process is not caught, namely a stack that overflows and memory that cannot be
//! allocated. So depths, sizes and counts are checked before a crate sees them.

use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Runs code of a crate. Whatever it has changed when it panics must not be used again.
pub(super) fn fenced<T, E: Display>(run: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its bytes contradict each other".to_owned()),
    }
}
