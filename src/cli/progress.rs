//! The progress of long work: a line that is rewritten on a terminal, a line per minute elsewhere.

use super::output;
use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

/// Work on fewer bytes ends before its progress could be read.
const SMALL: u64 = 8 << 20;
/// How often a log, whose lines cannot be rewritten, gets a line.
const SPARSE: Duration = Duration::from_mins(1);

/// The progress of work on a number of bytes.
pub struct Progress {
    what: String,
    size: u64,
    done: u64,
    terminal: bool,
    told: u64,
    at: Instant,
}

impl Progress {
    /// The progress of `what`, such as `uploading p.csv`, on `size` bytes.
    #[expect(clippy::disallowed_methods, reason = "how long work takes is not part of any verdict")]
    pub fn new(what: &str, size: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { what: what.to_owned(), size, done: 0, terminal, told: 0, at: Instant::now() }
    }

    /// Records that `bytes` more bytes are done.
    #[expect(clippy::disallowed_methods, reason = "how long work takes is not part of any verdict")]
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

    /// Ends the progress: the next message begins on a new line.
    pub fn end(&mut self) {
        if self.terminal && self.told > 0 {
            self.told = 0;
            output::note("");
        }
    }
}
