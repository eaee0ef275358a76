//! What commands print: results to stdout, everything else to stderr. Colour only on a terminal.
//!
//! A result that stdout did not take whole is a failure of the command, whichever command it is: the first error is kept
//! here, and the end of every command asks for it (`finish`). A closed pipe is the reader's choice (`modelgate … | head`)
//! and ends well, except where what was printed exists nowhere else (`delivered`).
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where a command prints")]

use super::exit::Failure;
use crate::app::env::Env;
use anstream::{AutoStream, ColorChoice};
use serde::Serialize;
use std::{
    fs::File,
    io::{self, ErrorKind, Write as _},
    os::fd::AsFd as _,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Whether what is said to people is one JSON object a line.
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// How a command prints its result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// Exactly one JSON document.
    Json,
}

/// Prints `value` as the one JSON document of this command.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::service("output", e))?;
    line(&text);
    Ok(())
}

/// Prints one line, or several, of a result to stdout. Escape sequences of a style are dropped where no terminal
/// reads them.
pub fn line(text: &str) {
    raw(&format!("{text}\n"));
}

/// Prints text without a line's end to stdout.
pub fn raw(text: &str) {
    if AutoStream::choice(&io::stdout()) == ColorChoice::Never {
        bytes(anstream::adapter::strip_str(text).to_string().as_bytes());
    } else {
        bytes(text.as_bytes());
    }
}

/// Writes a piece of a document to stdout, as it is. False once stdout takes no more: what follows need not be made.
pub fn bytes(piece: &[u8]) -> bool {
    stdout().write(piece)
}

/// That stdout took everything that was printed.
///
/// # Errors
/// When it did not, but for a reader that had read enough.
pub fn finish() -> Result<(), Failure> {
    stdout().ended(true)
}

/// That what was printed has a reader: for what is printed once and kept nowhere.
///
/// # Errors
/// When stdout did not take everything, whatever the reason.
pub fn delivered() -> Result<(), Failure> {
    stdout().ended(false)
}

/// Stdout without a buffer, so that an error belongs to what was printed, and by a handle of our own, as the standard
/// library takes a stdout that is not open for writing for one that took everything.
struct Stdout {
    file: Option<File>,
    failed: Option<io::Error>,
}

static STDOUT: Mutex<Stdout> = Mutex::new(Stdout { file: None, failed: None });

fn stdout() -> MutexGuard<'static, Stdout> {
    STDOUT.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stdout {
    fn write(&mut self, piece: &[u8]) -> bool {
        if self.failed.is_none() {
            self.failed = self.try_write(piece).err();
        }
        self.failed.is_none()
    }

    fn try_write(&mut self, mut piece: &[u8]) -> io::Result<()> {
        let mut file = self.open()?;
        while !piece.is_empty() {
            match file.write(piece) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => piece = piece.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Whoever started us shares a pipe that does not wait: we do.
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(5)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn open(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            self.file = Some(File::from(io::stdout().as_fd().try_clone_to_owned()?));
        }
        self.file.as_ref().ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Some file systems take bytes and tell only later that they could not keep them.
    fn settle(&mut self) {
        let Some(file) = self.file.as_ref().filter(|_| self.failed.is_none()) else { return };
        if file.metadata().is_ok_and(|m| m.is_file()) {
            let kept = file.sync_data();
            self.failed = kept.err().filter(|e| !matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported));
        }
    }

    fn ended(&mut self, may_close: bool) -> Result<(), Failure> {
        self.settle();
        match &self.failed {
            Some(error) if !(may_close && error.kind() == ErrorKind::BrokenPipe) => {
                let message = format!("stdout did not take the whole result: {error}");
                Err(Failure::service("output", message))
            }
            _ => Ok(()),
        }
    }
}

/// From here on, [`note`] writes one JSON object a line, as the log does: what reads it would trip over anything else.
pub fn notes_as_json() {
    AS_JSON.store(true, Ordering::Relaxed);
}

/// Says something to the person at the terminal, on stderr.
pub fn note(text: &str) {
    if AS_JSON.load(Ordering::Relaxed) {
        let _ = writeln!(anstream::stderr().lock(), "{}", json_line(text, None));
    } else {
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }
}

/// Says why the command failed, on stderr.
pub fn failure(failure: &Failure) {
    let text = failure.message.as_str();
    let prefix = if text.starts_with("error") || text.starts_with('\u{1b}') { "" } else { "error: " };
    let text = format!("{prefix}{text}");
    if AS_JSON.load(Ordering::Relaxed) {
        let _ = writeln!(anstream::stderr().lock(), "{}", json_line(&text, Some(&failure.code)));
    } else {
        note(&text);
    }
}

/// What was said as a line of the log; how it begins tells its level.
fn json_line(text: &str, code: Option<&str>) -> serde_json::Value {
    let text = anstream::adapter::strip_str(text).to_string();
    let levels = [("error: ", "ERROR"), ("warning: ", "WARN"), ("", "INFO")];
    let found = levels.iter().find_map(|(prefix, level)| text.strip_prefix(prefix).map(|rest| (rest, *level)));
    let (message, level) = found.unwrap_or((&text, "INFO"));
    let timestamp = Env::default().now();
    let mut line = serde_json::json!({
        "timestamp": timestamp, "level": level, "message": message.trim_end(), "target": "modelgate",
    });
    if let (Some(code), Some(fields)) = (code, line.as_object_mut()) {
        fields.insert("code".into(), code.into());
    }
    line
}

/// Names files of archives that no format recognises.
pub fn left_out(names: &[String]) {
    for name in names {
        note(&format!("not read: {}: no format recognises it", plain(name)));
    }
}

/// Says what the readers of evidence warn of.
pub fn warnings(warnings: &[String]) {
    for warning in warnings {
        note(&format!("warning: {}", plain(warning)));
    }
}

/// Says something in place of what stands on the terminal's line.
pub fn note_over(text: &str) {
    if AS_JSON.load(Ordering::Relaxed) {
        return;
    }
    let mut to = anstream::stderr().lock();
    let _ = write!(to, "\r\x1b[K{text}");
    let _ = to.flush();
}

/// User text as it may be shown on a terminal: control characters are escaped, so that data cannot move the cursor
/// or recolour the screen.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}
