//! What commands print: results to stdout, everything else to stderr. Colour only on a terminal.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where a command prints")]

use super::exit::Failure;
use serde::Serialize;
use std::io::Write as _;

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
/// reads them. A closed pipe is no error: `modelgate … | head` must end well.
pub fn line(text: &str) {
    let _ = writeln!(anstream::stdout().lock(), "{text}");
}

/// Prints text without a line's end to stdout.
pub fn raw(text: &str) {
    let _ = write!(anstream::stdout().lock(), "{text}");
}

/// Says something to the person at the terminal, on stderr.
pub fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
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
