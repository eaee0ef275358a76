//! What commands print: results to stdout, everything else to stderr. Colour only on a terminal.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where a command prints")]

use super::exit::Failure;
use crate::app::env::Env;
use serde::Serialize;
use std::{
    io::Write as _,
    sync::atomic::{AtomicBool, Ordering},
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
/// reads them. A closed pipe is no error: `modelgate … | head` must end well.
pub fn line(text: &str) {
    let _ = writeln!(anstream::stdout().lock(), "{text}");
}

/// Prints text without a line's end to stdout.
pub fn raw(text: &str) {
    let _ = write!(anstream::stdout().lock(), "{text}");
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
