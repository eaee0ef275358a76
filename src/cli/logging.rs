//! How the service logs: lines for people, or one JSON object per line and nothing else on stderr.

use super::{client::variable, log_lines, output};
use crate::app::offline::compute::is_fenced;
use std::panic;
use tracing_subscriber::EnvFilter;

/// The variable that filters log lines.
const FILTER: &str = "MODELGATE_LOG";
/// The variable for `--log-format`.
pub(super) const FORMAT: &str = "MODELGATE_LOG_FORMAT";

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line; every other message of the service is one, too.
    Json,
}

/// Lets panics be reported as before, except those that become the refusal of a damaged file.
pub(super) fn report_panics() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !is_fenced() {
            before(info);
        }
    }));
}

/// Log lines go to stderr; `MODELGATE_LOG` filters them (`warn`, `modelgate=debug`, …).
pub(super) fn start(format: LogFormat) {
    if format == LogFormat::Json {
        output::notes_as_json();
        // A caught panic is still reported, and by default as text.
        panic::set_hook(Box::new(|info| {
            if !is_fenced() {
                output::note(&format!("error: {info}"));
            }
        }));
    }
    let filter = match variable(FILTER).map(|text| EnvFilter::try_new(&text).map_err(|e| (text, e)))
    {
        Some(Ok(filter)) => filter,
        Some(Err((text, error))) => {
            let text = output::plain(&text);
            output::note(&format!(
                "warning: `{FILTER}` is `{text}`, which is not a filter ({error}); `info` is used instead"
            ));
            EnvFilter::new("info")
        }
        None => EnvFilter::new("info"),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter);
    // If a process sets a second subscriber (the demo does), the first one stays.
    let _ = match format {
        LogFormat::Json => lines.with_writer(std::io::stderr).json().flatten_event(true).try_init(),
        LogFormat::Text => {
            let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with_writer(log_lines::plain_stderr).with_ansi(ansi).try_init()
        }
    };
}

/// Whether these words, which may not be a valid command line, ask a service for JSON lines.
pub(super) fn asks_for_json(words: &[&str]) -> bool {
    let named = words.contains(&"--log-format=json")
        || words.windows(2).any(|w| w == ["--log-format", "json"]);
    let otherwise = words.iter().any(|word| word.starts_with("--log-format"));
    let set = || !otherwise && variable(FORMAT).is_some_and(|format| format == "json");
    words.get(1) == Some(&"serve") && (named || set())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Set for the process that panics.
    const PANICS: &str = "PANICS_AMONG_JSON_LINES";

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the test finds out in which of two processes it runs"
    )]
    fn a_panic_is_a_json_line_among_others() {
        if std::env::var(PANICS).is_ok() {
            start(LogFormat::Json);
            assert!(std::thread::spawn(|| panic!("two\nlines")).join().is_err());
            return;
        }
        let this = "cli::logging::tests::a_panic_is_a_json_line_among_others";
        let mut command = Command::new(std::env::current_exe().unwrap());
        let done =
            command.args(["--exact", this, "--nocapture"]).env(PANICS, "1").output().unwrap();
        let told = String::from_utf8(done.stderr).unwrap();
        let lines: Vec<serde_json::Value> =
            told.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        let panic = lines.iter().find(|line| line["level"] == "ERROR").expect(&told);
        assert!(panic["message"].as_str().unwrap().contains("two\nlines"), "{panic}");
    }

    #[test]
    fn a_call_that_does_not_parse_may_still_ask_for_json() {
        assert!(asks_for_json(&["modelgate", "serve", "--log-format", "json", "--nonsense"]));
        assert!(asks_for_json(&["modelgate", "serve", "--log-format=json"]));
        assert!(!asks_for_json(&["modelgate", "serve", "--log-format", "text"]));
        assert!(!asks_for_json(&["modelgate", "gate", "--comment", "--log-format", "json"]));
    }
}
