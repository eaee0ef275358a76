//! A fence around the crates that read Parquet and Arrow: a panic on damaged bytes becomes an error.
//! What aborts the process is not caught, namely a stack that overflows and memory that cannot be
//! allocated. So depths, sizes and counts are checked before a crate sees them.

use std::{
    cell::Cell,
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread runs code of a crate whose panics become errors. The hook that reports panics
/// asks this, so that a damaged file is refused with one message and without a trace.
pub fn is_fenced() -> bool {
    INSIDE.get()
}

/// Runs code of a crate. Whatever it has changed when it panics must not be used again.
pub(super) fn fenced<T, E: Display>(run: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    let before = INSIDE.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    INSIDE.set(before);
    match result {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its bytes contradict each other".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_is_known_to_be_fenced_while_it_is_reported() {
        struct Seen<'s>(&'s Cell<bool>);
        impl Drop for Seen<'_> {
            fn drop(&mut self) {
                self.0.set(is_fenced());
            }
        }
        let seen = Cell::new(false);
        let result = fenced(|| {
            let _seen = Seen(&seen);
            fenced(|| Ok::<_, String>(())).unwrap();
            if is_fenced() { panic!("inside") } else { Err::<(), _>("not inside") }
        });
        assert_eq!(result, Err("its bytes contradict each other".to_owned()));
        assert!(seen.get() && !is_fenced());
    }
}
