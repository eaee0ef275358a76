//! How far long work is: a line that is rewritten on a terminal, a line a minute elsewhere.

use super::output;
use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

/// Work on less is done before it could be read how far it is.
const SMALL: u64 = 8 << 20;
/// How often a log that nothing rewrites is told.
const SPARSE: Duration = Duration::from_mins(1);

/// How far the work on so many bytes is.
pub struct Progress {
    what: String,
    size: u64,
    done: u64,
    terminal: bool,
    told: u64,
    at: Instant,
}

impl Progress {
    /// `what` is done on `size` bytes, such as `uploading p.csv`.
    #[allow(clippy::disallowed_methods, reason = "how long work takes is no part of any verdict")]
    pub fn new(what: &str, size: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { what: what.to_owned(), size, done: 0, terminal, told: 0, at: Instant::now() }
    }

    /// So many more bytes are done.
    #[allow(clippy::disallowed_methods, reason = "how long work takes is no part of any verdict")]
    pub fn more(&mut self, bytes: usize) {
        self.done += bytes as u64;
        if self.size <= SMALL {
            return;
        }
        let percent = self.done.saturating_mul(100) / self.size;
        let line = format!("{}: {percent}% of {} MiB", self.what, self.size >> 20);
        if self.terminal && percent > self.told {
            self.told = percent;
            output::note_over(&line);
        } else if !self.terminal && self.at.elapsed() >= SPARSE {
            self.at = Instant::now();
            output::note(&line);
        }
    }

    /// It is done, or ended otherwise: what is said next begins on a line of its own.
    pub fn end(&mut self) {
        if self.terminal && self.told > 0 {
            self.told = 0;
            output::note("");
        }
    }
}
