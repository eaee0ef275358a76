//! What commands print: results to stdout, everything else to stderr. Colour only on a terminal.
//!
//! If stdout does not accept the whole result, the command fails, whichever command it is: the
//! first error is kept here, and every command asks for it at its end (`finish`). A closed pipe is
//! the reader's choice (`modelgate … | head`) and not a failure, unless the printed text exists
//! nowhere else (`delivered`).

use super::exit::Failure;
use crate::app::core::env::Env;
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

/// Whether messages to people are one JSON object per line.
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

/// Prints one line, or several, of a result to stdout. Escape sequences of a style are dropped if
/// stdout is not a terminal.
pub fn line(text: &str) {
    raw(&format!("{text}\n"));
}

/// Prints text to stdout without a line break.
pub fn raw(text: &str) {
    if AutoStream::choice(&io::stdout()) == ColorChoice::Never {
        bytes(anstream::adapter::strip_str(text).to_string().as_bytes());
    } else {
        bytes(text.as_bytes());
    }
}

/// Writes a piece of a document to stdout, unchanged. Returns false once stdout accepts no more:
/// the rest need not be produced.
pub fn bytes(piece: &[u8]) -> bool {
    stdout().write(piece)
}

/// Checks that stdout accepted everything that was printed.
///
/// # Errors
/// When it did not, except if the reader closed the pipe.
pub fn finish() -> Result<(), Failure> {
    stdout().ended(true)
}

/// Checks that the printed text reached a reader: for text that is printed once and kept nowhere.
///
/// # Errors
/// When stdout did not accept everything, for any reason.
pub fn delivered() -> Result<(), Failure> {
    stdout().ended(false)
}

/// Stdout without a buffer, so that an error belongs to the text just printed, and through a handle
/// of our own, because the standard library treats a stdout that is not open for writing as one
/// that accepts everything.
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
                // The parent process shares a non-blocking pipe: we wait and try again.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_millis(5));
                }
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

    /// Some file systems accept bytes and report only later that they could not store them.
    fn settle(&mut self) {
        let Some(file) = self.file.as_ref().filter(|_| self.failed.is_none()) else { return };
        if file.metadata().is_ok_and(|m| m.is_file()) {
            let kept = file.sync_data();
            self.failed = kept
                .err()
                .filter(|e| !matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported));
        }
    }

    fn ended(&mut self, may_close: bool) -> Result<(), Failure> {
        self.settle();
        match &self.failed {
            Some(error) if !(may_close && error.kind() == ErrorKind::BrokenPipe) => {
                let message = format!("stdout did not accept the whole result: {error}");
                Err(Failure::service("output", message))
            }
            _ => Ok(()),
        }
    }
}

/// From here on, [`note`] writes one JSON object per line, as the log does: a parser of the log
/// would fail on anything else.
pub fn notes_as_json() {
    AS_JSON.store(true, Ordering::Relaxed);
}

/// Prints a message to the user, on stderr.
pub fn note(text: &str) {
    if AS_JSON.load(Ordering::Relaxed) {
        let _ = writeln!(anstream::stderr().lock(), "{}", json_line(text, None));
    } else {
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }
}

/// Prints why the command failed, on stderr.
pub fn failure(failure: &Failure) {
    let text = failure.message.as_str();
    let prefix =
        if text.starts_with("error") || text.starts_with('\u{1b}') { "" } else { "error: " };
    let text = format!("{prefix}{text}");
    if AS_JSON.load(Ordering::Relaxed) {
        let _ = writeln!(anstream::stderr().lock(), "{}", json_line(&text, Some(&failure.code)));
    } else {
        note(&text);
    }
}

/// A message as a line of the log; its prefix gives the level.
fn json_line(text: &str, code: Option<&str>) -> serde_json::Value {
    let text = anstream::adapter::strip_str(text).to_string();
    let levels = [("error: ", "ERROR"), ("warning: ", "WARN"), ("", "INFO")];
    let found = levels
        .iter()
        .find_map(|(prefix, level)| text.strip_prefix(prefix).map(|rest| (rest, *level)));
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

/// Lists files of archives that no format recognises.
pub fn left_out(names: &[String]) {
    for name in names {
        note(&format!("not read: {}: no format recognises it", plain(name)));
    }
}

/// Prints the warnings of the readers of evidence.
pub fn warnings(warnings: &[String]) {
    for warning in warnings {
        note(&format!("warning: {}", plain(warning)));
    }
}

/// Prints a message in place of the terminal's current line.
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
