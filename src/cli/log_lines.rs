//! Lines of the log: each event is one line of plain text of bounded length, whatever clients put
//! into it.

use std::io::{self, Write};

/// The longest line, in bytes.
const MAX_LINE: usize = 8 << 10;

/// Standard error, for lines of the log.
pub(super) fn plain_stderr() -> OneLine<io::Stderr> {
    OneLine(io::stderr())
}

/// Writes each event as one line.
pub(super) struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    /// One call is one event, which ends with a line break.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(&one_line(event))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The event with its control characters escaped, cut if it is too long. Colours, which only
/// modelgate writes, are kept.
fn one_line(event: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(event.strip_suffix(b"\n").unwrap_or(event));
    let mut line = String::with_capacity(text.len() + 1);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if line.len() >= MAX_LINE {
            line.push('…');
            break;
        }
        match c {
            '\u{1b}' => match colour(rest.as_str()) {
                Some(length) => {
                    line.push(c);
                    line.extend(rest.by_ref().take(length));
                }
                None => line.extend(c.escape_default()),
            },
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                line.extend(c.escape_default());
            }
            c => line.push(c),
        }
    }
    line.push('\n');
    line.into_bytes()
}

/// How many characters after an escape make it a colour: `[`, digits and semicolons, `m`.
fn colour(rest: &str) -> Option<usize> {
    let codes = rest.strip_prefix('[')?;
    let length = codes.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    (codes.as_bytes().get(length) == Some(&b'm')).then_some(length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let line = |text: &str| String::from_utf8(one_line(text.as_bytes())).unwrap();
        assert_eq!(line("a user=\"x\"\n"), "a user=\"x\"\n");
        assert_eq!(line("a\nINFO forged\r\n\0\n"), "a\\nINFO forged\\r\\n\\u{0}\n");
        assert_eq!(
            line("\u{1b}[2mdim\u{1b}[0m \u{1b}[2J\u{1b}]0;title\u{7}\n"),
            "\u{1b}[2mdim\u{1b}[0m \\u{1b}[2J\\u{1b}]0;title\\u{7}\n"
        );
        let long = line(&"x".repeat(100_000));
        assert!(long.len() < MAX_LINE + 10 && long.ends_with("…\n"));
    }
}
